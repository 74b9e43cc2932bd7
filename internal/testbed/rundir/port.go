package rundir

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
)

// Ports are chosen from firstPort upwards and below the range from which the kernel takes the local ports of
// outgoing connections. A port inside that range can be taken by a connection while its server is down; a
// client that dials such a port over and over in the end connects to itself, and the server cannot come
// back.
const firstPort = 15000

// portTries is how many ports are tried before FreePort gives up.
const portTries = 200

// FreePort returns a TCP port on 127.0.0.1 that nobody listens on and no outgoing connection will take.
// Another process may choose the same one before it is used, so a caller whose bind fails asks again.
func FreePort() (int, error) {
	last := firstEphemeral() - 1
	if last-firstPort < 100 {
		return 0, fmt.Errorf("no ports between %d and the kernel's own range at %d", firstPort, last+1)
	}
	var refused error
	for range portTries {
		port := firstPort + rand.IntN(last-firstPort+1)
		l, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			refused = err
			continue
		}
		return port, l.Close()
	}
	return 0, errors.Join(errors.New("no free port found"), refused)
}

// firstEphemeral returns the first port that the kernel gives to outgoing connections.
func firstEphemeral() int {
	text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		return 32768
	}
	fields := strings.Fields(string(text))
	if len(fields) != 2 {
		return 32768
	}
	first, err := strconv.Atoi(fields[0])
	if err != nil {
		return 32768
	}
	return first
}
