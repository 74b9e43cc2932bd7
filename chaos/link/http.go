package link

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"

	"fencepost/core"
)

// httpLine is how much of a line of HTTP is looked at.
const httpLine = 2048

// httpRequests reads requests. To submit is to POST /orders, to look up is to
// GET /orders with a client_order_id.
func httpRequests(t *tape, c *calls) error {
	for {
		head, err := t.line(httpLine)
		if err != nil {
			return err
		}
		if len(head) == 0 {
			continue // an empty line between requests is allowed
		}
		method, target, ok := strings.Cut(string(head), " ")
		target, version, versioned := strings.Cut(target, " ")
		if !ok || !versioned || !strings.HasPrefix(version, "HTTP/1.") {
			return errGarbled
		}
		body, err := httpHeaders(t)
		if err != nil {
			return err
		}
		if err := body.read(t, 0); err != nil {
			return err
		}
		next := call{op: httpOp(method, target)}
		if method == "HEAD" {
			next.shape = noBody
		}
		c.asked(next)
	}
}

// httpOp tells which operation a request is.
func httpOp(method, target string) core.Op {
	path, query, _ := strings.Cut(target, "?")
	if !strings.HasSuffix(path, "/orders") {
		return core.NoOp
	}
	switch {
	case method == "POST":
		return core.Submit
	case method == "GET" && strings.Contains(query, "client_order_id="):
		return core.Lookup
	default:
		return core.NoOp
	}
}

// httpReplies reads responses.
func httpReplies(t *tape, c *calls) error {
	for {
		if err := t.await(); err != nil {
			return err
		}
		asked, _, err := c.begin(t)
		if err != nil {
			return err
		}
		status, err := httpStatus(t)
		if err != nil {
			return err
		}
		body, err := httpHeaders(t)
		switch {
		case err != nil:
			return err
		case status == 101:
			return t.rest()
		case status < 200:
			continue // the answer is still to come
		case asked.shape == noBody || status == 204 || status == 304:
			body = httpBody{}
		}
		ended := body.read(t, math.MaxInt64)
		if ended != nil && (!errors.Is(ended, io.EOF) || !body.unbounded()) {
			return ended
		}
		if err := c.answered(t); err != nil {
			return err
		}
		if ended != nil {
			return ended
		}
	}
}

// httpStatus reads a status line.
func httpStatus(t *tape) (int, error) {
	head, err := t.line(httpLine)
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(head))
	if len(fields) < 2 || !strings.HasPrefix(fields[0], "HTTP/1.") {
		return 0, errGarbled
	}
	status, err := strconv.Atoi(fields[1])
	if err != nil || status < 100 {
		return 0, errGarbled
	}
	return status, nil
}

// httpBody tells how a body ends: in chunks, after a length, or, of a response
// that says neither, with the connection. The zero value is no body.
type httpBody struct {
	chunked bool
	length  int64
	silent  bool
}

// unbounded tells whether a response's body ends with its connection.
func (b httpBody) unbounded() bool { return b.silent && !b.chunked }

// httpHeaders reads up to the empty line.
func httpHeaders(t *tape) (httpBody, error) {
	body := httpBody{silent: true}
	for {
		line, err := t.line(httpLine)
		if err != nil {
			return httpBody{}, err
		}
		if len(line) == 0 {
			return body, nil
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch strings.ToLower(string(name)) {
		case "content-length":
			n, err := strconv.ParseInt(string(value), 10, 64)
			if err != nil || n < 0 {
				return httpBody{}, errGarbled
			}
			body.length, body.silent = n, false
		case "transfer-encoding":
			body.chunked = strings.EqualFold(string(value), "chunked")
		default:
		}
	}
}

// read reads the body. One that says nothing of its end has the given length.
func (b httpBody) read(t *tape, unsaid int64) error {
	switch {
	case b.chunked:
		return httpChunks(t)
	case b.silent:
		return t.skip(unsaid)
	default:
		return t.skip(b.length)
	}
}

// httpChunks reads chunks, and what may follow the last one.
func httpChunks(t *tape) error {
	for {
		head, err := t.line(respLine)
		if err != nil {
			return err
		}
		digits, _, _ := bytes.Cut(head, []byte(";"))
		size, err := strconv.ParseInt(string(bytes.TrimSpace(digits)), 16, 64)
		if err != nil || size < 0 {
			return errGarbled
		}
		if size == 0 {
			_, err := httpHeaders(t)
			return err
		}
		if err := t.skip(size + 2); err != nil {
			return err
		}
	}
}
