package fencepost_test

import (
	"context"
	"path/filepath"
	"testing"

	"fencepost"
)

// A second call must not take the stores from under the first one.
func TestACoordinatorRunsOnceAndItsStoresAreClosedOnce(t *testing.T) {
	c := fencepost.DefaultConfig()
	c.InstanceID, c.Journal = "blue-1", filepath.Join(t.TempDir(), "journal")
	c.Postgres.DSN, c.Redis.Addr = "postgres://u@127.0.0.1:1/x", "127.0.0.1:1"
	c.Listen, c.AdminListen = "127.0.0.1:0", "127.0.0.1:0"
	c.Broker.URL = "http://127.0.0.1:1"
	k, err := fencepost.New(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	for name, call := range map[string]func() error{
		"run":   func() error { return k.Run(ended, nil) },
		"serve": func() error { return k.Serve(ended) },
	} {
		if err := call(); err == nil || err.Error() != "a coordinator runs once" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := k.Close(); err != nil {
		t.Error(err)
	}
}
