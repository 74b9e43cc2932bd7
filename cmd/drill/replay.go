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
	program, err := os.Executable()
	if !ok || err != nil {
		return command
	}
	return calledAs(program, os.Args[0]) + " " + rest
}

// calledAs returns the word that calls the program, whose file and first argument
// these are.
func calledAs(program, argument string) string {
	if sameFile(asBuilt, program) || filepath.Base(program) != filepath.Base(asBuilt) ||
		strings.Contains(program, "go-build") {
		return asBuilt
	}
	return scenarios.ShellWord(argument)
}

// replayable makes the commands of a summary's failures those that play them here.
func replayable(s *fuzz.Summary) {
	for _, list := range [][]fuzz.Failure{s.Failures, s.Doubts} {
		for i := range list {
			list[i].Repro = asCalled(list[i].Repro)
		}
	}
}
