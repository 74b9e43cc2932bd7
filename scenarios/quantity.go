package scenarios

import "strconv"

// Percent is a share or a rate of change in millionths: 1% is 10,000.
type Percent int64

// OnePercent is the Percent of 1%.
const OnePercent Percent = 10_000

// Of returns that share of n, rounded towards zero. It is exact while n is
// below 9 million million.
func (p Percent) Of(n int64) int64 {
	return n/1_000_000*int64(p) + n%1_000_000*int64(p)/1_000_000
}

// String returns the percentage as it stands in a file, such as `-5%`.
func (p Percent) String() string { return decimal(int64(p), 4) + "%" }

// PercentRange is a range of percentages; the zero value stands for an absent
// field.
type PercentRange struct {
	Min, Max Percent
}

// IsZero tells whether the field was absent.
func (r PercentRange) IsZero() bool { return r == PercentRange{} }

// String returns the range as it stands in a file.
func (r PercentRange) String() string {
	if r.Min == r.Max {
		return r.Min.String()
	}
	return r.Min.String() + ".." + r.Max.String()
}

// Count is a range of whole numbers, from which the seed draws one; the zero
// value stands for an absent field.
type Count struct {
	Min, Max int
}

// IsZero tells whether the field was absent.
func (c Count) IsZero() bool { return c == Count{} }

// String returns the range as it stands in a file, such as `3` or `3..8`.
func (c Count) String() string {
	if c.Min == c.Max {
		return strconv.Itoa(c.Min)
	}
	return strconv.Itoa(c.Min) + ".." + strconv.Itoa(c.Max)
}

// Rate is a number of things in a stretch of time; the zero value stands for an
// absent field.
type Rate struct {
	Milli int64 // thousandths of a thing
	Per   Length
}

// IsZero tells whether the field was absent.
func (r Rate) IsZero() bool { return r == Rate{} }

// Interval returns the time between two things in nanoseconds, for a lease of
// ttl nanoseconds, or 0 for the zero rate.
func (r Rate) Interval(ttl int64) int64 {
	if r.Milli == 0 {
		return 0
	}
	per := r.Per.Resolve(ttl)
	return per/r.Milli*1000 + per%r.Milli*1000/r.Milli
}

// String returns the rate as it stands in a file, such as `20/s`.
func (r Rate) String() string {
	switch r.Per {
	case Length{Nanos: second}:
		return decimal(r.Milli, 3) + "/s"
	case Length{Nanos: minute}:
		return decimal(r.Milli, 3) + "/m"
	case Length{Nanos: hour}:
		return decimal(r.Milli, 3) + "/h"
	case Length{Nanos: millisecond}:
		return decimal(r.Milli, 3) + "/ms"
	case Length{TTLs: OneTTL}:
		return decimal(r.Milli, 3) + "/ttl"
	default:
		return decimal(r.Milli, 3) + "/" + r.Per.String()
	}
}

// decimal prints n divided by ten to the power of places, without trailing
// zeros and without floating point.
func decimal(n int64, places int) string {
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	digits := strconv.FormatInt(n, 10)
	for len(digits) <= places {
		digits = "0" + digits
	}
	whole, part := digits[:len(digits)-places], digits[len(digits)-places:]
	for part != "" && part[len(part)-1] == '0' {
		part = part[:len(part)-1]
	}
	if part == "" {
		return sign + whole
	}
	return sign + whole + "." + part
}
