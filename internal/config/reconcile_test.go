package config_test

import (
	"strings"
	"testing"
	"time"

	"fencepost/internal/config"
)

func TestReconcileIsSetByTheFile(t *testing.T) {
	c, err := config.Load(file(t, full+
		"reconcile: {interval: 30s, window: 8h, settle: 5s, timeout: 4s, foreign: ignore}\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := config.Reconcile{
		Interval: config.Duration(30 * time.Second), Window: config.Duration(8 * time.Hour),
		Settle: config.Duration(5 * time.Second), Timeout: config.Duration(4 * time.Second),
		Foreign: config.ForeignIgnore,
	}
	if c.Reconcile != want {
		t.Errorf("%+v", c.Reconcile)
	}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	off, err := config.Load("", []string{"FENCEPOST_RECONCILE_INTERVAL=0s"})
	if err != nil || off.Reconcile.Interval != 0 || off.Reconcile.Check() != nil {
		t.Errorf("%+v, %v", off, err)
	}
}

func TestReconcileThatCannotWorkIsRefusedByItsName(t *testing.T) {
	for text, says := range map[string]string{
		"interval: 10ms":             "reconcile.interval 10ms",
		"interval: -1s":              "reconcile.interval -1s",
		"window: 1s":                 "reconcile.window 1s",
		"settle: 0s":                 "reconcile.settle 0s",
		"timeout: 1h":                "reconcile.timeout 1h0m0s",
		"{window: 1m, settle: 1m}":   "shorter than the window",
		"foreign: perhaps":           "not one of halt, ignore",
		"{settle: 2h, timeout: 1ms}": "reconcile.timeout 1ms",
	} {
		c, err := config.Load(file(t, full+"reconcile: {"+strings.Trim(text, "{}")+"}\n"), nil)
		if err == nil {
			err = c.Validate()
		}
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
