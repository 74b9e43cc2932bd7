package scenarios

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fencepost/core"
	"fencepost/core/event"
)

// valid is a file that holds a little of everything that others refer to.
const valid = `version: 1
name: valid
why: A file to change.
tiers: [sim, real]
catches: [belief-by-flag]
cluster: {nodes: 3, lease: {ttl: 1s}}
workload: {signals: 20/s}
steps:
  - id: first
    at: 2s
    kill: {node: leader, as: old}
  - id: second
    after: first.end
    net: {link: $old <-> redis, effect: drop}
expect:
  - never: single-executor
  - elect: {from: first.start, within: 2ttl}
run: {duration: 10ttl}
`

// mark stands in a source where an error is expected.
const mark = "▸"

// changed returns the valid file with the first occurrence of old replaced.
func changed(t *testing.T, old, new string) string {
	t.Helper()
	if !strings.Contains(valid, old) {
		t.Fatalf("the valid file does not hold %q", old)
	}
	return strings.Replace(valid, old, new, 1)
}

// mustParse returns the scenario in the source.
func mustParse(t *testing.T, file, source string) *Scenario {
	t.Helper()
	s, err := Parse(file, []byte(source))
	if err != nil {
		t.Fatalf("refused:\n%v\nsource:\n%s", err, source)
	}
	return s
}

// refusals returns the errors of a source, in which marks are dropped.
func refusals(t *testing.T, file, source string) Errors {
	t.Helper()
	_, err := Parse(file, []byte(strings.ReplaceAll(source, mark, "")))
	var all Errors
	if err != nil && !errors.As(err, &all) {
		t.Fatalf("the error is a %T, not Errors: %v", err, err)
	}
	return all
}

// marked returns the position of the mark in the source.
func marked(source string) Position {
	for i, line := range strings.Split(source, "\n") {
		if before, _, ok := strings.Cut(line, mark); ok {
			return Position{Line: i + 1, Column: len([]rune(before)) + 1}
		}
	}
	return Position{Line: 1, Column: 1}
}

// wantRefused fails unless the source is refused at its mark with that message.
func wantRefused(t *testing.T, source, message string) {
	t.Helper()
	if e := theRefusal(t, source, message); e == nil {
		t.Fatal("no refusal")
	}
}

// theRefusal returns the error at the source's mark, which must say the message.
func theRefusal(t *testing.T, source, message string) *Error {
	t.Helper()
	at := marked(source)
	all := refusals(t, "valid.yaml", source)
	for _, e := range all {
		if e.Line == at.Line && e.Column == at.Column && strings.Contains(e.Message, message) {
			return e
		}
	}
	t.Fatalf("want at %d:%d: %s\ngot:\n%s\nsource:\n%s", at.Line, at.Column, message, all.Detail(), source)
	return nil
}

func TestValidFileIsTaken(t *testing.T) {
	s := mustParse(t, "valid.yaml", valid)
	kill, ok := s.Steps[0].Verb.(Kill)
	if !ok || kill.Node != (Party{Kind: LeaderParty}) || kill.As != "old" {
		t.Errorf("the first verb is %#v", s.Steps[0].Verb)
	}
	if s.TTL() != second || s.Run.Duration.Resolve(s.TTL()) != 10*second {
		t.Errorf("ttl %d, duration %d", s.TTL(), s.Run.Duration.Resolve(s.TTL()))
	}
	elect, ok := s.Expect[1].Claim.(Elect)
	if !ok || elect.From.String() != "first.start" || elect.Within != ttls(2) {
		t.Errorf("the second claim is %#v", s.Expect[1].Claim)
	}
}

