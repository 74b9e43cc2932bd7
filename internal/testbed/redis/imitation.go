package redis

import (
	"context"
	"net"
	"strconv"

	"github.com/alicebob/miniredis/v2"
)

// imitation is miniredis inside this process. It keeps its data over a crash as a server of the same options
// would.
type imitation struct {
	appendOnly bool
	server     *miniredis.Miniredis
	up         bool
}

func (m *imitation) kind() string    { return "miniredis" }
func (m *imitation) pid() int        { return 0 }
func (m *imitation) running() bool   { return m.up }
func (m *imitation) logPath() string { return "" }
func (m *imitation) remove() error   { return nil }

func (m *imitation) start(_ context.Context, port int) error {
	if m.server == nil {
		m.server = miniredis.NewMiniRedis()
		// Its keys would otherwise never expire.
		m.server.ClockTTL(true)
	}
	if err := m.server.StartAddr(net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err != nil {
		return err
	}
	m.up = true
	return nil
}

func (m *imitation) stop(context.Context) error { return m.kill() }

func (m *imitation) kill() error {
	if !m.up {
		return nil
	}
	m.up = false
	m.server.Close()
	if !m.appendOnly {
		m.server = nil
	}
	return nil
}
