package scenarios

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// readDecimal reads digits with at most one point from the start of the text,
// as a whole number of the unit 10^-places, and returns what is left of it.
func readDecimal(text string, places int) (n int64, rest string, ok bool) {
	i, point := 0, -1
	for ; i < len(text); i++ {
		switch c := text[i]; {
		case isDigit(c):
			if n > (1<<62)/10 {
				return 0, text, false
			}
			n = n*10 + int64(c-'0')
		case c == '.' && point < 0 && i > 0 && i+1 < len(text) && isDigit(text[i+1]):
			point = i
		default:
			return scaled(n, text, i, point, places)
		}
	}
	return scaled(n, text, i, point, places)
}

func scaled(n int64, text string, end, point, places int) (int64, string, bool) {
	if end == 0 {
		return 0, text, false
	}
	given := 0
	if point >= 0 {
		given = end - point - 1
	}
	for ; given < places; given++ {
		if n > (1<<62)/10 {
			return 0, text, false
		}
		n *= 10
	}
	for ; given > places; given-- {
		if n%10 != 0 {
			return 0, text, false
		}
		n /= 10
	}
	return n, text[end:], true
}

// readSign takes the sign from the start of the text.
func readSign(text string) (sign int64, rest string) {
	switch {
	case strings.HasPrefix(text, "-"):
		return -1, text[1:]
	case strings.HasPrefix(text, "+"):
		return 1, text[1:]
	default:
		return 1, text
	}
}

// nanosOf holds the units of time in nanoseconds.
var nanosOf = map[string]int64{
	"us": microsecond, "ms": millisecond, "s": second, "m": minute, "h": hour,
}

func readLength(f *Field, text string) (Length, *problem) {
	sign, body := readSign(text)
	micros, unit, ok := readDecimal(body, 6)
	switch {
	case !ok && strings.TrimLeft(body, "0123456789.") == body:
		return Length{}, &problem{
			message: fmt.Sprintf("%s is no length of time; `%s` is a number with a unit, such as 500ms "+
				"or 2.5ttl",
				quoted(text), f.Name),
			allowed: wordNames(unitWords),
		}
	case !ok:
		return Length{}, &problem{message: fmt.Sprintf("%s is too long or too fine a number", quoted(text))}
	case unit == "":
		return Length{}, &problem{
			message: fmt.Sprintf("%s has no unit; `%s` is a length of time, such as %ss or %sttl",
				quoted(text), f.Name, body, body),
			allowed: wordNames(unitWords),
		}
	}
	length, known := Length{TTLs: sign * micros}, unit == "ttl"
	if nanos, ok := nanosOf[unit]; ok {
		known = true
		if micros/1_000_000 > longestNanos/nanos {
			return Length{}, &problem{message: fmt.Sprintf("%s is longer than a year", quoted(text))}
		}
		length = Length{Nanos: sign * (micros/1_000_000*nanos + micros%1_000_000*nanos/1_000_000)}
		if micros%1_000_000*nanos%1_000_000 != 0 {
			return Length{}, &problem{message: fmt.Sprintf("%s is finer than a nanosecond", quoted(text))}
		}
	}
	switch {
	case !known:
		return Length{}, &problem{
			message: fmt.Sprintf("unknown unit %s in %s", quoted(unit), quoted(text)),
			got:     unit, allowed: wordNames(unitWords),
			offset: utf8.RuneCountInString(text[:len(text)-len(unit)]),
		}
	case length.TTLs > longestTTLs || length.TTLs < -longestTTLs:
		return Length{}, &problem{message: fmt.Sprintf("%s is longer than 100000ttl", quoted(text))}
	case sign < 0 && !f.Signed:
		return Length{}, &problem{message: fmt.Sprintf("`%s` cannot be negative", f.Name)}
	}
	return length, nil
}

func (l Length) absent() bool { return l.IsZero() }

func (l *Length) read(f *Field, text string) *problem {
	if strings.Contains(text, "..") {
		return &problem{message: fmt.Sprintf("`%s` is one length of time; a range cannot stand here", f.Name)}
	}
	length, bad := readLength(f, text)
	if bad == nil && length.IsZero() && !f.Zero {
		bad = zeroProblem(f)
	}
	if bad == nil {
		*l = length
	}
	return bad
}

