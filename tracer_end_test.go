package fencepost

import (
	"errors"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// tracers counts the goroutines of tracers.
func tracers() int {
	text := make([]byte, 4<<20)
	text = text[:runtime.Stack(text, true)]
	return strings.Count(string(text), "(*batchSpanProcessor).processQueue(")
}

// awaitTracers waits until there are so many.
func awaitTracers(t *testing.T, want int, when string) {
	t.Helper()
	for begun := time.Now(); tracers() != want; <-time.After(time.Millisecond) {
		if time.Since(begun) > 10*time.Second {
			t.Fatalf("%s: %d tracers, want %d", when, tracers(), want)
		}
	}
}

// errNotRefused says that an instance was made that cannot be.
var errNotRefused = errors.New("was made")

// refused says whether an error is missing.
func refused(err error) error {
	if err == nil {
		return errNotRefused
	}
	return nil
}

// A program may make an instance in vain as often as it likes.
func TestNothingIsLeftOfAnInstanceThatNeverRan(t *testing.T) {
	traced := func(group string) Config {
		c := startable()
		c.Group, c.Tracing.Endpoint = group, "http://127.0.0.1:1"
		return c
	}
	for name, try := range map[string]func() error{
		"closed": func() error {
			k, err := New(traced("one"))
			if err != nil {
				return err
			}
			awaitTracers(t, 1, "one instance")
			return k.Close()
		},
		"a broker that cannot keep the class": func() error {
			c := traced("one")
			c.Broker.Class = "A"
			_, err := New(c, WithBroker(&stubBroker{}))
			return refused(err)
		},
		"a journal that cannot be written": func() error {
			c := traced("one")
			c.Journal = filepath.Join(t.TempDir(), "nowhere", "journal")
			_, err := New(c)
			return refused(err)
		},
		"a second group that is refused": func() error {
			two := traced("two")
			two.InstanceID = "green-1"
			_, err := NewGroups([]Config{traced("one"), two})
			return refused(err)
		},
	} {
		if err := try(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		awaitTracers(t, 0, name)
	}
}
