package chaos

import (
	"crypto/rand"
	"net"
	"strconv"

	"fencepost/internal/testbed/rundir"
)

// freeAddr returns an address that nobody listens on and that was not given away
// in this run. Nothing else keeps it free.
func (r *run) freeAddr() (string, error) {
	for {
		port, err := rundir.FreePort()
		if err != nil {
			return "", err
		}
		if !r.given[port] {
			r.given[port] = true
			return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), nil
		}
	}
}

// secret makes a word that nobody guesses.
func secret() string { return rand.Text() + rand.Text() }
