package page_test

import (
	"testing"

	"fencepost/internal/testbed"
)

func TestMain(m *testing.M) { testbed.Main(m) }
