package pgledger_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"

	"fencepost/core"
	"fencepost/internal/pgledger"
	"fencepost/internal/testbed"
)

// tap keeps what clients say to the server, apart for each connection.
type tap struct {
	mu    sync.Mutex
	conns []*bytes.Buffer
}

// connection returns where one connection's bytes go.
func (w *tap) connection() io.Writer {
	w.mu.Lock()
	defer w.mu.Unlock()
	buffer := &bytes.Buffer{}
	w.conns = append(w.conns, buffer)
	return writerFunc(func(p []byte) (int, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		return buffer.Write(p)
	})
}

// writerFunc is a function that is a writer.
type writerFunc func([]byte) (int, error)

// Write calls the function.
func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// heard returns the statements that were carried out, in their order; how often
// the client asked the server to answer them; and how often to answer what was only
// prepared.
func (w *tap) heard(t *testing.T) (statements []string, syncs, prepared int) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, conn := range w.conns {
		backend := pgproto3.NewBackend(bytes.NewReader(conn.Bytes()), io.Discard)
		if _, err := backend.ReceiveStartupMessage(); err != nil {
			continue
		}
		texts, bound := map[string]string{}, false
		for {
			message, err := backend.Receive()
			if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			switch m := message.(type) {
			case *pgproto3.Parse:
				texts[m.Name] = m.Query
			case *pgproto3.Bind:
				statements, bound = append(statements, texts[m.PreparedStatement]), true
			case *pgproto3.Query:
				t.Errorf("outside the pipeline: %s", m.String)
			case *pgproto3.Sync:
				if !bound {
					prepared++
				} else {
					syncs++
				}
				bound = false
			}
		}
	}
	return statements, syncs, prepared
}

// TestEachOperationIsOnePipelineUnderItsName looks at the bytes on the wire, as
// a proxy does.
func TestEachOperationIsOnePipelineUnderItsName(t *testing.T) {
	dsn := database(t)
	nonce := core.Nonce(0xbeef)
	signal := start(t, dsn, "n1").admit("s1")
	for _, step := range []struct {
		op   core.Op
		call func(p *process)
	}{
		{core.Observe, func(p *process) { p.observe() }},
		{core.Heartbeat, func(p *process) { p.beat(0) }},
		{core.TakeEpoch, func(p *process) { p.take(0) }},
		{core.Heartbeat, func(p *process) { p.beat(1) }},
		{core.Admit, func(p *process) { p.admit("s2") }},
		{core.Fetch, func(p *process) { p.calls(core.Effect{Op: core.Fetch, States: 1 << core.Received}) }},
		{core.Permit, func(p *process) { p.permit(1, signal, 1, 1) }},
		{core.Reread, func(p *process) { p.reread(signal) }},
		{core.Record, func(p *process) { p.record(signal, 1, core.Executed) }},
		{core.Resign, func(p *process) { p.resign(1, core.GracefulShutdown) }},
	} {
		wire := &tap{}
		_, through := newLink(t, dsn, wire.connection)
		p := start(t, through, "n1", func(o *pgledger.Options) { o.Nonce = nonce })
		step.call(p)
		wantOnePipeline(t, step.op, wire)
	}
}

// wantOnePipeline checks what was said for one operation. A permit for a signal
// that was not listed before reads it first.
func wantOnePipeline(t *testing.T, op core.Op, wire *tap) {
	t.Helper()
	statements, syncs, _ := wire.heard(t)
	if op == core.Permit {
		statements = slices.DeleteFunc(statements, func(sql string) bool {
			return strings.HasPrefix(sql, "/* order */ ")
		})
		syncs--
	}
	if syncs != 1 || len(statements) < 3 {
		t.Fatalf("%v: %d statements, answered %d times", op, len(statements), syncs)
	}
	mark := "/* " + op.String() + " */ "
	for _, sql := range statements {
		if !strings.HasPrefix(sql, mark) {
			t.Errorf("%v: %q does not begin with %q", op, sql, mark)
		}
	}
	if first := statements[0]; first != mark+"BEGIN ISOLATION LEVEL READ COMMITTED" {
		t.Errorf("%v begins with %q", op, first)
	}
	if last := statements[len(statements)-1]; last != mark+"COMMIT" {
		t.Errorf("%v ends with %q", op, last)
	}
}

// TestStatementsAreKeptOnceTheServerAnswersForItself: the second connection knows
// that no pooler stands in between, and prepares each statement once.
func TestStatementsAreKeptOnceTheServerAnswersForItself(t *testing.T) {
	wire := &tap{}
	_, through := newLink(t, database(t), wire.connection)
	p := start(t, through, "n1")
	const calls = 5
	for i := range 1 + calls {
		p.admit(fmt.Sprint(i))
	}
	statements, syncs, prepared := wire.heard(t)
	if prepared != 1 || syncs != 1+calls || len(statements) != 4*(1+calls) {
		t.Errorf("%d times prepared, %d statements in %d pipelines", prepared, len(statements), syncs)
	}
}

// TestNothingIsKeptBehindAPooler: another process would not know it.
func TestNothingIsKeptBehindAPooler(t *testing.T) {
	where, err := url.Parse(database(t))
	if err != nil {
		t.Fatal(err)
	}
	pooler := testbed.PgBouncer(t, where.String(), 1)
	wire := &tap{}
	_, through := newLink(t, pooler.DSN(strings.TrimPrefix(where.Path, "/")), wire.connection)
	p := start(t, through, "n1")
	const calls = 5
	for i := range calls {
		p.admit(fmt.Sprint(i))
	}
	statements, syncs, prepared := wire.heard(t)
	if prepared != 0 || syncs != calls || len(statements) != 4*calls {
		t.Errorf("%d times prepared, %d statements in %d pipelines", prepared, len(statements), syncs)
	}
}
