package doctor

import (
	"crypto/tls"
	"net"

	"github.com/jackc/pgx/v5"

	"fencepost/internal/access"
)

// Node is the server that answered.
type Node struct {
	// Addr is where it was reached; empty if that is not known.
	Addr string
	// Encrypted says that the connection was. Local says that it left this machine
	// only if something forwards it from there.
	Encrypted, Local bool
}

// postgresNode is the server at the other end.
func postgresNode(conn *pgx.Conn) Node {
	raw := conn.PgConn().Conn()
	_, encrypted := raw.(*tls.Conn)
	return Node{Addr: raw.RemoteAddr().String(), Encrypted: encrypted, Local: isLocal(raw.RemoteAddr())}
}

// isLocal reports whether the address is this machine's own.
func isLocal(addr net.Addr) bool {
	tcp, ok := addr.(*net.TCPAddr)
	return !ok || tcp.IP.IsLoopback()
}

// redisNode is the server that was asked.
func redisNode(where *access.Redis) Node {
	n := Node{Addr: where.Addr, Encrypted: where.Encrypted}
	if host, _, err := net.SplitHostPort(where.Addr); err == nil {
		n.Local = host == "localhost" || net.ParseIP(host).IsLoopback()
	}
	return n
}

// judge says which server it is and who can listen.
func (n *Node) judge(l *list, store string) {
	if n.Addr == "" {
		return
	}
	l.ok(store+".node", n.Addr, "the server that answered")
	switch {
	case n.Encrypted:
		l.ok(store+".tls", "on", "encrypted, and the server's certificate was verified as configured")
	case n.Local:
		l.ok(store+".tls", "off", "the connection does not leave this machine")
	default:
		l.warn(store+".tls", "off", "whoever stands in between reads the password and what is written",
			"set "+store+".tls_ca_file"+map[string]string{"redis": " and redis.tls"}[store])
	}
}
