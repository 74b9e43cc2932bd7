// Package guard turns what goes wrong in the middle of one run into that run's own
// crash: a campaign of a night must not end with its first panic.
package guard
