package conformance_test

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"fencepost/internal/testbed"
)

// The machines are a part of every test run, so they are short by default.
const (
	checks = "60"
	steps  = "60"
)

func TestMain(m *testing.M) {
	for name, value := range map[string]string{"rapid.checks": checks, "rapid.steps": steps} {
		if err := flag.Set(name, value); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
	testbed.Main(m)
}
