package scenarios

import (
	"fmt"
	"slices"
	"strings"
)

// Entry is one meaning of one word of the format. A word may have several: a
// `pause` is a verb and a control mode.
type Entry struct {
	Word string
	// Kind says what the word is, such as "verb" or "field of net".
	Kind string
	Doc  string
	// Field is the field that the word names, nil for other words.
	Field *Field
	// Value is the allowed value that the word is, nil for other words.
	Value *Word
}

// Vocabulary lists every word of the format with its meanings, in the order in
// which the format introduces them.
func Vocabulary() []Entry {
	v := &vocabulary{seen: map[string]bool{}}
	v.shape(&fileShape, "")
	v.words("event", eventWords)
	v.words("invariant", invariantWords)
	v.words("operation for `on`", opWords)
	for _, r := range roles {
		v.words("party", []Word{r.Word})
	}
	v.words("party", partyPatterns)
	v.words("arrow of a link", arrowWords)
	v.words("moment of a step", momentWords)
	v.words("unit of time", unitWords)
	for _, m := range mutants {
		v.add(Entry{Word: m.Name, Kind: "mutant", Doc: m.Mistake})
	}
	return v.entries
}

// Explain lists the meanings of a word. It is empty for an unknown one.
func Explain(word string) []Entry {
	if p, bad := readParty(word, nil); bad == nil {
		switch p.Kind {
		case NodeParty:
			word = partyPatterns[0].Name
		case BoundParty:
			word = partyPatterns[1].Name
		case NoParty, LeaderParty, FollowerParty, FollowersParty, CandidateParty, AnyParty, AllParty,
			RedisParty, PostgresParty, BrokerParty, ReplicaParty:
		}
	}
	var found []Entry
	for _, e := range Vocabulary() {
		if e.Word == word {
			found = append(found, e)
		}
	}
	return found
}

// Words lists every word of the format once, sorted.
func Words() []string {
	var words []string
	for _, e := range Vocabulary() {
		words = append(words, e.Word)
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// Text returns the meaning over several lines, as `drill explain` prints it. It
// ends with a newline.
func (e Entry) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s)\n%s", e.Word, e.Kind, Wrap(e.Doc, 2))
	if e.Value != nil {
		if len(e.Value.Needs) > 0 {
			b.WriteString(Wrap("Needs: "+strings.Join(e.Value.Needs, ", ")+".", 2))
		}
		if len(e.Value.Takes) > 0 {
			b.WriteString(Wrap("May have: "+strings.Join(e.Value.Takes, ", ")+".", 2))
		}
	}
	if e.Field == nil {
		return b.String()
	}
	if e.Field.Object == nil {
		b.WriteString(Wrap("Written as "+e.Field.usage()+".", 2))
		writeWords(&b, e.Field.Words)
		return b.String()
	}
	for _, f := range e.Field.Object.Fields {
		fmt.Fprintf(&b, "\n  %s\n%s", f.Name, Wrap(f.Doc, 6))
		b.WriteString(Wrap("Written as "+f.usage()+".", 6))
		if len(f.Words) > 0 {
			b.WriteString(Wrap("Words: "+strings.Join(wordNames(f.Words), ", ")+".", 6))
		}
	}
	return b.String()
}

func writeWords(b *strings.Builder, words []Word) {
	for _, w := range words {
		fmt.Fprintf(b, "\n  %s\n%s", w.Name, Wrap(w.Doc, 6))
	}
}

// usage tells how the field is written, whether it must be, and what its
// absence means, as half a sentence.
func (f *Field) usage() string {
	text := f.Kind.String()
	if f.Signed {
		text += ", negative too"
	}
	switch {
	case f.Required:
		text += "; required"
	case f.Default != "":
		text += "; if absent: " + f.Default
	}
	if f.With != "" {
		text += "; only beside `" + f.With + "`"
	}
	return text
}

// vocabulary collects entries, each meaning once.
type vocabulary struct {
	entries []Entry
	seen    map[string]bool
}

func (v *vocabulary) add(e Entry) {
	if key := e.Word + "\x00" + e.Kind; !v.seen[key] {
		v.seen[key] = true
		v.entries = append(v.entries, e)
	}
}

func (v *vocabulary) words(kind string, words []Word) {
	for i := range words {
		v.add(Entry{Word: words[i].Name, Kind: kind, Doc: words[i].Doc, Value: &words[i]})
	}
}

// shape adds the fields of a shape that stands at the path, and their words.
func (v *vocabulary) shape(s *Shape, path string) {
	for i := range s.Fields {
		f := &s.Fields[i]
		v.add(Entry{Word: f.Name, Kind: kindOfField(s, f, path), Doc: f.Doc, Field: f})
		if f.Object != nil {
			v.shape(f.Object, strings.TrimPrefix(path+"."+f.Name, "."))
			continue
		}
		// Events, invariants and operations stand in many fields and have
		// entries of their own.
		if len(f.Words) > 0 && !isShared(f.Words) {
			v.words(f.noun()+" of "+pathText(path), f.Words)
		}
	}
}

func isShared(words []Word) bool {
	return &words[0] == &eventWords[0] || &words[0] == &invariantWords[0] || &words[0] == &opWords[0]
}

func kindOfField(s *Shape, f *Field, path string) string {
	switch {
	case s == &stepShape && slices.Contains(triggerNames, f.Name):
		return "trigger"
	case s == &stepShape && slices.Contains(verbNames, f.Name):
		return "verb"
	case s == &expectShape:
		return "expectation"
	default:
		return "field of " + pathText(path)
	}
}

// pathText drops the list from the path of what stands in it: a verb is a verb,
// not a part of `steps`.
func pathText(path string) string {
	switch path {
	case "":
		return "the file"
	case "steps":
		return "a step"
	default:
		return strings.TrimPrefix(strings.TrimPrefix(path, "steps."), "expect.")
	}
}
