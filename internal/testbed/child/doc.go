// Package child starts programs as direct children that do not outlive this
// process, on ports that are free, and finds or builds the fencepost that they
// are.
package child
