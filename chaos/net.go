package chaos

import (
	"crypto/rand"
	"net"
	"strconv"

	"fencepost/internal/testbed/rundir"
)

// freeAddr returns an address that is a node's for as long as the run lasts, whether
// the node is up or down.
func (r *run) freeAddr() (string, error) {
	port, err := rundir.HoldPort()
	if err != nil {
		return "", err
	}
	r.ports = append(r.ports, port)
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port.Number())), nil
}

// secret makes a word that nobody guesses.
func secret() string { return rand.Text() + rand.Text() }
