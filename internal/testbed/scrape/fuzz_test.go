package scrape

import (
	"strings"
	"testing"
)

// FuzzRead: whatever a process answers is read or refused.
func FuzzRead(f *testing.F) {
	f.Add("go_goroutines 42\n# HELP x y\nx{a=\"b c\"} 1.5e+3\nx NaN\n")
	f.Add(" \n{} 1\nx\n")
	f.Fuzz(func(t *testing.T, text string) {
		values, err := Read(strings.NewReader(text))
		if err == nil && len(values) > strings.Count(text, "\n")+1 {
			t.Errorf("%d metrics in %q", len(values), text)
		}
	})
}
