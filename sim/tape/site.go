package tape

import (
	"slices"
	"strconv"
	"strings"
)

// Site is a place in the code that leaves something to chance. Sites are
// declared once, as variables of a package; their order means nothing.
type Site uint16

// Kind says for whom a site draws.
type Kind uint8

// The kinds of site.
const (
	World Kind = iota // for nobody in particular
	Nodes             // for one node
	Steps             // for one step of the scenario, or one fault of its nemesis
)

// declared is a site as it was declared.
type declared struct {
	name string
	kind Kind
	key  uint64
}

// sites are all that were declared. It is complete before main begins.
var sites []declared

// New declares a site under a lasting name, which is the key of its draws. The
// name is made of small letters, digits, dots, underscores and hyphens. It
// panics if the name is malformed or taken.
func New(name string, kind Kind) Site {
	if name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") != "" || name == rest {
		panic("tape: " + strconv.Quote(name) + " is no name for a site")
	}
	if _, taken := Named(name); taken {
		panic("tape: two sites are called " + name)
	}
	sites = append(sites, declared{name: name, kind: kind, key: keyOf(name)})
	return Site(len(sites) - 1)
}

// String returns the site's name.
func (s Site) String() string { return sites[s].name }

// Kind says for whom the site draws.
func (s Site) Kind() Kind { return sites[s].kind }

// Named returns the site of that name.
func Named(name string) (Site, bool) {
	i := slices.IndexFunc(sites, func(d declared) bool { return d.name == name })
	return Site(max(i, 0)), i >= 0
}

// All lists the sites, sorted by name.
func All() []Site {
	all := make([]Site, len(sites))
	for i := range all {
		all[i] = Site(i)
	}
	slices.SortFunc(all, func(a, b Site) int { return strings.Compare(a.String(), b.String()) })
	return all
}

// Actor is for whom a draw is made, as a number that does not depend on how
// many others there are: zero for nobody, k+1 for node or step number k, and a
// number of its own for each step that has an id.
type Actor uint32

// withID marks the number of a step that has an id.
const withID Actor = 1 << 31

// actorOf returns the actor with that index.
func actorOf(kind Kind, index int) Actor {
	if kind == World {
		return 0
	}
	return Actor(index + 1)
}

// stepOf returns the actor of a step with that id.
func stepOf(id string) Actor { return Actor(keyOf(id)) | withID }

// parseActor reads an actor's name. Where it could be nobody's, no draw will
// ever match it.
func parseActor(kind Kind, name string) (Actor, bool) {
	switch kind {
	case World:
		return 0, name == nobody
	case Nodes:
		digits, ok := strings.CutPrefix(name, "n")
		n, err := strconv.ParseUint(digits, 10, 16)
		return Actor(n), ok && err == nil && n > 0
	case Steps:
		if n, err := strconv.ParseUint(name, 10, 16); err == nil {
			return Actor(n), n > 0
		}
		return stepOf(name), true
	default:
		return 0, false
	}
}

// nobody is the actor of a site that draws for nobody in particular.
const nobody = "-"

// keyOf turns a name into 64 bits.
func keyOf(name string) uint64 {
	key := uint64(len(name))
	for i := range len(name) {
		key = scramble(key ^ uint64(name[i]))
	}
	return key
}

// scramble is the SplitMix64 finaliser.
func scramble(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
