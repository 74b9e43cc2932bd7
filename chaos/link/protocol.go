package link

import "errors"

// errGarbled says that a parser does not understand what it reads.
var errGarbled = errors.New("not this protocol")

// requests reads what the near party says, until the connection ends.
func (p Protocol) requests(t *tape, c *calls) error {
	switch p {
	case Redis:
		return sensibly(t, respRequests(t, c))
	case Postgres:
		return sensibly(t, postgresRequests(t, c))
	case HTTP:
		return sensibly(t, httpRequests(t, c))
	case Opaque:
		return t.rest()
	default:
		return t.rest()
	}
}

// replies reads what the far party says, until the connection ends or a reply
// was cut.
func (p Protocol) replies(t *tape, c *calls) error {
	switch p {
	case Redis:
		return sensibly(t, respReplies(t, c))
	case Postgres:
		return sensibly(t, postgresReplies(t, c))
	case HTTP:
		return sensibly(t, httpReplies(t, c))
	case Opaque:
		return t.rest()
	default:
		return t.rest()
	}
}

// sensibly passes on unread what a parser did not understand: a link is no
// judge of what is said on it.
func sensibly(t *tape, err error) error {
	if errors.Is(err, errGarbled) {
		return t.rest()
	}
	return err
}
