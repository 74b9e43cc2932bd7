package main

import (
	"os"
	"path/filepath"
	"strings"

	"fencepost/internal/fuzz"
	"fencepost/scenarios"
)

// asBuilt is how commands that replay something call this program: as `make
// build` leaves it, seen from the root of the tree.
const asBuilt = "bin/drill"

// asCalled returns the command with the program called as it was called now, if
// `bin/drill` means another file here, or none: what is printed can be pasted
// where it is printed. A program that `go run` or a test has built is gone by then.
func asCalled(command string) string {
	rest, ok := strings.CutPrefix(command, asBuilt+" ")
	if !ok {
		return command
	}
	return scenarios.ShellWord(called()) + " " + rest
}

// called is what this program is called as. One that carries a command out for
// another, built with a mistake, is started under that one's name.
func called() string {
	program, err := os.Executable()
	if err != nil {
		return asBuilt
	}
	return calledAs(program, os.Args[0])
}

// calledAs is what the program is called as whose file and first argument these are.
func calledAs(program, argument string) string {
	if sameFile(asBuilt, program) || filepath.Base(program) != filepath.Base(asBuilt) ||
		strings.Contains(program, "go-build") {
		return asBuilt
	}
	return argument
}

// replayable makes the commands of a summary's failures those that play them here.
func replayable(s *fuzz.Summary) {
	for _, list := range [][]fuzz.Failure{s.Failures, s.Doubts} {
		for i := range list {
			list[i].Repro = asCalled(list[i].Repro)
		}
	}
}
