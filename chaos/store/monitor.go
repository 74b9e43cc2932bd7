package store

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"fencepost/core"
)

// line is one line of MONITOR: a command that the server has begun to carry out.
type line struct {
	at    int64 // the server's wall clock in nanoseconds, exact to a microsecond
	lua   bool  // a script's own command: the line of the script stands before it
	words []string
}

// errLine says that a line of MONITOR could not be read.
var errLine = errors.New("not a line of MONITOR")

// parseLine reads `1339518083.107412 [0 127.0.0.1:60866] "keys" "*"`, or one with `[0 lua]`.
func parseLine(text string) (line, error) {
	stamp, rest, ok := strings.Cut(text, " [")
	seconds, micros, dotted := strings.Cut(stamp, ".")
	source, command, closed := strings.Cut(rest, "] ")
	if !ok || !dotted || !closed || len(micros) != 6 {
		return line{}, fmt.Errorf("%w: %q", errLine, text)
	}
	s, secondsErr := strconv.ParseInt(seconds, 10, 64)
	us, microsErr := strconv.ParseInt(micros, 10, 64)
	if err := errors.Join(secondsErr, microsErr); err != nil {
		return line{}, fmt.Errorf("%w: %q: %w", errLine, text, err)
	}
	l := line{at: s*int64(time.Second) + us*int64(time.Microsecond), lua: strings.HasSuffix(source, " lua")}
	// Redis escapes what it quotes as Go does.
	for command != "" {
		quoted, err := strconv.QuotedPrefix(command)
		if err != nil {
			return line{}, fmt.Errorf("%w: %q: %w", errLine, text, err)
		}
		word, err := strconv.Unquote(quoted)
		if err != nil {
			return line{}, fmt.Errorf("%w: %q: %w", errLine, text, err)
		}
		l.words = append(l.words, word)
		command = strings.TrimPrefix(command[len(quoted):], " ")
	}
	if len(l.words) == 0 {
		return line{}, fmt.Errorf("%w: %q", errLine, text)
	}
	return l, nil
}

// reading follows the group's keys through the lines of one server.
type reading struct {
	keys
	now   Keys
	op    core.Op // of the script that was called last
	began int64   // when the command or script began that was called last
	raise bool    // the change was to the witness alone
}

// take reads one line and reports whether it changed a key. A command that this package does not know and
// that names one of the keys is an error: what it did is not known.
func (r *reading) take(l line) (wrote bool, err error) {
	r.raise = false
	if !l.lua {
		r.op, r.began = core.NoOp, l.at
	}
	switch command := strings.ToUpper(l.words[0]); command {
	case "EVAL", "EVALSHA":
		r.op = markedOp(l.words[len(l.words)-1])
		return false, nil
	case "FLUSHALL", "FLUSHDB":
		r.now = Keys{}
		return true, nil
	case "SET":
		return r.set(l.words)
	case "PEXPIRE", "PEXPIREAT":
		return r.expire(command, l.words)
	case "DEL", "UNLINK":
		return r.remove(l.words[1:]), nil
	case "GET", "PTTL", "TTL", "PEXPIRETIME", "TIME", "EXISTS", "TYPE", "STRLEN", "ECHO", "KEYS", "PUBLISH",
		"SUBSCRIBE":
		return false, nil
	default:
		if slices.Contains(l.words, r.lease) || slices.Contains(l.words, r.witness) {
			return false, fmt.Errorf("what %q does to a key of the group is not known", l.words)
		}
		return false, nil
	}
}

// markedOp reads the last argument of the service's scripts, which names the operation.
func markedOp(text string) core.Op {
	name, begun := strings.CutPrefix(text, "/* ")
	name, ended := strings.CutSuffix(name, " */")
	if op, ok := core.ParseOp(name); ok && begun && ended {
		return op
	}
	return core.NoOp
}

// set reads SET key value, with PX or PXAT behind the value if the key expires.
func (r *reading) set(words []string) (bool, error) {
	if len(words) < 3 {
		return false, nil
	}
	switch words[1] {
	case r.witness:
		epoch, err := strconv.ParseUint(words[2], 10, 64)
		if err != nil {
			return false, fmt.Errorf("witness: %w", err)
		}
		r.now.Witness, r.raise = core.Epoch(epoch), true
		return true, nil
	case r.lease:
	default:
		return false, nil
	}
	until := int64(0)
	if len(words) == 5 {
		var err error
		if until, err = r.until(words[3], words[4]); err != nil {
			return false, err
		}
	} else if len(words) != 3 {
		return false, fmt.Errorf("whether %q was carried out is not known", words)
	}
	r.now.Holder, r.now.Until = words[2], until
	return true, nil
}

// expire reads a command that changes the lease's expiry.
func (r *reading) expire(command string, words []string) (bool, error) {
	if len(words) != 3 || words[1] != r.lease {
		return false, nil
	}
	unit := "PX"
	if command == "PEXPIREAT" {
		unit = "PXAT"
	}
	until, err := r.until(unit, words[2])
	if err != nil {
		return false, err
	}
	r.now.Until = until
	return true, nil
}

// until returns an expiry in nanoseconds. The server counts in whole milliseconds, from the beginning of the
// script.
func (r *reading) until(unit, number string) (int64, error) {
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("expiry of the lease: %w", err)
	}
	const milli = int64(time.Millisecond)
	switch strings.ToUpper(unit) {
	case "PX":
		return (r.began/milli + n) * milli, nil
	case "EX":
		return (r.began/milli + 1000*n) * milli, nil
	case "PXAT":
		return n * milli, nil
	default:
		return 0, fmt.Errorf("expiry of the lease: unit %q is not known", unit)
	}
}

// remove reads which keys were deleted.
func (r *reading) remove(names []string) bool {
	lease, witness := slices.Contains(names, r.lease), slices.Contains(names, r.witness)
	if lease {
		r.now.Holder, r.now.Until = "", 0
	}
	if witness {
		r.now.Witness = 0
	}
	return lease || witness
}
