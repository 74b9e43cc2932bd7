package conformance_test

import (
	"flag"
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
			os.Stderr.WriteString(err.Error() + "\n")
			os.Exit(2)
		}
	}
	testbed.Main(m)
}
