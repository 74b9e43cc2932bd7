package kills

import (
	"os"
	"testing"

	"fencepost/internal/testbed/rundir"
)

func TestMain(m *testing.M) {
	rundir.PreferMemory()
	os.Exit(m.Run())
}
