package scenarios

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// author writes valid files from the table of shapes, so that a field that is
// added to the table is tested without a line of its own.
type author struct {
	// draw returns a number below n.
	draw func(n int) int
	// want, if any, is a field that the file must hold, with wantWord as its
	// value unless that is "".
	want     *Field
	wantWord string

	ids   []string // of the steps so far
	names []string // bound by the steps so far
	// forGood: the step that is being written is never healed.
	forGood bool
}

func (a *author) pick(from ...string) string { return from[a.draw(len(from))] }

// file writes a whole file, with at least one `never`.
func (a *author) file() string {
	var b strings.Builder
	a.fields(&fileShape, func(key, text string) { fmt.Fprintf(&b, "%s: %s\n", key, text) })
	return b.String()
}

// mapping writes a mapping in flow style.
func (a *author) mapping(s *Shape) string {
	var parts []string
	a.fields(s, func(key, text string) { parts = append(parts, key+": "+text) })
	return "{" + strings.Join(parts, ", ") + "}"
}

// fields writes some of a shape's fields, in their order.
func (a *author) fields(s *Shape, write func(key, text string)) {
	word := a.word(s)
	stands := a.standing(s, word)
	hit := ""
	for i := range s.Fields {
		f := &s.Fields[i]
		if !stands[f.Name] || f.Name == "as" && severalHit(hit) {
			continue
		}
		text := a.special(s, f, word, stands)
		if text == "" {
			text = a.value(f)
		}
		if f.Kind == NodeKind || f.Kind == LinkKind {
			hit = text
		}
		if f.Name == "as" {
			a.names = append(a.names, text)
		}
		write(f.Name, text)
	}
	if s == &stepShape {
		// Only now, lest the step waits for itself.
		a.ids = append(a.ids, "step-"+strconv.Itoa(len(a.ids)))
	}
}

func severalHit(hit string) bool {
	left, right, _ := strings.Cut(hit, " ")
	if slices.Contains(storeWords()[1:], left) {
		_, left, _ = strings.Cut(right, " ")
	}
	return left == "all" || left == "followers" || slices.Contains(storeWords(), left)
}

// standing chooses which fields stand.
func (a *author) standing(s *Shape, word *Word) map[string]bool {
	stands, only := map[string]bool{}, s.byWord()
	for i := range s.Fields {
		f := &s.Fields[i]
		allowed := !only[f.Name] || slices.Contains(word.Takes, f.Name)
		stands[f.Name] = f.Required || allowed && (a.wants(f) || a.draw(3) == 0)
		if only[f.Name] && slices.Contains(word.Needs, f.Name) {
			stands[f.Name] = true
		}
	}
	for _, c := range s.Choices {
		one := a.choose(s, c)
		for _, name := range c.Of {
			stands[name] = name == one
		}
	}
	switch s {
	case &fileShape:
		stands["workload"], stands["steps"] = true, true
	case &workloadShape:
		stands["signals"] = true
	case &clockShape:
		stands["for"] = stands["for"] && !stands["suspend"]
	case &stepShape:
		stands["id"] = true
		stands["plus"] = stands["plus"] && stands["after"]
		stands["heals"] = stands["heals"] && (stands["kill"] || stands["stop"] || stands["pause"]) &&
			(a.want == nil || a.want == s.field("heals"))
		a.forGood = stands["heals"]
	case &killShape, &stopShape:
		stands["restart"] = stands["restart"] && !a.forGood
	case &pauseShape:
		stands["for"] = stands["for"] && !a.forGood
	case &nemesisShape:
		stands["quiet_every"] = stands["quiet_every"] || stands["quiet_for"]
	case &netShape:
		if word.Name == string(Flap) {
			stands["delay"] = !stands["rate"] || a.want != s.field("rate")
			stands["rate"] = !stands["delay"]
		}
	}
	return stands
}

