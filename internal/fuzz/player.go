package fuzz

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"fencepost/core/check"
	"fencepost/internal/guard"
	"fencepost/scenarios"
	"fencepost/sim"
	"fencepost/sim/tape"
)

// player plays seeds in a world that it uses again and again. One goroutine
// owns it.
type player struct {
	tape  tape.Tape
	world *sim.World
}

// play draws the seed's cluster and plays it. A panic is a crash of that seed.
func (p *player) play(seed uint64) (result sim.Result) {
	defer func() {
		if reason := recover(); reason != nil {
			result = crashed(seed, guard.Panic(reason))
		}
	}()
	p.tape.Seed(seed)
	program, err := sim.Compile(sim.Swarm(&p.tape))
	if err != nil {
		return crashed(seed, "the swarm draws what the simulator refuses: "+err.Error())
	}
	if p.world == nil {
		p.world = sim.NewWorld(program)
	} else {
		p.world.Load(program)
	}
	return p.world.Run(seed)
}

// crashed is the result of a run in which the harness broke.
func crashed(seed uint64, detail string) sim.Result {
	return sim.Result{Seed: seed, Verdict: scenarios.Crash, Failure: &scenarios.Failure{Detail: detail}}
}

// trace returns the trace of the last run; what a panic left is shown as far as
// it goes.
func (p *player) trace() (lines []string) {
	if p.world == nil {
		return nil
	}
	var text bytes.Buffer
	defer func() {
		if recover() != nil {
			text.WriteString("(the trace breaks off)")
		}
		lines = strings.Split(strings.TrimRight(text.String(), "\n"), "\n")
	}()
	if err := p.world.WriteTrace(&text, 0); err != nil {
		panic(err)
	}
	return nil
}

// Scenario returns the cluster of a seed as a scenario file that plays it again:
// it pins the seed, and says of which invariant it is about and which mutants
// break that.
func Scenario(seed uint64, broken check.Invariant, mutant string) *scenarios.Scenario {
	s := sim.Swarm(tape.Seeded(seed))
	s.Name = fmt.Sprintf("swarm-%d", seed)
	s.Run.Seed = seed
	if broken == check.NoInvariant {
		broken = check.SingleExecutor
	}
	s.Expect = []scenarios.Expect{{Claim: scenarios.Never{Invariant: broken}}}
	catch := scenarios.Catch{"permit-without-epoch"}
	if known, ok := scenarios.CatchOf(mutant); ok {
		catch = known
	}
	s.Catches = []scenarios.Catch{catch}
	return s
}

// keep writes the scenario of a failure and returns the file's name.
func keep(dir string, seed uint64, broken check.Invariant, mutant string) (string, error) {
	s := Scenario(seed, broken, mutant)
	file := filepath.Join(dir, s.Name+".yaml")
	if err := os.WriteFile(file, scenarios.Format(s), 0o600); err != nil {
		return "", fmt.Errorf("write scenario of seed %d: %w", seed, err)
	}
	return file, nil
}
