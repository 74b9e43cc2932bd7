package scenarios

import (
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// same tells whether two scenarios say the same, wherever it stands.
func same(a, b *Scenario) bool {
	return reflect.DeepEqual(placeless(a), placeless(b))
}

func placeless(s *Scenario) Scenario {
	bare := *s
	bare.File, bare.Place, bare.lines = "", Place{}, nil
	bare.Steps = append([]Step(nil), s.Steps...)
	for i := range bare.Steps {
		bare.Steps[i].Place = Place{}
	}
	bare.Expect = append([]Expect(nil), s.Expect...)
	for i := range bare.Expect {
		bare.Expect[i].Place = Place{}
	}
	return bare
}

func TestFormatAndParseAreInverse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := &author{draw: func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "n") }}
		roundTrip(t, a.file())
	})
}

// roundTrip fails unless the source is taken and formatting keeps what it says.
func roundTrip(t interface {
	Helper()
	Fatalf(format string, args ...any)
}, source string,
) string {
	t.Helper()
	s, err := Parse("", []byte(source))
	if err != nil {
		t.Fatalf("refused:\n%v\nsource:\n%s", err, source)
	}
	text := Format(s)
	again, err := Parse("", text)
	if err != nil {
		t.Fatalf("the formatted file is refused:\n%v\nformatted:\n%s\nsource:\n%s", err, text, source)
	}
	if !same(s, again) {
		t.Fatalf("formatted it says something else:\n%+v\n%+v\nformatted:\n%s\nsource:\n%s",
			placeless(s), placeless(again), text, source)
	}
	if twice := Format(again); string(twice) != string(text) {
		t.Fatalf("formatting twice differs:\n%s\n%s", text, twice)
	}
	return string(text)
}

func TestEveryFieldOfTheTableIsReadAndWritten(t *testing.T) {
	eachField(&fileShape, func(s *Shape, f *Field) {
		source := sourceWith(f, "")
		text := roundTrip(t, source)
		// A mapping in which nothing stands is not written.
		if f.Object == nil && !isCondition(s, f) && !strings.Contains(text, f.Name+":") {
			t.Errorf("`%s` of `%s` is read and not written:\n%s\nsource:\n%s", f.Name, s.Name, text, source)
		}
	})
}

// isCondition reports whether the field says for which classes something is meant. It
// is not written: a scenario that was read has only what is meant for its own.
func isCondition(s *Shape, f *Field) bool {
	return f.Name == "class" && (s == &stepShape || s == &expectShape)
}

func TestEveryWordOfTheTableIsReadAndWritten(t *testing.T) {
	eachField(&fileShape, func(s *Shape, f *Field) {
		for _, w := range f.Words {
			if s == &redisSetupShape && w.Name == string(SingleRedis) || f.Name == "tiers" ||
				isCondition(s, f) {
				continue // They depend on other fields; other tests hold them.
			}
			if text := roundTrip(t, sourceWith(f, w.Name)); !strings.Contains(text, w.Name) {
				t.Errorf("%s of `%s` is read and not written:\n%s", w.Name, f.Name, text)
			}
		}
	})
}

// sourceWith writes a file that holds the field with the word.
func sourceWith(f *Field, word string) string {
	state := uint64(len(f.Name)*31 + len(word))
	a := &author{want: f, wantWord: word, draw: func(n int) int {
		state = state*6364136223846793005 + 1442695040888963407
		return int(state >> 33 % uint64(n))
	}}
	return a.file()
}

// eachField visits every field that a file can hold.
func eachField(s *Shape, visit func(*Shape, *Field)) {
	for i := range s.Fields {
		f := &s.Fields[i]
		visit(s, f)
		if f.Object != nil {
			eachField(f.Object, visit)
		}
	}
}

func TestWriteWritesWhatFormatReturns(t *testing.T) {
	s := mustParse(t, "valid.yaml", valid)
	var b strings.Builder
	if err := Write(&b, s); err != nil || b.String() != string(Format(s)) {
		t.Errorf("%v: %s", err, b.String())
	}
}

func TestFormatIsPleasantToRead(t *testing.T) {
	want := `version: 1
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
	if got := string(Format(mustParse(t, "valid.yaml", valid))); got != want {
		t.Errorf("got:\n%s", got)
	}
}