// wants tells whether the wanted field is this one, or stands somewhere in it.
func (a *author) wants(f *Field) bool {
	if a.want == nil || f == a.want {
		return a.want != nil
	}
	for i := 0; f.Object != nil && i < len(f.Object.Fields); i++ {
		if a.wants(&f.Object.Fields[i]) {
			return true
		}
	}
	return false
}

// word chooses the word that decides which other fields may stand.
func (a *author) word(s *Shape) *Word {
	if s.By == "" {
		return &Word{}
	}
	f := s.field(s.By)
	if a.want == f && a.wantWord != "" {
		return f.word(a.wantWord)
	}
	for i, w := range f.Words {
		if a.want != nil && a.want == s.field(a.want.Name) &&
			(slices.Contains(w.Needs, a.want.Name) || slices.Contains(w.Takes, a.want.Name)) {
			return &f.Words[i]
		}
	}
	return &f.Words[a.draw(len(f.Words))]
}

// choose chooses one field of a choice.
func (a *author) choose(s *Shape, c Choice) string {
	options := slices.Clone(c.Of)
	if s == &stepShape && len(a.ids) == 0 {
		options = slices.DeleteFunc(options, func(name string) bool { return name == "after" })
	}
	if s == &stepShape && c.Name == "verb" && a.want != nil && a.want == s.field("heals") {
		return a.pick("kill", "stop", "pause")
	}
	for _, name := range options {
		if a.wants(s.field(name)) || a.want != nil && a.want == s.field(a.want.Name) && a.want.With == name {
			return name
		}
	}
	return a.pick(options...)
}

// special writes the values that depend on their neighbours, or returns "".
func (a *author) special(s *Shape, f *Field, word *Word, stands map[string]bool) string {
	switch {
	case f.Name == s.By:
		return word.Name
	case s == &fileShape && f.Name == "tiers" && stands["tier_reason"]:
		return a.pick("sim", "[real]")
	case s == &fileShape && f.Name == "tiers":
		return a.pick("[sim, real]", "[real, sim]")
	case s == &fileShape && f.Name == "expect":
		return "[{never: recovers}, " + a.mapping(&expectShape) + ", " + a.mapping(&expectShape) + "]"
	case s == &workloadShape && f.Name == "signals" && stands["every"]:
		return strconv.Itoa(1 + a.draw(50))
	case s == &workloadShape && f.Name == "signals":
		return a.pick("1/s", "20/s", "2.5/ms", "3/10ms")
	case s == &assumeShape && f.Name == "min_traffic":
		return a.pick("1/h", "0.5/m", "1/30s")
	case s == &leaseShape && f.Name == "ttl":
		return a.pick("1s", "3s", "1500ms", "0.5m")
	case s == &redisSetupShape && f.Name == "mode":
		return "replicated"
	case s == &runShape && f.Name == "duration":
		return "8000h"
	case s == &nemesisShape && f.Name == "quiet_every":
		return "90000ttl"
	case s == &nemesisShape && f.Name == "quiet_for":
		return a.pick("2ttl", "0.5s")
	case s == &netShape && f.Name == "link" && word.Name == string(CutReply):
		return a.node() + " " + a.pick("<->", "<-") + " all"
	case f.Name == "from" && stands["until"]:
		return a.pick("last.start", "step-0.start", "step-0.end")
	case f.Kind == NodeKind && a.want != nil && a.want == s.field("as"):
		return "n1"
	case f.Kind == LinkKind && a.want != nil && a.want == s.field("as"):
		return a.pick("leader <-> all", "any -> all")
	case s == &redisShape && f.Name == "to":
		return a.pick("leader", "n1", "follower", "any")
	case f.Name == "until" && stands["from"]:
		return "last.end"
	case f.Name == "class" && (s == &stepShape || s == &expectShape):
		// What is meant for fewer classes may not be there, nor what it refers to.
		return a.pick("[A, B, C, D]", "[D, B, C, A]")
	case s == &stepShape && f.Name == "id":
		return "step-" + strconv.Itoa(len(a.ids))
	case f.Name == "as":
		return "name" + strconv.Itoa(len(a.names))
	default:
		return ""
	}
}
