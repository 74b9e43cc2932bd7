package scenarios

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzParse: no file makes the parser panic, each refusal names a place in the
// file, and what is taken keeps its meaning when it is formatted.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"*.yaml", filepath.Join("testdata", "*.yaml")} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			src, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(src)
		}
	}
	f.Add([]byte(valid))
	for _, rule := range strictness {
		f.Add([]byte(strings.ReplaceAll(strings.Replace(valid, rule.old, rule.new, 1), mark, "")))
	}
	for _, h := range hostile {
		if len(h.source) < 1000 {
			f.Add([]byte(strings.ReplaceAll(h.source, mark, "")))
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		s, err := Parse("", src)
		if err == nil {
			roundTrip(t, string(src))
			if s.WithDefaults().Run.Duration.Resolve(s.TTL()) <= 0 {
				t.Errorf("the run lasts %s", s.WithDefaults().Run.Duration)
			}
			return
		}
		all, ok := err.(Errors) //nolint:errorlint // The contract is the type itself.
		if !ok || len(all) == 0 {
			t.Fatalf("the error is %T: %v", err, err)
		}
		for _, e := range all {
			if e.Line < 1 || e.Column < 1 || e.Message == "" || e.File == "" {
				t.Errorf("no place or no message: %+v", e)
			}
			if e.Detail() == "" {
				t.Errorf("no detail: %+v", e)
			}
		}
	})
}
