package fuzz

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Options says what a campaign plays.
type Options struct {
	// First is the first seed. Seeds is how many follow each other from it, over
	// all shards; zero is no bound.
	First uint64 `json:"first"`
	Seeds uint64 `json:"seeds"`
	// For bounds the campaign on the machine's clock; zero is no bound.
	For time.Duration `json:"for"`
	// Shard of Shards is this campaign's part: the seeds whose distance from the
	// first leaves that remainder. Zero Shards is one.
	Shard  uint64 `json:"shard"`
	Shards uint64 `json:"shards"`
	// Workers is how many runs go on at once; zero is one for each core.
	Workers int `json:"workers"`
	// Stop ends the campaign at the first failure; one worker plays then, so that
	// the summary counts what came before and nothing else.
	Stop bool `json:"stop"`
	// Keep is how many failures are listed; zero is DefaultKeep.
	Keep int `json:"keep"`
	// Trace keeps the trace of the last run.
	Trace bool `json:"trace"`
	// Out is a directory that gets the scenario of each listed failure, or "".
	Out string `json:"out"`
	// Mutant is what the program was built with, or "": the command that plays a
	// run again needs it.
	Mutant string `json:"-"`
}

// DefaultKeep is how many failures are listed unless the options say otherwise.
const DefaultKeep = 24

// Validate judges the options and changes nothing.
func (o *Options) Validate() error {
	switch {
	case o.Shards > 0 && o.Shard >= o.Shards:
		return fmt.Errorf("shard %d of %d: they count from 0 to %d", o.Shard, o.Shards, o.Shards-1)
	case o.Seeds == 0 && o.For <= 0 && !o.Stop:
		return fmt.Errorf("neither a number of seeds nor a time: the campaign would never end")
	case o.Keep < 0 || o.Workers < 0:
		return fmt.Errorf("keep %d, workers %d: neither can be negative", o.Keep, o.Workers)
	}
	return nil
}

// ParseShard reads `I/N`: the part I of N. I counts from zero, as the indices of
// a Kubernetes Job do.
func ParseShard(text string) (shard, shards uint64, err error) {
	part, whole, ok := strings.Cut(text, "/")
	i, errI := strconv.ParseUint(part, 10, 32)
	n, errN := strconv.ParseUint(whole, 10, 32)
	switch {
	case !ok || errI != nil || errN != nil || n == 0:
		return 0, 0, fmt.Errorf("%q is no shard; one is I/N and counts from 0, such as 0/8 to 7/8", text)
	case n == 1 && i > 0:
		return 0, 0, fmt.Errorf("%s: shards count from 0; the only one is 0/1", text)
	case i >= n:
		return 0, 0, fmt.Errorf("%s: shards count from 0; of %d the first is 0/%d and the last %d/%d",
			text, n, n, n-1, n)
	}
	return i, n, nil
}

// seed returns the i-th seed of the shard, and whether there is one.
func (o *Options) seed(i uint64) (uint64, bool) {
	offset := i*max(o.Shards, 1) + o.Shard
	return o.First + offset, o.Seeds == 0 || offset < o.Seeds
}