func zeroProblem(f *Field) *problem {
	return &problem{message: fmt.Sprintf("`%s` must be above zero; leave the field out instead", f.Name)}
}

func (s Span) absent() bool { return s.IsZero() }

func (s *Span) read(f *Field, text string) *problem {
	var span Span
	bad := readRange(text, func(part string, first bool) *problem {
		length, bad := readLength(f, part)
		if first {
			span.Min = length
		}
		span.Max = length
		return bad
	})
	switch {
	case bad != nil:
		return bad
	case span.Fixed() && span.IsZero() && !f.Zero:
		return zeroProblem(f)
	case !span.Mixed() && (span.Min.Nanos > span.Max.Nanos || span.Min.TTLs > span.Max.TTLs):
		return turnedRange(span.Min, span.Max)
	}
	*s = span
	return nil
}

// Mixed tells whether only the ttl decides which end of the range is the
// longer one.
func (s Span) Mixed() bool {
	return s.Min.Nanos != s.Max.Nanos && s.Min.TTLs != s.Max.TTLs
}

// readRange calls take with the text, or with both ends of `a..b`.
func readRange(text string, take func(part string, first bool) *problem) *problem {
	first, last, isRange := strings.Cut(text, "..")
	if bad := take(strings.TrimSpace(first), true); bad != nil || !isRange {
		return bad
	}
	bad := take(strings.TrimSpace(last), false)
	if bad != nil {
		bad.offset += utf8.RuneCountInString(first) + len("..")
	}
	return bad
}

func turnedRange(low, high fmt.Stringer) *problem {
	return &problem{message: fmt.Sprintf("the range %s..%s begins above its end", low, high)}
}

func readPercent(f *Field, text string) (Percent, *problem) {
	sign, body := readSign(text)
	units, rest, ok := readDecimal(body, 4)
	switch {
	case ok && rest == "":
		return 0, &problem{message: fmt.Sprintf("%s has no percent sign; `%s` is a percentage, such as %s%%",
			quoted(text), f.Name, body)}
	case !ok || rest != "%":
		return 0, &problem{message: fmt.Sprintf("%s is no percentage; `%s` is one, such "+
			"as 90%%", quoted(text), f.Name)}
	case units > int64(100*OnePercent):
		return 0, &problem{message: fmt.Sprintf("`%s` is %s, beyond 100%%", f.Name, text)}
	case sign < 0 && !f.Signed:
		return 0, &problem{message: fmt.Sprintf("`%s` cannot be negative", f.Name)}
	}
	return Percent(sign * units), nil
}

func (p Percent) absent() bool { return p == 0 }

func (p *Percent) read(f *Field, text string) *problem {
	got, bad := readPercent(f, text)
	if bad == nil && got == 0 && !f.Zero {
		bad = zeroProblem(f)
	}
	if bad == nil {
		*p = got
	}
	return bad
}

func (r PercentRange) absent() bool { return r.IsZero() }

func (r *PercentRange) read(f *Field, text string) *problem {
	var got PercentRange
	bad := readRange(text, func(part string, first bool) *problem {
		percent, bad := readPercent(f, part)
		if first {
			got.Min = percent
		}
		got.Max = percent
		return bad
	})
	switch {
	case bad != nil:
		return bad
	case got.IsZero() && !f.Zero:
		return zeroProblem(f)
	case got.Min > got.Max:
		return turnedRange(got.Min, got.Max)
	}
	*r = got
	return nil
}

func (c Count) absent() bool { return c.IsZero() }

func (c *Count) read(f *Field, text string) *problem {
	var got Count
	bad := readRange(text, func(part string, first bool) *problem {
		n, bad := readWhole(f, part)
		if first {
			got.Min = n
		}
		got.Max = n
		return bad
	})
	if bad != nil {
		return bad
	}
	if got.Min > got.Max {
		return &problem{message: fmt.Sprintf("the range %s begins above its end", text)}
	}
	*c = got
	return nil
}
