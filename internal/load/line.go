package load

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// answerBound is how long a sender waits for an answer: as long as the senders that
// the service is made for.
const answerBound = 3 * time.Second

// maxAnswer is the most bytes of an answer that are read.
const maxAnswer = 64 << 10

// Target is where webhooks go: HOST:PORT and the path with the source's token.
type Target struct {
	Addr string
	Path string
}

// line is one connection that is kept from signal to signal.
type line struct {
	target Target
	conn   net.Conn
	reader *bufio.Reader
	out    []byte
}

// post sends a signal and returns the answer's status. After an error the
// connection is given up, and the next signal opens another.
func (l *line) post(ctx context.Context, body []byte) (int, error) {
	if l.conn == nil {
		var dialer net.Dialer
		dialing, cancel := context.WithTimeout(ctx, answerBound)
		conn, err := dialer.DialContext(dialing, "tcp", l.target.Addr)
		cancel()
		if err != nil {
			return 0, fmt.Errorf("connect: %w", err)
		}
		l.conn, l.reader = conn, bufio.NewReader(conn)
	}
	code, err := l.exchange(body)
	if err != nil {
		l.close()
	}
	return code, err
}

func (l *line) exchange(body []byte) (int, error) {
	if err := l.conn.SetDeadline(time.Now().Add(answerBound)); err != nil {
		return 0, err
	}
	l.out = fmt.Appendf(l.out[:0], "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n"+
		"Content-Length: %d\r\n\r\n", l.target.Path, l.target.Addr, len(body))
	l.out = append(l.out, body...)
	if _, err := l.conn.Write(l.out); err != nil {
		return 0, fmt.Errorf("send: %w", err)
	}
	response, err := http.ReadResponse(l.reader, nil)
	if err != nil {
		return 0, fmt.Errorf("read answer: %w", err)
	}
	_, err = io.Copy(io.Discard, io.LimitReader(response.Body, maxAnswer))
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return 0, fmt.Errorf("read answer: %w", err)
	}
	if response.Close {
		l.close()
	}
	return response.StatusCode, nil
}

func (l *line) close() {
	if l.conn != nil {
		l.conn.Close()
		l.conn = nil
	}
}
