package recorder_test

import (
	"bytes"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"fencepost/core"
	"fencepost/internal/recorder"
)

// FuzzRead: a file that is damaged, torn or made up is refused or read as far as it
// goes, and a node that is fed with it stumbles without taking the reader along.
func FuzzRead(f *testing.F) {
	l := begin(f, filepath.Join(f.TempDir(), "journal"), time.Hour)
	for range 3 {
		l.tell(core.Input{Kind: core.TimePassed})
	}
	l.close()
	whole := l.text()
	f.Add(whole)
	f.Add(whole[:len(whole)-5])
	f.Add(whole[:bytes.IndexByte(whole, '\n')+1])
	f.Add(append(bytes.Clone(whole), whole...))
	f.Add([]byte(`{"journal":"fencepost","format":2,"nonce":"7","config":{}}` + "\n"))
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		j, err := recorder.Read(data)
		var refused *recorder.RefusedError
		if err != nil {
			if !errors.As(err, &refused) || refused.Why == "" {
				t.Errorf("refused without a reason: %v", err)
			}
			return
		}
		r := recorder.Verify(j)
		if r.Steps < 0 || r.Steps > len(data) || r.Difference != nil && r.Difference.Step.Number > r.Steps+1 {
			t.Errorf("%d bytes have %d steps: %+v", len(data), r.Steps, r)
		}
	})
}
