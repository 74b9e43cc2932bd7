package scenarios

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestAllMistakesOfAFileAreReportedAtOnceInOrder(t *testing.T) {
	source := strings.NewReplacer("why:", "wy:", "at: 2s", "at: 2", "leader, as", "leeder, as",
		"effect: drop", "effect: dorp", "single-executor", "single-executer", "10ttl", "10").Replace(valid)
	all := refusals(t, "valid.yaml", source)
	var lines []int
	for _, e := range all {
		lines = append(lines, e.Line)
	}
	if want := []int{3, 10, 11, 14, 16, 18}; !slices.Equal(lines, want) {
		t.Errorf("errors in lines %v, want %v:\n%v", lines, want, all)
	}
}

func TestOneMistakeIsOneError(t *testing.T) {
	for _, change := range [][2]string{
		{"why:", "wy:"},
		{"kill:", "kil:"},
		{"at: 2s", "att: 2s"},
		{"elect:", "ellect:"},
		{"as: old", "az: old"},
		{"version: 1", "version: 7"},
		{"{nodes: 3,", "{nodes: three,"},
		{"effect: drop", "effect: reste"},
	} {
		if all := refusals(t, "valid.yaml", changed(t, change[0], change[1])); len(all) != 1 {
			t.Errorf("%s: %d errors:\n%v", change[1], len(all), all)
		}
	}
}

func TestAnErrorShowsLineCaretNearestAndAllowedWords(t *testing.T) {
	e := theRefusal(t, changed(t, "effect: drop", "effect: "+mark+"dorp"), "unknown effect")
	want := `valid.yaml:14:41: unknown effect "dorp"; did you mean drop?
   14 |     net: {link: $old <-> redis, effect: dorp}
                                                ^
        allowed: drop, hold, refuse, reset, latency, bandwidth, flap, cut_reply
`
	if got := e.Detail(); got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
	if first, _, _ := strings.Cut(want, "\n"); e.Error() != first {
		t.Errorf("on one line: %s", e.Error())
	}
}

func TestTheCaretCountsCharactersNotBytes(t *testing.T) {
	e := theRefusal(t, changed(t, "{signals: 20/s}", `{to: any, signals: `+mark+`"é20"}`), "is a rate")
	lines := strings.Split(e.Detail(), "\n")
	if caret := strings.Index(lines[2], "^"); []rune(lines[1])[caret] != '"' {
		t.Errorf("the caret points elsewhere:\n%s", e.Detail())
	}
}

func TestALongLineIsShownAroundTheCaret(t *testing.T) {
	long := "why: [" + strings.Repeat("x", 300) + ", " + mark + "&y]"
	e := theRefusal(t, changed(t, "why: A file to change.", long), "an anchor")
	lines := strings.Split(e.Detail(), "\n")
	caret := strings.Index(lines[2], "^")
	if len(lines[1]) > 120 || lines[1][caret] != '&' {
		t.Errorf("got:\n%s", e.Detail())
	}
}

func TestErrorsPrintAsTheContractSays(t *testing.T) {
	all := refusals(t, "valid.yaml", changed(t, "effect: drop", "effect: dorp"))
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"line":14,"column":41,"message":"unknown effect \"dorp\"","nearest":"drop",` +
		`"allowed":["drop","hold","refuse","reset","latency","bandwidth","flap","cut_reply"]}]`
	if string(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
	all = refusals(t, "valid.yaml", changed(t, "at: 2s", "at: 2s..1s"))
	if text, err = json.Marshal(all); err != nil || !strings.Contains(string(text), `"allowed":[]`) {
		t.Errorf("%v: %s", err, text)
	}
}

func TestEachErrorCanBeTakenOutOfTheErrors(t *testing.T) {
	_, err := Parse("valid.yaml", []byte(changed(t, "at: 2s", "at: 2")))
	var one *Error
	if !errors.As(err, &one) || one.Line != 10 {
		t.Errorf("got %v", one)
	}
}

func TestALaterLayerRefusesAtTheSamePlaces(t *testing.T) {
	s := mustParse(t, "valid.yaml", valid)
	e := s.Refuse(s.Steps[1].Place.Of("net.effect"), "drop", []string{"drip"}, "this engine cannot drop")
	if e.Line != 14 || e.Column != 41 || e.Nearest != "drip" || !strings.Contains(e.Source, "effect: drop") {
		t.Errorf("got %+v", e)
	}
	for field, want := range map[string]Position{
		"": {12, 5}, "after": {13, 12}, "net": {14, 10}, "net.link": {14, 17}, "net.delay": {12, 5},
	} {
		if got := s.Steps[1].Place.Of(field); got != want {
			t.Errorf("%q stands at %v, want %v", field, got, want)
		}
	}
	if at := s.Expect[1].Place.Of("elect.within"); at != (Position{17, 40}) {
		t.Errorf("elect.within stands at %v", at)
	}
	if at := s.Place.Of("cluster.lease.ttl"); at != (Position{6, 34}) {
		t.Errorf("cluster.lease.ttl stands at %v", at)
	}
}

func TestTheNearestWordIsTheOneThatWasMeant(t *testing.T) {
	for word, want := range map[string]string{
		"dorp": "drop", "Drop": "drop", "leeder": "leader", "permit.requestd": "permit.requested", "sec": "s",
		"xyzzy": "", "": "", "drop": "", "single_executor": "single-executor",
	} {
		allowed := append(wordNames(effectWords), "leader", "permit.requested", "s", "single-executor")
		if got := Nearest(word, allowed); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}

func TestAFileOfMistakesGetsABoundedAnswer(t *testing.T) {
	source := strings.Replace(valid, "expect:\n", "expect:\n"+strings.Repeat("  - nvr: x\n", 500), 1)
	if all := refusals(t, "valid.yaml", source); len(all) != maxErrors {
		t.Errorf("%d errors", len(all))
	}
}
