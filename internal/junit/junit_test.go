package junit

import (
	"bytes"
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fencepost/scenarios"
)

// read decodes what a report was written as.
func read(t *testing.T, text []byte) Report {
	t.Helper()
	var r Report
	d := xml.NewDecoder(bytes.NewReader(text))
	d.Strict = true
	if err := d.Decode(&r); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return r
}

// judged is a case with a verdict.
func judged(name string, v scenarios.RunVerdict, message string) Case {
	c := Case{Class: "sim.x", Name: name, Time: 1.5}
	c.Judge(v, Problem{Type: "single-executor", Message: message, Text: "replay: bin/drill run x\n"})
	return c
}

func TestVerdictsBecomeFailuresAndErrorsAndNeverSkips(t *testing.T) {
	t.Parallel()
	r := Report{Name: "drill run", Suites: []Suite{{Name: "x", Cases: []Case{
		judged("seed 1", scenarios.Pass, ""), judged("seed 2", scenarios.Fail, "two permits"),
		judged("seed 3", scenarios.Invalid, "no traffic"), judged("seed 4", scenarios.Unknown, "gave up"),
		judged("seed 5", scenarios.Crash, "no server"),
	}}}}
	var text bytes.Buffer
	if err := r.Write(&text); err != nil {
		t.Fatal(err)
	}
	got := read(t, text.Bytes())
	if got.Tests != 5 || got.Failures != 1 || got.Errors != 3 || len(got.Suites) != 1 ||
		got.Suites[0].Failures != 1 || got.Suites[0].Errors != 3 || got.Suites[0].Time != 7.5 {
		t.Errorf("%+v", got)
	}
	cases := got.Suites[0].Cases
	if cases[0].Failure != nil || cases[0].Error != nil {
		t.Errorf("what passed: %+v", cases[0])
	}
	if f := cases[1].Failure; f == nil || f.Type != "single-executor" || f.Message != "two permits" ||
		!strings.Contains(f.Text, "replay: bin/drill run x") {
		t.Errorf("what failed: %+v", f)
	}
	for i, want := range []string{"invalid", "unknown", "crash"} {
		if e := cases[2+i].Error; e == nil || e.Type != want {
			t.Errorf("%s: %+v", want, e)
		}
	}
	if strings.Contains(text.String(), "<skipped") {
		t.Error("something was skipped")
	}
}

func TestWhatXMLDoesNotHaveIsReplaced(t *testing.T) {
	t.Parallel()
	c := judged("seed 1", scenarios.Fail, "a < b & \"c\" \x00 \xff ]]> \u2026")
	r := Report{Suites: []Suite{{Name: "<x>", Cases: []Case{c}}}}
	var text bytes.Buffer
	if err := r.Write(&text); err != nil {
		t.Fatal(err)
	}
	got := read(t, text.Bytes())
	if m := got.Suites[0].Cases[0].Failure.Message; !strings.HasPrefix(m, "a < b & \"c\" ") ||
		!strings.HasSuffix(m, "]]> \u2026") {
		t.Errorf("%q", m)
	}
}

func TestAReportIsKeptWhole(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "out", "junit.xml")
	for range 2 {
		r := Report{Suites: []Suite{{Name: "x", Cases: []Case{judged("seed 1", scenarios.Pass, "")}}}}
		if err := r.Keep(file); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, text); got.Tests != 1 {
		t.Errorf("%+v", got)
	}
	left, err := os.ReadDir(filepath.Dir(file))
	if err != nil || len(left) != 1 {
		t.Errorf("%v %v", left, err)
	}
}
