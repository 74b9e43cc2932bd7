package scenarios

import (
	"slices"
	"strconv"
	"strings"
)

// value writes a value of the field's kind.
func (a *author) value(f *Field) string {
	switch f.Kind {
	case TextKind:
		return a.text()
	case NameKind:
		return a.pick("a", "backlog_signals", "N-1", "on", "no", "y")
	case VersionKind:
		return strconv.Itoa(Version)
	case IntKind:
		return strconv.Itoa(1 + a.draw(min(max(f.Max, 9), 99)))
	case CountKind:
		return a.pick("1", "7", "2..6", "1..1")
	case LengthKind:
		return a.length(f)
	case SpanKind, SuspendKind:
		return a.span(f)
	case RateKind:
		return a.rate(f)
	case PercentKind, PercentRangeKind:
		return a.percent(f)
	case NumberKind:
		return a.pick("0", "0.5", "-3", "90%", "1000000", "0.000001", "-0.25%")
	case LossKind:
		return a.pick("3", "1..4", "50ms", "10ms..0.5ttl")
	default:
		return a.compound(f)
	}
}

// compound writes words, parties, lists and mappings.
func (a *author) compound(f *Field) string {
	switch f.Kind {
	case WordKind:
		if f == a.want && a.wantWord != "" {
			return a.wantWord
		}
		return a.pick(wordNames(f.Words)...)
	case WordListKind:
		if f == a.want && a.wantWord != "" {
			return a.wantWord
		}
		return a.some(wordNames(f.Words))
	case TextListKind:
		if a.draw(8) == 0 {
			return "[]"
		}
		return a.some([]string{"pr", a.text(), "gray failure", "\"null\""})
	case CatchesKind:
		return a.some([]string{"belief-by-flag", "fails-open+no-gate-before-wire", "blind-retry"})
	case NodeKind:
		return a.node()
	case NodeListKind:
		return a.some([]string{a.node(), "n1", "candidate"})
	case LinkKind:
		return a.link()
	case MomentKind:
		if len(a.ids) == 0 {
			return "last.start"
		}
		return a.pick(a.ids...) + a.pick(".start", ".end")
	case ObjectKind:
		return a.mapping(f.Object)
	case ObjectListKind:
		return a.steps()
	case SettingsKind:
		return a.pick("{}", "{http: {timeout: 3s}, log.level: debug}",
			"{a: 1, b: true, c: 0.30, d: "+a.text()+"}")
	case WeightsKind:
		return a.pick("{kill: 1}", "{net: 3, pause: 0, redis: 2}")
	default:
		panic("no value of kind " + f.Kind.String())
	}
}

// steps writes up to three steps, and one more for expectations to refer to.
func (a *author) steps() string {
	var all []string
	for range 1 + a.draw(3) {
		all = append(all, a.mapping(&stepShape))
	}
	a.ids = append(a.ids, "last")
	all = append(all, "{id: last, at: 1s, kill: {node: leader}}")
	return "[" + strings.Join(all, ", ") + "]"
}

// some writes one word, or a list of them in any order.
func (a *author) some(words []string) string {
	words = slices.Clone(words)
	slices.Sort(words)
	words = slices.Compact(words)
	for i := range words {
		j := i + a.draw(len(words)-i)
		words[i], words[j] = words[j], words[i]
	}
	n := a.draw(len(words) + 1)
	if n == 0 {
		return words[0]
	}
	return "[" + strings.Join(words[:n], ", ") + "]"
}

func (a *author) node() string {
	nodes := []string{"leader", "follower", "followers", "candidate", "any", "all", "n1"}
	for _, name := range a.names {
		nodes = append(nodes, "$"+name)
	}
	return a.pick(nodes...)
}

func (a *author) link() string {
	left, right := a.node(), a.pick("redis", "postgres", "broker", "all", "redis_replica")
	if a.draw(6) == 0 {
		left, right = "redis_replica", "redis"
	}
	if a.draw(3) == 0 && left != "all" {
		left, right = right, left
	}
	return left + " " + a.pick("<->", "->", "<-") + " " + right
}

func (a *author) text() string {
	return a.pick(
		"A plain sentence.", `"quoted: yes, # no comment"`, "'it''s'", `"é \u00e9 \n two lines"`,
		"null-and-void",
		`"null"`,
		`"~"`, `"- a"`, `"  blanks  "`, `"a  b"`, "12", "0x1F", "1_000", "1e3", "true", "n", "12:30",
		`"*a"`, `"&a"`, `"a: b"`,
		`"\ttab"`, `"-"`, `"\\"`, `"\""`, `"@"`, ".5", "2026-01-02", `"😀"`, `"..."`,
		`"---"`, `"<<"`, `"!x"`, `"a #b"`, `"a'b"`,
	)
}

func (a *author) length(f *Field) string {
	text := a.pick("1us", "0.5us", "1.001ms", "1ms", "250ms", "1s", "1.5s", "90s", "2m", "61m", "3h",
		"0.1ttl", "2.5ttl", "3ttl", "100ttl")
	if f.Signed && a.draw(2) == 0 {
		return a.pick("-", "+") + text
	}
	return text
}

func (a *author) span(f *Field) string {
	if a.draw(2) == 0 {
		return a.length(f)
	}
	text := a.pick("5ms..20ms", "1us..1h", "0.5ttl..2ttl", "1s..1s", "0s..3ms", "10us..3ttl")
	if f.Signed {
		return a.pick(text, "-1h..1h", "-0.9ttl..-0.1ttl", "-5ms..2ttl")
	}
	return text
}

func (a *author) rate(f *Field) string {
	if f.Bytes {
		return a.pick("10/s", "8KB/s", "1.5MiB/s", "64KiB/100ms", "300B/ttl")
	}
	return a.pick("20/s", "10/m", "0.5/h", "2/ttl", "1/5s", "3/ms")
}

func (a *author) percent(f *Field) string {
	if f.Kind == PercentKind {
		return a.pick("1%", "90%", "0.01%", "99.5%", "100%")
	}
	return a.pick("5%", "-5%", "+0.5%", "-5%..5%", "1%..2%", "0%..1%")
}
