// Package debian fetches programs that a test needs from the packages of a
// Debian, without installing them: any user can, and the machine stays as it was.
package debian
