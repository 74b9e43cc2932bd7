// Package debian finds programs that a test needs: on the machine, else in the
// packages of a Debian, which it fetches without installing them. Any user can,
// and the machine stays as it was.
package debian
