package assault

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The bounds. An answer to a whole request is due within answerBound; one that
// waits for the server's own limits within slowBound.
const (
	answerBound = 5 * time.Second
	slowBound   = 12 * time.Second
	// moreBound is how long a sender looks for a second answer after the first.
	moreBound = 100 * time.Millisecond
	maxAnswer = 64 << 10
)

// The outcomes that are no status.
const (
	closed = "closed" // the server closed without an answer
	reset  = "reset"  // the same, less politely
	hang   = "HANG"   // neither an answer nor an end within the bound
	away   = "REFUSED CONNECTION"
	left   = "left" // the sender did not look
)

// Outcome is what a sender saw of one shot.
type Outcome struct {
	// Class is the answers' statuses, or one of the words above.
	Class string
	Codes []int
	// Kind and Field are the first answer's content type, and the field that its
	// document names.
	Kind, Field string
	Took        time.Duration
	// Open says that the sender stopped listening for more answers, and that the
	// server had not closed.
	Open bool
	// Trouble is why there is no answer.
	Trouble error
}

// strike fires a shot and looks what comes back.
func strike(ctx context.Context, addr string, s *Shot) (o Outcome) {
	began := time.Now()
	defer func() { o.Took = time.Since(began) }()
	bound := answerBound
	if s.Waits {
		bound = slowBound
	}
	dialer := net.Dialer{Timeout: answerBound}
	conn, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return Outcome{Class: away, Trouble: err}
	}
	defer conn.Close()
	if err := conn.SetDeadline(began.Add(bound)); err != nil {
		return Outcome{Class: away, Trouble: err}
	}
	if s.Leaves {
		_ = s.write(conn, nil) // a server that closed first has been quicker
		return Outcome{Class: left}
	}
	// Reading begins at once: a server may answer before it was sent everything.
	over := make(chan struct{})
	written := make(chan struct{})
	go func() {
		defer close(written)
		_ = s.write(conn, over) // what comes of it shows in the answer
	}()
	o = read(conn)
	close(over)
	conn.Close()
	<-written
	return o
}

// write writes the pieces, until over is closed.
func (s *Shot) write(conn net.Conn, over <-chan struct{}) error {
	for i, piece := range s.Pieces {
		if i > 0 && s.Gap > 0 {
			wait := time.NewTimer(s.Gap)
			select {
			case <-wait.C:
			case <-over:
				wait.Stop()
				return nil
			}
		}
		if _, err := conn.Write(piece); err != nil {
			return err
		}
	}
	return nil
}

// read reads all answers that come.
func read(conn net.Conn) Outcome {
	var o Outcome
	reader := bufio.NewReader(conn)
	for {
		response, err := http.ReadResponse(reader, nil)
		if err != nil {
			var timeout net.Error
			o.Open = len(o.Codes) > 0 && errors.As(err, &timeout) && timeout.Timeout()
			o.end(err)
			return o
		}
		body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
		response.Body.Close()
		o.Codes = append(o.Codes, response.StatusCode)
		if len(o.Codes) == 1 {
			o.Kind, _, _ = strings.Cut(response.Header.Get("Content-Type"), ";")
			var document struct {
				Field string `json:"field"`
			}
			if strings.HasSuffix(o.Kind, "json") && json.Unmarshal(body, &document) == nil {
				o.Field = document.Field
			}
		}
		if response.Close || err != nil {
			o.end(nil)
			return o
		}
		if err := conn.SetReadDeadline(time.Now().Add(moreBound)); err != nil {
			o.end(nil)
			return o
		}
	}
}

// end names what was seen.
func (o *Outcome) end(err error) {
	var timeout net.Error
	switch {
	case len(o.Codes) > 0:
		words := make([]string, len(o.Codes))
		for i, code := range o.Codes {
			words[i] = strconv.Itoa(code)
		}
		o.Class = strings.Join(words, "+")
		return
	case errors.As(err, &timeout) && timeout.Timeout():
		o.Class = hang
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		o.Class = reset
	default:
		o.Class = closed
	}
	o.Trouble = err
}

// wrong says what is wrong with an outcome, or "".
func (o *Outcome) wrong(s *Shot) string {
	switch o.Class {
	case left:
		return ""
	case hang, away:
		return fmt.Sprintf("%s: %v", o.Class, o.Trouble)
	case closed, reset:
		if s.Owed.Drop {
			return ""
		}
		return fmt.Sprintf("%s without an answer: %v", o.Class, o.Trouble)
	}
	for _, code := range o.Codes {
		switch {
		case slices.Contains(s.Owed.Codes, code), len(s.Owed.Codes) == 0 && code >= 400 && code < 500:
		case len(s.Owed.Codes) == 0:
			return fmt.Sprintf("answered by %s; any 4xx is right", o.Class)
		default:
			return fmt.Sprintf("answered by %s; right is one of %v", o.Class, s.Owed.Codes)
		}
	}
	if s.Owed.Problem && o.Kind != "application/problem+json" {
		return fmt.Sprintf("%s is answered by %q, not by a problem document", o.Class, o.Kind)
	}
	if s.Owed.Field != "" && o.Field != s.Owed.Field {
		return fmt.Sprintf("the answer names the field %q; wrong is %q", o.Field, s.Owed.Field)
	}
	return ""
}

// refused counts the answers that refuse, each of which is one request that the
// service saw.
func (o *Outcome) refused() int {
	n := 0
	for _, code := range o.Codes {
		if code >= 400 {
			n++
		}
	}
	return n
}
