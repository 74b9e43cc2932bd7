package tape

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestATapeIsOneDrawALine(t *testing.T) {
	l := &List{Seed: 17, Seeded: true, Entries: []Entry{
		{"nemesis.kind", "n1", 3, 42}, {"clock", "-", 0, 0}, {"step.span", "freeze", 1, 1 << 63},
	}}
	const want = "rest = seed 17\nnemesis.kind n1 3 = 0x2a\nclock - 0 = 0x0\n" +
		"step.span freeze 1 = 0x8000000000000000\n"
	if got := l.Text(); got != want {
		t.Errorf("%q", got)
	}
	const loose = "# found on a Monday\n\n  rest =  seed 17 # of that run\nnemesis.kind\tn1 3 = 42\r\n" +
		"clock - 0 = 0\nstep.span freeze 1 = 0x8000000000000000"
	if got, err := Parse("f", loose); err != nil || !reflect.DeepEqual(got, l) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestAMistakeInATapeHasAPlace(t *testing.T) {
	for text, want := range map[string]string{
		"clock":                              "f:1:6: the line breaks off before an actor (- for nobody)",
		"clock n1 0 =":                       "f:1:13: the line breaks off before an answer",
		"\nclock n1 -1 = 0":                  `f:2:10: "-1" is no number of a draw`,
		"clock n1 0 : 0":                     `f:1:12: ":" where = belongs`,
		"clock n1 0 = x":                     `f:1:14: "x" is no answer`,
		"clock n1 0 = 0x1ffffffffffffffff":   `f:1:14: "0x1ffffffffffffffff" is no answer`,
		"clock n1 0 = 0 1":                   `f:1:16: "1" follows the answer`,
		"a - 0 = 1\nb - 0 = 1\n a - 0 = 2":   "f:3:2: line 1 answers the same draw",
		"rest = seed":                        "f:1:12: the seed is missing",
		"rest = 5":                           `f:1:8: "5" where seed belongs`,
		"rest = seed five":                   `f:1:13: "five" is no seed`,
		"rest = seed 5 6":                    `f:1:15: "6" follows the seed`,
		"a - 0 = 1\nrest = seed 5":           "f:2:1: rest stands once, before all draws",
		"rest = seed 5\nrest = seed 5":       "f:2:1: rest stands once, before all draws",
		"rest":                               "f:1:5: the line breaks off",
		"clock n1 99999999999 = 0 # comment": `f:1:10: "99999999999" is no number of a draw`,
	} {
		if _, err := Parse("f", text); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, not %s", text, err, want)
		}
	}
}

func TestATapeThatFitsNoRunIsRefused(t *testing.T) {
	node, step := siteNode.String(), siteStep.String()
	for text, want := range map[string]string{
		"":                            "f:1:1: the tape is empty",
		"\n# a remark\n":              "f:1:1: the tape is empty",
		"rest = seed 1\n x.y - 0 = 1": "f:2:2: x.y is no site of this program",
		node + " - 0 = 1":             "draws for nodes",
		node + " n0 0 = 1":            "draws for nodes",
		node + " n1 0":                "the line breaks off",
		step + " 0 0 = 1":             "draws for steps",
	} {
		_, err := Read("f", text)
		var wrong *Error
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), want) || wrong.Line*wrong.Column < 1 {
			t.Errorf("%q: %v, not %s", text, err, want)
		}
	}
	for _, text := range []string{"rest = seed 1\n", node + " n7 0 = 1\n", step + " x 0 = 1"} {
		if _, err := Read("f", text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"", "rest = seed 17\nnemesis.kind n1 3 = 0x2a\n", "a - 0 = 1 # b", "a\tb 1 = 0b11\r\n",
		"rest", "a = b",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l, err := Parse("f", text)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Line < 1 || e.Column < 1 {
				t.Fatalf("%v has no place", err)
			}
			return
		}
		again, err := Parse("f", l.Text())
		if err != nil {
			t.Fatalf("%q was written, but cannot be read: %v", l.Text(), err)
		}
		if again.Text() != l.Text() || !reflect.DeepEqual(again, l) {
			t.Fatalf("%q became %q", l.Text(), again.Text())
		}
	})
}
