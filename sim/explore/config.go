package explore

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"fencepost/core/order"
)

// Config says what world is searched, and how. The zero value of a field that is
// not a bound means its default.
type Config struct {
	// Nodes is 2 or 3, Signals 0 to 2, Faults the most that strike, 0 to 4.
	Nodes   int `json:"nodes"`
	Signals int `json:"signals"`
	Faults  int `json:"faults"`
	// Depth is the most things that happen one after the other, Limit the most
	// states; zero is no bound. What lies behind a bound is not judged.
	Depth int `json:"depth"`
	Limit int `json:"limit"`
	// Class is the broker's: A, B, C or D, which is the default.
	Class string `json:"class"`
	// Kinds are the faults that strike, by their words; none means the usual ones.
	Kinds []string `json:"kinds"`
	// AnyOrder lets what one node has sent be carried out in any order, and nodes
	// come back and signals come in the midst of an instant. Otherwise only a fault
	// changes the order in which a node has sent; what several nodes have sent
	// interleaves in every way in any case.
	AnyOrder bool `json:"any_order"`
	// NoReduction tells nodes apart by name and lets everything happen in every
	// order, even where the order makes no difference.
	NoReduction bool `json:"no_reduction"`
	// Share lets do run once for each job, on as many cores as the caller likes,
	// and returns when all are done; nil does them one after the other. A hand does
	// one job after the other, and there are at most as many hands as jobs, counted
	// from zero. What is found does not depend on who does what, and when.
	Share func(jobs int, do func(hand, job int)) `json:"-"`
	// Clock tells how much time has passed since some instant; nil measures none.
	Clock func() time.Duration `json:"-"`
	// Progress hears of each level; nil is nobody.
	Progress func(faults, depth, states int) `json:"-"`
	// Stop is asked now and then whether to give up; nil never does.
	Stop func() bool `json:"-"`
}

// kinds are the faults by their words; those of the first five are the usual
// ones.
var kinds = []struct {
	word   string
	faults faultSet
}{
	{"drop", 1 << drop},
	{"lost-reply", 1 << loseReply},
	{"crash", 1 << crash},
	{"pause", 1<<pause | 1<<pauseAt},
	{"expiry", 1 << loseData},
	{"late-request", 1 << delay},
	{"late-reply", 1 << late},
	{"hand-over", 1 << handOver},
}

// usualKinds is how many of the kinds strike unless others are named.
const usualKinds = 5

// Kinds returns the words of all faults, the usual ones first.
func Kinds() []string {
	words := make([]string, len(kinds))
	for i, k := range kinds {
		words[i] = k.word
	}
	return words
}

// UsualKinds returns the words of the faults that strike unless others are named.
func UsualKinds() []string { return Kinds()[:usualKinds] }

// rules reads the configuration. Its error names every fault.
func (c *Config) rules() (*rules, error) {
	faults := slices.Clone(foreign)
	within := func(name string, v, least, most int) {
		if v < least || v > most {
			faults = append(faults, fmt.Errorf("%s %d: must lie between %d and %d", name, v, least, most))
		}
	}
	within("nodes", c.Nodes, 2, maxNodes)
	within("signals", c.Signals, 0, maxSignals)
	within("faults", c.Faults, 0, 4)
	within("depth", c.Depth, 0, 1<<30)
	class := order.ClassD
	switch c.Class {
	case "A":
		class = order.ClassA
	case "B":
		class = order.ClassB
	case "C":
		class = order.ClassC
	case "D", "":
	default:
		faults = append(faults, fmt.Errorf("class %q: must be A, B, C or D", c.Class))
	}
	words := c.Kinds
	if len(words) == 0 {
		words = UsualKinds()
	}
	set := faultSet(0)
	for _, word := range words {
		known := false
		for _, k := range kinds {
			if k.word == word {
				set, known = set|k.faults, true
			}
		}
		if !known {
			allowed := strings.Join(Kinds(), ", ")
			faults = append(faults, fmt.Errorf("%q is no fault (allowed: %s)", word, allowed))
		}
	}
	r := &rules{
		nodes: c.Nodes, signals: c.Signals, config: configOf(class), faults: set,
		symmetric: !c.NoReduction, reduced: !c.NoReduction, anyOrder: c.AnyOrder,
	}
	return r, errors.Join(faults...)
}

// Validate judges the configuration and changes nothing.
func (c *Config) Validate() error {
	_, err := c.rules()
	return err
}

// inTurn does the jobs one after the other.
func inTurn(jobs int, do func(hand, job int)) {
	for job := range jobs {
		do(0, job)
	}
}
