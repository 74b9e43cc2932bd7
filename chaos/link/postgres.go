package link

import (
	"bytes"
	"encoding/binary"

	"fencepost/core"
	"fencepost/internal/identity"
)

// What a PostgreSQL connection may begin with, beside a version.
const (
	cancelRequest = 80877102
	sslRequest    = 80877103
	gssRequest    = 80877104
)

// The messages of PostgreSQL that matter here.
const (
	simpleQuery   = 'Q'
	parseMessage  = 'P'
	bindMessage   = 'B'
	syncMessage   = 'S'
	functionCall  = 'F'
	readyForQuery = 'Z'
	errorResponse = 'E'
	encryptionYes = 'S'
)

// statementName is how much of a prepared statement's name may stand before its
// text.
const statementName = 64

// bindLimit is how much of a statement's arguments is looked at.
const bindLimit = 1 << 10

// postgresRequests reads messages. A request is a simple query, or everything
// up to a Sync; its operation is the first mark in what it carries out, and its
// claim the first token among the arguments. What is only prepared is no request
// of any operation.
func postgresRequests(t *tape, c *calls) error {
	if err := postgresStartup(t, c); err != nil {
		return err
	}
	var next call
	known := statements{}
	for {
		kind, size, err := postgresMessage(t)
		if err != nil {
			return err
		}
		limit := statementName + markLimit
		if kind == bindMessage {
			limit = bindLimit
		}
		body, err := t.take(size, limit)
		if err != nil {
			return err
		}
		switch kind {
		case simpleQuery:
			c.asked(call{op: marked(body)})
		case parseMessage:
			known.add(body)
		case bindMessage:
			if next.op == core.NoOp {
				next.op = known.op(body)
			}
			if next.claim.IsZero() {
				next.claim = claimed(body)
			}
		case syncMessage, functionCall:
			c.asked(next)
			next = call{}
		default:
		}
	}
}

// statements are the operations of the statements that a connection has prepared,
// by the statements' names.
type statements map[string]core.Op

// mostStatements is how many are remembered: more than a client keeps.
const mostStatements = 4096

// add takes the beginning of a Parse message: a name, and the text.
func (s statements) add(parse []byte) {
	name, text, ok := bytes.Cut(parse, []byte{0})
	if ok && len(s) < mostStatements {
		s[string(name)] = marked(text)
	}
}

// op takes the beginning of a Bind message: the portal's name, and the statement's.
func (s statements) op(bind []byte) core.Op {
	_, rest, _ := bytes.Cut(bind, []byte{0})
	name, _, _ := bytes.Cut(rest, []byte{0})
	return s[string(name)]
}

// claimed returns the first of a statement's arguments that is a token.
func claimed(bind []byte) core.Token {
	for range 2 { // the names of the portal and the statement
		_, rest, ok := bytes.Cut(bind, []byte{0})
		if !ok {
			return core.Token{}
		}
		bind = rest
	}
	if len(bind) < 2 {
		return core.Token{}
	}
	formats := 2 + 2*int(binary.BigEndian.Uint16(bind))
	if len(bind) < formats+2 {
		return core.Token{}
	}
	count := int(binary.BigEndian.Uint16(bind[formats:]))
	bind = bind[formats+2:]
	for range count {
		if len(bind) < 4 {
			break
		}
		size := max(0, int(int32(binary.BigEndian.Uint32(bind))))
		bind = bind[4:]
		if size > len(bind) {
			break
		}
		if _, token, err := identity.Parse(string(bind[:size])); err == nil {
			return token
		}
		bind = bind[size:]
	}
	return core.Token{}
}

// postgresStartup reads how the connection begins.
func postgresStartup(t *tape, c *calls) error {
	for {
		head, err := t.take(8, 8)
		if err != nil {
			return err
		}
		size, code := int64(binary.BigEndian.Uint32(head)), binary.BigEndian.Uint32(head[4:])
		if size < 8 || size > 10_000 {
			return errGarbled
		}
		if err := t.skip(size - 8); err != nil {
			return err
		}
		switch code {
		case sslRequest, gssRequest:
			c.asked(call{shape: oneByte})
		case cancelRequest:
			return t.rest()
		default:
			c.asked(call{})
			return nil
		}
	}
}

// postgresReplies reads messages. A reply ends with ReadyForQuery, which the
// server sends after it has committed.
func postgresReplies(t *tape, c *calls) error {
	begun := false
	for {
		if err := t.await(); err != nil {
			return err
		}
		if !begun {
			asked, known, err := c.begin(t)
			switch {
			case err != nil:
				return err
			case asked.shape != oneByte:
				begun = known
			default:
				if err := postgresEncryption(t, c); err != nil {
					return err
				}
				continue
			}
		}
		kind, size, err := postgresMessage(t)
		if err != nil {
			return err
		}
		if err := t.skip(size); err != nil {
			return err
		}
		if kind == errorResponse {
			c.fail()
		}
		if kind == readyForQuery {
			begun = false
			if err := c.answered(t); err != nil {
				return err
			}
		}
	}
}

// postgresEncryption reads the one byte that says whether what follows is
// encrypted, and so not understood.
func postgresEncryption(t *tape, c *calls) error {
	yes, err := t.next()
	if err != nil {
		return err
	}
	if err := c.answered(t); err != nil {
		return err
	}
	if yes == encryptionYes {
		return errGarbled
	}
	return nil
}

// postgresMessage reads what stands before a message's body: its kind, and how
// long the body is.
func postgresMessage(t *tape) (kind byte, size int64, err error) {
	head, err := t.take(5, 5)
	if err != nil {
		return 0, 0, err
	}
	size = int64(binary.BigEndian.Uint32(head[1:])) - 4
	if size < 0 {
		return 0, 0, errGarbled
	}
	return head[0], size, nil
}
