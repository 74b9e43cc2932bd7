package scenarios

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// The bytes that a rate of a link may count in.
var byteUnits = []struct {
	name  string
	bytes int64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"KB", 1_000}, {"MB", 1_000_000}, {"B", 1}}

func (r Rate) absent() bool { return r.IsZero() }

func (r *Rate) read(f *Field, text string) *problem {
	amount, per, isRate := strings.Cut(text, "/")
	shape := &problem{message: fmt.Sprintf("%s is no rate; `%s` is one, such as 20/s "+
		"or 10/m", quoted(text), f.Name)}
	if !isRate {
		return shape
	}
	milli, rest, ok := readDecimal(amount, 3)
	factor := int64(1)
	for _, u := range byteUnits {
		if f.Bytes && rest == u.name {
			factor, rest = u.bytes, ""
		}
	}
	const most = 1_000_000_000_000_000
	if !ok || rest != "" || milli > most/factor {
		return shape
	}
	if milli == 0 {
		return zeroProblem(f)
	}
	if per != "" && !isDigit(per[0]) {
		per = "1" + per
	}
	length, bad := readLength(&Field{Name: f.Name}, per)
	switch {
	case bad != nil && bad.got != "":
		bad.offset = utf8.RuneCountInString(amount) + 1
		return bad
	case bad != nil || length.IsZero():
		return shape
	}
	*r = Rate{Milli: milli * factor, Per: length}
	return nil
}

func (s Signals) absent() bool { return s == Signals{} }

// String returns the signals as they stand in a file.
func (s Signals) String() string {
	if s.Count != 0 {
		return Count{s.Count, s.Count}.String()
	}
	return s.Rate.String()
}

func (s *Signals) read(f *Field, text string) *problem {
	if strings.Contains(text, "/") {
		var r Rate
		bad := r.read(f, text)
		if bad == nil {
			*s = Signals{Rate: r}
		}
		return bad
	}
	n, bad := readWhole(f, text)
	if bad != nil {
		return &problem{message: fmt.Sprintf("`%s` is a rate, such as 20/s, or a whole number above "+
			"zero; %s is neither",
			f.Name, quoted(text))}
	}
	*s = Signals{Count: n}
	return nil
}

func (l Loss) absent() bool { return l == Loss{} }

// String returns the loss as it stands in a file.
func (l Loss) String() string {
	if !l.Writes.IsZero() {
		return l.Writes.String()
	}
	return l.Window.String()
}

func (l *Loss) read(f *Field, text string) *problem {
	if strings.Trim(text, "0123456789.") == "" {
		var c Count
		bad := c.read(f, text)
		if bad == nil {
			*l = Loss{Writes: c}
		}
		return bad
	}
	var s Span
	bad := s.read(f, text)
	if bad == nil {
		*l = Loss{Window: s}
	}
	return bad
}

// asFor is the sentinel of `suspend: true`, which takes its length from `for`.
var asFor = Length{Nanos: -1}.Span()

// suspendValue is a length of time, or true.
type suspendValue struct{ *Span }

func (v suspendValue) read(f *Field, text string) *problem {
	if text == "true" {
		*v.Span = asFor
		return nil
	}
	return v.Span.read(f, text)
}
