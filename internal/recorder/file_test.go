package recorder_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fencepost/core"
	"fencepost/internal/recorder"
)

func TestOlderJournalsAreKeptUnderNumbers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	var texts [][]byte
	for i := range 3 {
		l := begin(t, path, time.Hour)
		for range i + 1 {
			l.tell(core.Input{Kind: core.TimePassed})
		}
		l.close()
		texts = append(texts, l.text())
	}
	for i, name := range []string{path + ".1", path + ".2", path} {
		text, err := os.ReadFile(name)
		if err != nil || !bytes.Equal(text, texts[i]) {
			t.Errorf("%s is not the %d. journal: %v", filepath.Base(name), i+1, err)
		}
	}
}

func TestWhatIsNoFileIsNeitherKeptNorOverwritten(t *testing.T) {
	_, err := recorder.Create(recorder.Options{Path: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Errorf("a directory: %v", err)
	}
	_, err = recorder.Create(recorder.Options{Path: filepath.Join(t.TempDir(), "missing", "journal")})
	if err == nil {
		t.Error("a directory that does not exist")
	}
}

func TestWriteThroughWritesEachStepBeforeItsEffectsStart(t *testing.T) {
	l := begin(t, filepath.Join(t.TempDir(), "journal"), 0)
	for i := range 10 {
		l.tell(core.Input{Kind: core.TimePassed})
		if r := verify(t, l.text()); r.Steps != i+1 || r.End.Torn != 0 {
			t.Fatalf("after %d steps: %+v", i+1, r)
		}
	}
	l.close()
}

func TestFirstLineIsWrittenAtOnceAndStepsAreNot(t *testing.T) {
	l := begin(t, filepath.Join(t.TempDir(), "journal"), time.Hour)
	if j, err := recorder.Read(l.text()); err != nil || j.Header().Nonce != 7 {
		t.Errorf("right after the start: %v", err)
	}
	l.tell(core.Input{Kind: core.TimePassed})
	if r := verify(t, l.text()); r.Steps != 0 {
		t.Errorf("a step was written within the hour: %+v", r)
	}
	l.r.Flush()
	if r := verify(t, l.text()); r.Steps != 1 {
		t.Errorf("after the flush: %+v", r)
	}
	l.close()
}

func TestForeignFileIsRefusedByNameAndVersion(t *testing.T) {
	const begun = `{"journal":"fencepost",`
	for text, says := range map[string]string{
		"\n":                  "no journal of fencepost",
		"{}\n":                `names ""`,
		"hello":               "no first line",
		`{"format":1}` + "\n": "format 1; this build reads format 2",
		begun + `"format":3,"build":"v9"}` + "\n":                 "format 3, written by build v9;",
		begun + `"format":2,"nonce":"x"}` + "\n":                  `nonce "x"`,
		begun + `"format":2,"nonce":"1","config":{}}` + "\n":      "core version 0; this build has",
		begun + `"format":2,"nonce":"1","config":{"X":1}}` + "\n": `unknown field "X"`,
		`{"journal":"other","format":2}` + "\n":                   `names "other"`,
	} {
		_, err := recorder.Read([]byte(text))
		var refused *recorder.RefusedError
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := recorder.Open(filepath.Join(t.TempDir(), "missing")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that does not exist: %v", err)
	}
}
