package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fencepost"
	"fencepost/core"
	"fencepost/internal/pgledger"
	"fencepost/internal/story"
	"fencepost/internal/testbed"
	"fencepost/migrations"
)

// bench is a migrated ledger and a configuration that knows it, and the ledger
// of an instance that leads there under epoch 1.
func bench(t *testing.T) (file string, ledger *pgledger.Ledger, token core.Token) {
	t.Helper()
	dsn := testbed.Postgres(t)
	if _, err := migrations.Up(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "f.yaml")
	text := fmt.Sprintf("group: desk\npostgres: {dsn: %q}\nbroker: {class: C}\n"+
		"webhook: {sources: {test: {tokens: [%s]}}}\n", dsn, pathToken)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ledger, err := pgledger.Open(pgledger.Options{DSN: dsn, Group: "desk", Instance: "blue-1", Nonce: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(ledger.Close)
	token = core.Token{Nonce: 1, Acquisition: 1}
	call(t, ledger, core.Effect{Op: core.TakeEpoch, Token: token}, core.EpochWasTaken)
	return file, ledger, token
}

// call carries out an effect that has the answer wanted.
func call(t *testing.T, ledger *pgledger.Ledger, e core.Effect, want core.InputKind) {
	t.Helper()
	err := ledger.Call(t.Context(), &e, func(in *core.Input) {
		if in.Kind != want {
			t.Errorf("%v: %+v, want %v", e.Op, in, want)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// doubt stores a signal, lets the instance have a permit for it, and records that
// nobody knows what became of the order.
func doubt(t *testing.T, ledger *pgledger.Ledger, token core.Token, key string) {
	t.Helper()
	a, err := ledger.Admit(t.Context(), &pgledger.Offer{
		Key: key, Type: "EXIT", Instrument: "NIFTY", Position: "LONG", Timestamp: "t", Lots: "2",
		Source: "test", Payload: []byte("{}"),
	})
	if err != nil {
		t.Fatal(err)
	}
	call(t, ledger, core.Effect{
		Op: core.Permit, Signal: a.Signal, Attempt: 1, Version: 1, Epoch: 1, Token: token,
	}, core.PermitWasGranted)
	ledger.Note(a.Signal, 1, pgledger.BrokerNote{OrderID: "B-9", Detail: "504 Gateway Timeout"})
	record(t, ledger, token, a.Signal, core.InDoubt, true)
}

// record takes an outcome of attempt 1 into the ledger.
func record(
	t *testing.T, ledger *pgledger.Ledger, token core.Token, id core.SignalID, state core.SignalState,
	alert bool,
) {
	t.Helper()
	call(t, ledger, core.Effect{
		Op: core.Record, Signal: id, Attempt: 1, State: state, Token: token, Alert: alert,
	}, core.OutcomeWasRecorded)
}

// inDoubt is a configuration whose ledger holds signal 1 in doubt.
func inDoubt(t *testing.T) (file string) {
	t.Helper()
	file, ledger, token := bench(t)
	doubt(t, ledger, token, "s-1")
	return file
}

func TestDoubtsAreListedWithWhatToLookForAtTheBroker(t *testing.T) {
	file := inDoubt(t)
	code, out, errs := command(t, "in-doubt", "list", "--config", file)
	for _, want := range []string{
		"NIFTY", "permitted to blue-1 under epoch 1", "504 Gateway Timeout", "B-9", "order ",
	} {
		if code != exitDone || !strings.Contains(out, want) {
			t.Errorf("lacks %q: exit %d\n%s%s", want, code, out, errs)
		}
	}
	code, out, _ = command(t, "in-doubt", "list", "--config", file, "-o", "json")
	var list []fencepost.InDoubt
	if err := json.Unmarshal([]byte(out), &list); err != nil || code != exitDone || len(list) != 1 ||
		list[0].Attempts[0].ClientOrderID == "" || len(list[0].LookFor) != 1 ||
		!strings.Contains(list[0].LookFor[0], list[0].Attempts[0].ClientOrderID) {
		t.Errorf("exit %d, %v\n%s", code, err, out)
	}
}

func TestScriptResolvesADoubtOnlyByTheWholePhrase(t *testing.T) {
	file := inDoubt(t)
	resolve := func(more ...string) (int, string) {
		args := append([]string{
			"in-doubt", "resolve", "1", "--evidence", "the day's book", "--by", "ops", "--config", file,
		}, more...)
		code, out, errs := command(t, args...)
		return code, out + errs
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--as", "not-sent"}, exitFailed, "no terminal"},
		{[]string{"--as", "not-sent", "--yes-i-confirm", "yes"}, exitUsage, "'signal 1 was not sent'"},
		{[]string{"--as", "not-sent", "--yes-i-confirm", ""}, exitUsage, "'signal 1 was not sent'"},
		{[]string{"--as", "executed", "--yes-i-confirm", "signal 1 was not sent"}, exitUsage, "was executed"},
		{[]string{"--as", "void"}, exitUsage, "not-sent"},
	} {
		if code, text := resolve(c.args...); code != c.code || !strings.Contains(text, c.says) {
			t.Errorf("%v: exit %d\n%s", c.args, code, text)
		}
	}
	if _, out, _ := command(t, "signals", "show", "1", "--config", file); !strings.Contains(out, "in_doubt") {
		t.Fatalf("changed without consent:\n%s", out)
	}
	whole := []string{"--as", "not-sent", "--yes-i-confirm", "signal 1 was not sent"}
	if code, text := resolve(whole...); code != exitDone ||
		!strings.Contains(text, "received the day's book") {
		t.Errorf("exit %d\n%s", code, text)
	}
	if code, text := resolve(whole...); code != exitConflict ||
		!strings.Contains(text, "received, not in doubt") {
		t.Errorf("again: exit %d\n%s", code, text)
	}
	code, out, _ := command(t, "signals", "explain", "1", "--config", file)
	if code != exitDone || !strings.Contains(out, `ops attested that the order was not sent`) ||
		!strings.Contains(out, "the day's book") {
		t.Errorf("explain: exit %d\n%s", code, out)
	}
}

// What moved between the showing and the word is told, and the word is not
// written.
func TestWordAboutADoubtThatWasResolvedMeanwhileIsRefused(t *testing.T) {
	file, ledger, token := bench(t)
	doubt(t, ledger, token, "s-1")
	a := &app{out: new(strings.Builder), errs: new(strings.Builder), config: file, format: formatTable}
	r, _, err := a.reader()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	shown, err := r.Signal(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	record(t, ledger, token, 1, core.Executed, false) // the broker was heard of
	_, err = r.Resolve(t.Context(), fencepost.Resolution{
		Signal: 1, As: story.WasNotSent, Evidence: "not there", By: "ops", Version: shown.Version,
	})
	err = a.moved(t.Context(), r, &shown, err)
	if code := codeOf(err); code != exitConflict || !strings.Contains(err.Error(), "nothing was changed") ||
		!strings.Contains(err.Error(), "has changed since") {
		t.Errorf("exit %d, %v", code, err)
	}
	if text := fmt.Sprint(a.errs); !strings.Contains(text, "the state was in_doubt and is executed") ||
		!strings.Contains(text, "attempt 1 was in_doubt and is executed") {
		t.Errorf("%s", text)
	}
	if now, err := r.Signal(t.Context(), 1); err != nil || now.State != "executed" {
		t.Errorf("%+v, %v", now, err)
	}
}

// codeOf is the exit code that an error carries.
func codeOf(err error) int {
	coded, ok := err.(*codedError) //nolint:errorlint // the outermost one is what the program ends with
	if !ok {
		return exitFailed
	}
	return coded.code
}

func TestStopsActAtOnceAndResumingTakesAPhrase(t *testing.T) {
	file, ledger, token := bench(t)
	doubt(t, ledger, token, "s-1")
	id := stored(t, file)
	for _, verb := range []string{"pause", "halt"} {
		code, out, errs := command(t, verb, "--reason", "fire", "--by", "ops", "--config", file)
		if code != exitDone || !strings.Contains(out, "mode      "+verb) ||
			!strings.Contains(out, "1, the oldest") {
			t.Errorf("%s: exit %d\n%s%s", verb, code, out, errs)
		}
	}
	call(t, ledger, core.Effect{
		Op: core.Permit, Signal: 2, Attempt: 1, Version: 1, Epoch: 1, Token: token,
	}, core.PermitWasRefused)
	_, told, _ := command(t, "signals", "explain", id, "--config", file)
	if !strings.Contains(told, "mode is halt") {
		t.Errorf("explain:\n%s", told)
	}
	resume := []string{"resume", "--reason", "the fire is out", "--by", "ops", "--config", file}
	code, out, errs := command(t, resume...)
	if code != exitFailed || !strings.Contains(errs, "in doubt: signal 1, NIFTY") ||
		!strings.Contains(errs, "1 wait for a person") || !strings.Contains(errs, "no terminal") {
		t.Errorf("resume without a phrase: exit %d\n%s%s", code, out, errs)
	}
	if code, _, errs = command(t, append(resume, "--yes-i-confirm", "resume default")...); code != exitUsage {
		t.Errorf("resume of another group: exit %d\n%s", code, errs)
	}
	code, out, errs = command(t, append(resume, "--yes-i-confirm", "resume desk", "-o", "json")...)
	var now struct {
		Control, Before string
		Reason          string `json:"control_reason"`
		By              string `json:"control_by"`
	}
	if err := json.Unmarshal([]byte(out), &now); err != nil || code != exitDone || now.Control != "run" ||
		now.Before != "halt" || now.Reason != "the fire is out" || now.By != "ops" {
		t.Errorf("resume: exit %d, %v\n%s%s", code, err, out, errs)
	}
	call(t, ledger, core.Effect{
		Op: core.Permit, Signal: 2, Attempt: 1, Version: 1, Epoch: 1, Token: token,
	}, core.PermitWasGranted)
}

func TestOnlyWhatNobodyHasSentIsCancelled(t *testing.T) {
	file, ledger, token := bench(t)
	doubt(t, ledger, token, "s-1")
	id := stored(t, file)
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"cancel", "1"}, exitConflict, "only one that nobody has sent"},
		{[]string{"cancel", "99"}, exitNobody, "no such signal"},
		{[]string{"hold", id}, exitDone, "held because"},
		{[]string{"free", id}, exitDone, "received because"},
		{[]string{"hold", id}, exitDone, "held because"},
		{[]string{"cancel", id}, exitDone, "cancelled because"},
		{[]string{"cancel", id}, exitConflict, "cancelled"},
	} {
		args := append([]string{"signals"}, append(c.args, "--reason", "because", "--config", file)...)
		code, out, errs := command(t, args...)
		if code != c.code || !strings.Contains(out+errs, c.says) {
			t.Errorf("%v: exit %d\n%s%s", c.args, code, out, errs)
		}
	}
}

func TestDryRunTellsTheAnswerAndStoresNothing(t *testing.T) {
	file, ledger, _ := bench(t)
	send := func(more ...string) (int, string) {
		args := append([]string{
			"signals", "send", "--type", "EXIT", "--instrument", "NIFTY", "--position", "LONG",
			"--timestamp", "t",
			"--signal-id", "s-9", "--config", file, "--dry-run",
		}, more...)
		code, out, errs := command(t, args...)
		return code, out + errs
	}
	if code, text := send(); code != exitDone || !strings.Contains(text, "202 accepted") ||
		!strings.Contains(text, "blue-1 asks for a permit") {
		t.Errorf("a new signal: exit %d\n%s", code, text)
	}
	if open, err := ledger.Open(t.Context()); err != nil || len(open) != 0 {
		t.Fatalf("stored: %+v, %v", open, err)
	}
	if code, text := send("--type", "BUY", "-o", "json"); code != exitFailed ||
		!strings.Contains(text, `"field": "type"`) {
		t.Errorf("a wrong one: exit %d\n%s", code, text)
	}
	if code, text := send("--type", "HEARTBEAT"); code != exitDone ||
		!strings.Contains(text, "202 accepted") {
		t.Errorf("a heartbeat: exit %d\n%s", code, text)
	}
	body := []byte(`{"instrument":"NIFTY","position":"LONG","signal_id":"s-9","timestamp":"t","type":"EXIT"}`)
	if _, err := ledger.Admit(t.Context(), &pgledger.Offer{
		Key: "s-9", Type: "EXIT", Instrument: "NIFTY", Position: "LONG", Timestamp: "t", Payload: body,
	}); err != nil {
		t.Fatal(err)
	}
	if code, text := send(); code != exitDone || !strings.Contains(text, "200 duplicate") {
		t.Errorf("a duplicate: exit %d\n%s", code, text)
	}
	if code, text := send("--lots", "3"); code != exitFailed || !strings.Contains(text, "409 conflict") {
		t.Errorf("a conflict: exit %d\n%s", code, text)
	}
}
