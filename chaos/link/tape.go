package link

import "net"

// tape reads a connection for a parser, and hands on what the parser has read
// before it waits for more. So what completes a message is handed on after the
// parser has seen the whole of it, and nothing that the parser does not
// understand gets stuck.
type tape struct {
	source  net.Conn
	deliver func([]byte) error

	buffer [32 << 10]byte
	// The bytes up to passed are handed on, those up to read are known to the
	// parser, those up to filled are there.
	passed, read, filled int
	// keeping puts off handing on: the bytes go to kept.
	keeping bool
	kept    []byte
}

// await waits until there is a byte to read.
func (t *tape) await() error {
	if t.read < t.filled {
		return nil
	}
	if err := t.flush(); err != nil {
		return err
	}
	n, err := t.source.Read(t.buffer[:])
	t.passed, t.read, t.filled = 0, 0, n
	if n > 0 {
		return nil
	}
	return err
}

// flush hands on what was read.
func (t *tape) flush() error {
	p := t.buffer[t.passed:t.read]
	t.passed = t.read
	if len(p) == 0 {
		return nil
	}
	if t.keeping {
		t.kept = append(t.kept, p...)
		return nil
	}
	return t.deliver(p)
}

// keep begins to put off handing on. What was read before is handed on.
func (t *tape) keep() error {
	err := t.flush()
	t.keeping = true
	return err
}

// free hands on what was kept.
func (t *tape) free() error {
	t.keeping = false
	kept := t.kept
	t.kept = nil
	if len(kept) == 0 {
		return nil
	}
	return t.deliver(kept)
}

// peek waits for the next byte without reading it.
func (t *tape) peek() (byte, error) {
	if err := t.await(); err != nil {
		return 0, err
	}
	return t.buffer[t.read], nil
}

// next reads one byte.
func (t *tape) next() (byte, error) {
	if err := t.await(); err != nil {
		return 0, err
	}
	b := t.buffer[t.read]
	t.read++
	return b, nil
}

// take reads n bytes and returns the first of them, as many as the limit says.
func (t *tape) take(n int64, limit int) ([]byte, error) {
	first := make([]byte, 0, min(n, int64(limit)))
	for n > 0 {
		if err := t.await(); err != nil {
			return nil, err
		}
		step := int(min(n, int64(t.filled-t.read)))
		p := t.buffer[t.read : t.read+step]
		first = append(first, p[:min(step, cap(first)-len(first))]...)
		t.read += step
		n -= int64(step)
	}
	return first, nil
}

// skip reads n bytes.
func (t *tape) skip(n int64) error {
	_, err := t.take(n, 0)
	return err
}

// line reads up to a line feed and returns the line without its end, or as
// much of its beginning as the limit says.
func (t *tape) line(limit int) ([]byte, error) {
	var text []byte
	for {
		b, err := t.next()
		switch {
		case err != nil:
			return nil, err
		case b != '\n':
			if len(text) < limit {
				text = append(text, b)
			}
			continue
		}
		if n := len(text); n > 0 && text[n-1] == '\r' {
			text = text[:n-1]
		}
		return text, nil
	}
}

// rest hands on everything that is still to come, unread.
func (t *tape) rest() error {
	if err := t.free(); err != nil {
		return err
	}
	for {
		t.read = t.filled
		if err := t.await(); err != nil {
			return err
		}
	}
}
