package assault

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strings"
	"time"
)

// Site is what a family knows of the place that it attacks.
type Site struct {
	// Host is HOST:PORT; Token is a live path token.
	Host, Token string
	// Secret signs bodies by the Standard Webhooks convention; empty where the
	// source is not signed.
	Secret string
	// Stored is the body of a signal that is in the ledger.
	Stored string
	// Now is the sender's clock, in seconds.
	Now int64
}

// path is where signals go.
func (s *Site) path() string { return "/webhook/" + s.Token }

// Shot is one input, and what is owed for it.
type Shot struct {
	// Pieces are written one after the other, with a gap between them.
	Pieces [][]byte
	Gap    time.Duration
	// Leaves closes the connection once everything is written, without reading.
	// Waits neither closes nor ends the request: the server has to act.
	Leaves, Waits bool
	// Body is what a reader of JSON would get of it, nil where that is not the
	// point.
	Body []byte
	Owed Owed
	// Key and Instrument are those of a signal that may be taken, "" else.
	Key, Instrument string
}

// Owed is what the service owes for one shot. That it never answers by a 5xx,
// never takes what it must not, and that each refusal leaves one line in the log,
// goes without saying.
type Owed struct {
	// Codes are the answers that are right; none means any 4xx.
	Codes []int
	// Problem: the answer is a problem document, and names Field unless it is
	// empty.
	Problem bool
	Field   string
	// Drop: a connection that is closed without an answer is right too.
	Drop bool
}

// problem is what is owed for a body that is wrong.
func problem(field string) Owed {
	return Owed{Codes: []int{400}, Problem: true, Field: field}
}

// Draw makes one shot: chance, the place, and the shot's own mark, which no other
// shot bears and which is searched for in the ledger afterwards.
type Draw struct {
	*rand.Rand
	*Site

	Mark string
}

// newDraw returns the chance of one shot of a family.
func newDraw(site *Site, seed uint64, family string, number int) *Draw {
	sum := fnv.New64a()
	sum.Write([]byte(family))
	return &Draw{
		Rand: rand.New(rand.NewPCG(seed, sum.Sum64()+uint64(number))), Site: site,
		Mark: fmt.Sprintf("%s%s-%d", MarkOf(seed), family, number),
	}
}

// MarkOf is what the marks of all shots of a seed begin with.
func MarkOf(seed uint64) string { return fmt.Sprintf("assault-%d-", seed) }

// pick draws one of several.
func pick[T any](d *Draw, of ...T) T { return of[d.IntN(len(of))] }

// between draws a number from least to most.
func (d *Draw) between(least, most int) int { return least + d.IntN(most-least+1) }

// member is one member of a JSON object: its name, and its value as JSON.
type member struct{ name, value string }

// signal returns the members of a signal that nothing is wrong with. It bears the
// mark, and nobody else's id.
func (d *Draw) signal() []member {
	list := []member{
		{"type", pick(d, `"BASE_ENTRY"`, `"PYRAMID"`, `"EXIT"`)},
		{"instrument", pick(d, `"BANK_NIFTY"`, `"GOLD_MINI"`, `"COPPER"`)},
		{"position", quote(pick(d, "Long_", "Short_") + d.Mark)},
		{"timestamp", `"2026-01-05T09:15:00+05:30"`},
		{"signal_id", quote(d.Mark)},
		{"price", "52000.5"},
		{"stop", "51800"},
		{"lots", "2"},
	}
	for _, optional := range []member{
		{"atr", "310.25"},
		{"er", "0.82"},
		{"supertrend", "51900"},
		{"roc", "-1.5"},
		{"reason", `"breakout"`},
		{"valid_for", `"90s"`},
		{"desk", `{"note": [1, null, "x"]}`},
	} {
		if d.IntN(3) == 0 {
			list = append(list, optional)
		}
	}
	if d.IntN(4) == 0 {
		d.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	}
	return list
}

// object writes members as JSON, in one of the ways in which it can be written.
func (d *Draw) object(list []member) string {
	colon, comma := pick(d, ":", ": ", " :\t"), pick(d, ",", ", ", ",\n  ")
	parts := make([]string, len(list))
	for i, m := range list {
		parts[i] = quote(m.name) + colon + m.value
	}
	return "{" + strings.Join(parts, comma) + "}"
}

// set gives the member another value; it is added if it is not there.
func set(list []member, name, value string) []member {
	for i := range list {
		if list[i].name == name {
			list[i].value = value
			return list
		}
	}
	return append(list, member{name, value})
}

// drop takes the member away.
func drop(list []member, name string) []member {
	var kept []member
	for _, m := range list {
		if m.name != name {
			kept = append(kept, m)
		}
	}
	return kept
}

// quote writes a text as JSON, without a look at what is in it but quotes and
// backslashes.
func quote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

// request writes a request with a body whose length is declared.
func (d *Draw) request(line string, body []byte, headers ...string) []byte {
	head := line + " HTTP/1.1\r\nHost: " + d.Host + "\r\nConnection: close\r\n"
	for _, h := range append(headers, d.signature(body)...) {
		head += h + "\r\n"
	}
	return append(fmt.Appendf(nil, "%sContent-Length: %d\r\n\r\n", head, len(body)), body...)
}

// post is a shot whose body alone is wrong.
func (d *Draw) post(body string, owed Owed) Shot {
	text := []byte(body)
	return Shot{
		Pieces: [][]byte{d.request("POST "+d.path(), text, "Content-Type: application/json")},
		Body:   text, Owed: owed,
	}
}
