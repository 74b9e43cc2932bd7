package link

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

// respLine is how much of a line of RESP is looked at: a type, a number, or the
// first word of an error.
const respLine = 32

// respSilent are the commands after which a connection no longer answers each
// request once.
var respSilent = []string{"subscribe", "psubscribe", "ssubscribe", "monitor", "sync", "psync"}

// respRequests reads commands. A script of ours has its mark as its last
// argument.
func respRequests(t *tape, c *calls) error {
	for {
		head, err := t.line(respLine)
		if err != nil {
			return err
		}
		count, isArray := respCount(head, '*')
		if !isArray {
			// A command typed by hand, or an empty line.
			if len(head) > 0 {
				c.asked(call{})
			}
			continue
		}
		next, err := respCommand(t, count)
		if err != nil {
			return err
		}
		if count > 0 {
			c.asked(next)
		}
		if next.shape == opaque {
			return t.rest()
		}
	}
}

// respCommand reads the arguments of one command.
func respCommand(t *tape, count int64) (call, error) {
	var next call
	for i := range count {
		head, err := t.line(respLine)
		if err != nil {
			return call{}, err
		}
		size, isText := respCount(head, '$')
		if !isText || size < 0 {
			return call{}, errGarbled
		}
		text, err := t.take(size, markLimit)
		if err != nil {
			return call{}, err
		}
		if err := t.skip(2); err != nil {
			return call{}, err
		}
		if i == 0 && slices.Contains(respSilent, strings.ToLower(string(text))) {
			next.shape = opaque
		}
		if i == count-1 && size <= markLimit {
			next.op = marked(text)
		}
	}
	return next, nil
}

// respReplies reads answers.
func respReplies(t *tape, c *calls) error {
	for {
		first, err := t.peek()
		if err != nil {
			return err
		}
		if first == '>' {
			// Nobody asked for it.
			if _, err := respValue(t); err != nil {
				return err
			}
			continue
		}
		asked, known, err := c.begin(t)
		if err != nil {
			return err
		}
		if asked.shape == opaque {
			return t.rest()
		}
		head, err := respValue(t)
		switch {
		case err != nil:
			return err
		case !known:
			continue
		case bytes.HasPrefix(head, []byte("-NOSCRIPT")):
			// The client now sends the script's text, within the same call.
			err = c.declined(t)
		default:
			err = c.answered(t)
		}
		if err != nil {
			return err
		}
	}
}

// respValue reads one value with everything in it, and returns its first line.
func respValue(t *tape) ([]byte, error) {
	var first []byte
	for left := int64(1); left > 0; left-- {
		head, err := t.line(respLine)
		if err != nil {
			return nil, err
		}
		if len(head) == 0 {
			return nil, errGarbled
		}
		if first == nil {
			first = head
		}
		inside, size, ok := respInside(head)
		if !ok {
			return nil, errGarbled
		}
		left += inside
		if err := t.skip(size); err != nil {
			return nil, err
		}
	}
	return first, nil
}

// respInside tells how many values and how many bytes follow a line.
func respInside(head []byte) (values, size int64, ok bool) {
	switch kind := head[0]; kind {
	case '+', '-', ':', '_', '#', ',', '(':
		return 0, 0, true
	case '$', '=', '!':
		n, ok := respCount(head, kind)
		if n < 0 {
			return 0, 0, ok
		}
		return 0, n + 2, ok
	case '*', '~', '>':
		n, ok := respCount(head, kind)
		return max(n, 0), 0, ok
	case '%':
		n, ok := respCount(head, kind)
		return 2 * n, 0, ok && n >= 0
	case '|':
		// Attributes stand before the value that they are about.
		n, ok := respCount(head, kind)
		return 2*n + 1, 0, ok && n >= 0
	default:
		return 0, 0, false
	}
}

// respCount reads the number of a line of that kind.
func respCount(head []byte, kind byte) (int64, bool) {
	if len(head) < 2 || head[0] != kind {
		return 0, false
	}
	n, err := strconv.ParseInt(string(head[1:]), 10, 32)
	return n, err == nil && n >= -1
}
