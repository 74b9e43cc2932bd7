package scenarios

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

func (p Party) absent() bool { return p.IsZero() }

func (p *Party) read(f *Field, text string) *problem {
	party, bad := readParty(text, nodeWords())
	if bad != nil {
		return bad
	}
	if party.IsStore() {
		return &problem{
			message: fmt.Sprintf("%s is no node; `%s` takes a role or a node", party, f.Name),
			got:     text, allowed: nodeWords(),
		}
	}
	*p = party
	return nil
}

// nodeWords lists what can stand for a node, storeWords what for a store.
func nodeWords() []string {
	var words []string
	for _, r := range roles {
		if !(Party{Kind: r.kind}).IsStore() {
			words = append(words, r.Name)
		}
	}
	return append(words, wordNames(partyPatterns)...)
}

func storeWords() []string {
	words := []string{"all"}
	for _, r := range roles {
		if (Party{Kind: r.kind}).IsStore() {
			words = append(words, r.Name)
		}
	}
	return words
}

func readParty(text string, allowed []string) (Party, *problem) {
	for _, r := range roles {
		if r.Name == text {
			return Party{Kind: r.kind}, nil
		}
	}
	if name, ok := strings.CutPrefix(text, "$"); ok {
		if isName(name) {
			return Party{Kind: BoundParty, Name: name}, nil
		}
		return Party{}, &problem{message: fmt.Sprintf("%s is no bound name; it is a dollar sign and "+
			"a name", quoted(text))}
	}
	digits, ok := strings.CutPrefix(text, "n")
	if ok && digits != "" && strings.Trim(digits, "0123456789") == "" {
		index, err := strconv.Atoi(digits)
		if err != nil || index < 1 || index > 99 || digits[0] == '0' {
			return Party{}, &problem{message: fmt.Sprintf("there is no node %s; nodes are n1..n99", text)}
		}
		return Party{Kind: NodeParty, Index: index}, nil
	}
	return Party{}, &problem{message: "unknown party " + quoted(text), got: text, allowed: allowed}
}

func (l Link) absent() bool { return l.IsZero() }

func (l *Link) read(f *Field, text string) *problem {
	parts := strings.Fields(text)
	arrow := NoArrow
	if len(parts) == 3 {
		for _, a := range []Arrow{Both, Towards, Back} {
			if parts[1] == a.String() {
				arrow = a
			}
		}
	}
	if arrow == NoArrow {
		return &problem{
			message: fmt.Sprintf("%s is no link; `%s` is `a <-> b`, `a -> b` or `a "+
				"<- b`", quoted(text), f.Name),
			allowed: wordNames(arrowWords),
		}
	}
	left, bad := readParty(parts[0], append(nodeWords(), storeWords()[1:]...))
	if bad != nil {
		return bad
	}
	farOffset := utf8.RuneCountInString(text[:strings.LastIndex(text, parts[2])])
	right, bad := readParty(parts[2], append(storeWords(), nodeWords()...))
	if bad != nil {
		bad.offset = farOffset
		return bad
	}
	link, bad := oriented(left, right, arrow)
	if bad != nil {
		bad.offset = farOffset
		return bad
	}
	*l = link
	return nil
}

// oriented puts the node on the near side, or the replica in a link between
// Redis and its replica, and refuses links that do not exist.
func oriented(left, right Party, arrow Arrow) (Link, *problem) {
	isNode := func(p Party) bool { return !p.IsStore() && p.Kind != AllParty }
	switch {
	case left.IsStore() && right.IsStore():
		if left.Kind == ReplicaParty && right.Kind == RedisParty {
			return Link{left, right, arrow}, nil
		}
		if left.Kind == RedisParty && right.Kind == ReplicaParty {
			return Link{right, left, arrow.Flip()}, nil
		}
		return Link{}, &problem{
			message: fmt.Sprintf("there is no link between %s and %s; of the stores only redis and "+
				"redis_replica talk",
				left, right),
			allowed: nodeWords(),
		}
	case isNode(left) && isNode(right):
		return Link{}, &problem{
			message: fmt.Sprintf("there is no link between %s and %s: nodes never talk to each "+
				"other", left, right),
			allowed: storeWords(),
		}
	case isNode(right), left.IsStore():
		return Link{right, left, arrow.Flip()}, nil
	default:
		return Link{left, right, arrow}, nil
	}
}

func (m Moment) absent() bool { return m.IsZero() }

func (m *Moment) read(f *Field, text string) *problem {
	id, moment, ok := cutLast(text, ".")
	switch {
	case !ok || !isName(id):
		return &problem{message: fmt.Sprintf("%s is no moment; `%s` is ID.start or ID.end of "+
			"a step", quoted(text), f.Name)}
	case moment != "start" && moment != "end":
		return &problem{
			message: fmt.Sprintf("unknown moment %s of step %s", quoted(moment), id),
			got:     moment, allowed: wordNames(momentWords), offset: len(id) + 1,
		}
	}
	*m = Moment{Step: id, End: moment == "end"}
	return nil
}

func cutLast(text, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(text, sep); i >= 0 {
		return text[:i], text[i+len(sep):], true
	}
	return text, "", false
}

func (c Catch) absent() bool { return len(c) == 0 }

func (c *Catch) read(_ *Field, text string) *problem {
	var got Catch
	offset := 0
	for _, name := range strings.Split(text, "+") {
		if !isMutant(name) {
			return &problem{
				message: fmt.Sprintf("unknown mutant %s", quoted(name)),
				got:     name, allowed: mutantNames(), offset: offset,
			}
		}
		for _, other := range got {
			if other == name {
				return &problem{message: fmt.Sprintf("the mutant %s stands twice", name), offset: offset}
			}
		}
		got = append(got, name)
		offset += len(name) + 1
	}
	*c = got
	return nil
}

func isMutant(name string) bool {
	for _, m := range mutants {
		if m.Name == name {
			return true
		}
	}
	return false
}
