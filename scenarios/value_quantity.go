package scenarios

import (
	"fmt"
	"math"
	"math/bits"
	"strings"
	"unicode/utf8"
)

// number is a decimal as it was written: digits divided by ten to the power of
// places.
type number struct {
	digits uint64
	places int
}

// readNumber reads digits with at most one point from the start of the text, and
// returns what is left of it. It fails where there are none, or too many.
func readNumber(text string) (n number, rest string, ok bool) {
	point, i := -1, 0
	for ; i < len(text); i++ {
		c := text[i]
		if c == '.' && point < 0 && i > 0 && i+1 < len(text) && isDigit(text[i+1]) {
			point = i
			continue
		}
		if !isDigit(c) {
			break
		}
		if n.digits > (1<<63)/10 {
			return number{}, text, false
		}
		n.digits = n.digits*10 + uint64(c-'0')
		if point >= 0 {
			n.places++
		}
	}
	return n, text[i:], i > 0
}

// times returns the number times the unit, and whether that is a whole number
// that fits.
func (n number) times(unit int64) (product int64, exact bool) {
	high, low := bits.Mul64(n.digits, uint64(unit))
	divisor := uint64(1)
	for range n.places {
		// More places than a whole number has digits leave nothing of it.
		if divisor > math.MaxUint64/10 {
			return 0, n.digits == 0
		}
		divisor *= 10
	}
	if high >= divisor {
		return math.MaxInt64, false
	}
	quotient, remainder := bits.Div64(high, low, divisor)
	if quotient > math.MaxInt64 {
		return math.MaxInt64, false
	}
	return int64(quotient), remainder == 0
}

// readDecimal reads a number as a multiple of the unit 10^-places.
func readDecimal(text string, places int) (product int64, rest string, ok bool) {
	n, rest, ok := readNumber(text)
	unit := int64(1)
	for range places {
		unit *= 10
	}
	product, exact := n.times(unit)
	return product, rest, ok && exact
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
	n, unit, ok := readNumber(body)
	switch {
	case !ok && (body == "" || !isDigit(body[0])):
		return Length{}, &problem{
			message: fmt.Sprintf("%s is no length of time; `%s` is a number with a unit, such as 500ms",
				quoted(text), f.Name),
			allowed: wordNames(unitWords),
		}
	case !ok:
		return Length{}, &problem{message: fmt.Sprintf("%s has too many digits", quoted(text))}
	case unit == "":
		return Length{}, &problem{
			message: fmt.Sprintf("%s has no unit; `%s` is a length of time, such as %ss or %sttl",
				quoted(text), f.Name, body, body),
			allowed: wordNames(unitWords),
		}
	case sign < 0 && !f.Signed:
		return Length{}, &problem{message: fmt.Sprintf("`%s` cannot be negative", f.Name)}
	case unit == "ttl":
		micros, bad := n.inUnit(text, OneTTL, longestTTLs, "100000ttl", "a millionth of a ttl")
		return Length{TTLs: sign * micros}, bad
	}
	nanos, known := nanosOf[unit]
	if !known {
		return Length{}, &problem{
			message: fmt.Sprintf("unknown unit %s in %s", quoted(unit), quoted(text)),
			got:     unit, allowed: wordNames(unitWords),
			offset: utf8.RuneCountInString(text[:len(text)-len(unit)]),
		}
	}
	length, bad := n.inUnit(text, nanos, longestNanos, "a year", "a nanosecond")
	return Length{Nanos: sign * length}, bad
}

// inUnit returns the number times the unit, or says that it is longer than the
// longest or finer than the finest.
func (n number) inUnit(text string, unit, most int64, longest, finest string) (int64, *problem) {
	product, exact := n.times(unit)
	switch {
	case product > most:
		return 0, &problem{message: fmt.Sprintf("%s is longer than %s", quoted(text), longest)}
	case !exact:
		return 0, &problem{message: fmt.Sprintf("%s is finer than %s", quoted(text), finest)}
	}
	return product, nil
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