func TestExamplesParseToWhatTheySay(t *testing.T) {
	s, err := Load(filepath.Join("testdata", "pause-across-lease-expiry.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	when := s.Steps[0].Trigger.When
	if when.Event != event.PermitRequested || when.Node.Kind != LeaderParty || when.Nth != (Count{3, 3}) {
		t.Errorf("when is %+v", when)
	}
	if pause, ok := s.Steps[0].Verb.(Pause); !ok || pause.For != (Length{TTLs: 2_500_000}).Span() {
		t.Errorf("the verb is %#v", s.Steps[0].Verb)
	}
	if s.Cluster.Broker.Ack.String() != "5ms..20ms" ||
		s.Workload.Signals.Rate.Interval(second) != 50*millisecond {
		t.Errorf("ack %s, signals %s", s.Cluster.Broker.Ack, s.Workload.Signals)
	}
	detect, ok := s.Expect[5].Claim.(Detect)
	if !ok || detect.Node != (Party{Kind: BoundParty, Name: "old"}) || len(detect.By) != 2 {
		t.Errorf("the sixth claim is %#v", s.Expect[5].Claim)
	}

	s, err = Load(filepath.Join("testdata", "gray-leader-redis-ok-postgres-dead.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	net, ok := s.Steps[1].Verb.(Net)
	if !ok || net.Link.Arrow != Back || net.Link.Far.Kind != PostgresParty || net.Link.Near.Name != "sick" {
		t.Errorf("the second verb is %#v", s.Steps[1].Verb)
	}
	if s.Steps[1].Trigger.After != (Moment{Step: "gray", End: true}) {
		t.Errorf("the second trigger is %+v", s.Steps[1].Trigger)
	}
}

func TestOnAndNoAreWordsNotTruthValues(t *testing.T) {
	s := mustParse(t, "valid.yaml", changed(t, "effect: drop}", "effect: cut_reply, on: renew}")+
		"")
	if net, ok := s.Steps[1].Verb.(Net); !ok || net.On != core.Renew {
		t.Errorf("the verb is %#v", s.Steps[1].Verb)
	}
	s = mustParse(t, "valid.yaml", changed(t, "  - elect", "  - no: {event: alert.raised}\n  - elect"))
	if no, ok := s.Expect[1].Claim.(No); !ok || no.Event != event.AlertRaised {
		t.Errorf("the claim is %#v", s.Expect[1].Claim)
	}
}

func TestLineEndsAndByteOrderMarkChangeNothing(t *testing.T) {
	want := string(Format(mustParse(t, "valid.yaml", valid)))
	for name, source := range map[string]string{
		"CRLF":            strings.ReplaceAll(valid, "\n", "\r\n"),
		"CR":              strings.ReplaceAll(valid, "\n", "\r"),
		"byte order mark": "\ufeff" + valid,
		"document marks":  "---\n" + valid + "...\n",
		"comments":        "# first\n" + strings.ReplaceAll(valid, "\n", " # said\n"),
	} {
		if got := string(Format(mustParse(t, "valid.yaml", source))); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestSuspendTakesItsLengthFromForWhenItIsTrue(t *testing.T) {
	s := mustParse(t, "valid.yaml", changed(t,
		"kill: {node: leader, as: old}\n  - id: second\n    after: first.end\n"+
			"    net: {link: $old <-> redis, effect: drop}",
		"clock: {node: leader, suspend: true, for: 2ttl}"))
	if clock, ok := s.Steps[0].Verb.(Clock); !ok || clock.Suspend != ttls(2).Span() || !clock.For.IsZero() {
		t.Errorf("the verb is %#v", s.Steps[0].Verb)
	}
}

func TestNestedSettingsAreNamedByDots(t *testing.T) {
	s := mustParse(t, "valid.yaml", changed(t, "nodes: 3",
		"config: {http: {timeout: 3s, retries: 2}, a.b: no}"))
	want := []Setting{{"http.timeout", "3s"}, {"http.retries", "2"}, {"a.b", "no"}}
	if !slices.Equal(s.Cluster.Config, want) {
		t.Errorf("got %v", s.Cluster.Config)
	}
}

func TestLoadNamesTheFileThatCannotBeRead(t *testing.T) {
	_, err := Load(filepath.Join(t.TempDir(), "absent.yaml"))
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "absent.yaml") {
		t.Errorf("got %v", err)
	}
}

func TestLoadReadsNoMoreThanIsAllowed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "huge.yaml")
	if err := os.WriteFile(path, []byte(strings.Repeat("# hot air\n", 1<<20)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), "a scenario has at most 131072") {
		t.Errorf("got %v", err)
	}
}
