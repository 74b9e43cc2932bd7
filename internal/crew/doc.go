// Package crew spreads jobs over the machine's cores, for packages that have no
// goroutine of their own.
package crew
