package mutants

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fencepost/scenarios"
)

func all(t *testing.T) []Mutant {
	t.Helper()
	ms, err := All()
	if err != nil {
		t.Fatal(err)
	}
	return ms
}

func tree(t *testing.T) Tree {
	t.Helper()
	root, err := FindTree()
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func TestEachMutantStandsInTheFormatsTable(t *testing.T) {
	t.Parallel()
	table := map[string]bool{}
	for _, m := range scenarios.Mutants() {
		table[m.Name] = true
	}
	for _, m := range all(t) {
		if !table[m.Name] {
			t.Errorf("%s.yaml is in no table: scenarios cannot name it in `catches`", m.Name)
		}
	}
}

func TestWhatMasksAMutantIsAMutant(t *testing.T) {
	t.Parallel()
	for _, m := range all(t) {
		for _, other := range m.With {
			if _, err := Find(m.Name + "+" + other); err != nil {
				t.Errorf("%s: %v", m.Name, err)
			}
		}
	}
}

func TestTheTextOfEachMutantStandsOnceInItsFile(t *testing.T) {
	t.Parallel()
	root := tree(t)
	for _, m := range all(t) {
		if _, err := root.Apply([]Mutant{m}); err != nil {
			t.Error(err)
		}
	}
}

func TestCatchesNameMutantsThatCanBeBuiltTogether(t *testing.T) {
	t.Parallel()
	root := tree(t)
	shipped, err := scenarios.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	built := map[string]bool{}
	for _, s := range shipped {
		for _, c := range s.Catches {
			if built[c.String()] {
				continue
			}
			built[c.String()] = true
			ms, err := Find(c.String())
			if err == nil {
				_, err = root.Apply(ms)
			}
			if err != nil {
				t.Errorf("%s catches %s: %v", s.Name, c, err)
			}
		}
	}
}

func TestAnUnknownMutantIsRefusedWithTheNearestName(t *testing.T) {
	t.Parallel()
	_, err := Find("belief-by-flag+permit-without-epoc")
	var unknown *UnknownName
	if !errors.As(err, &unknown) || unknown.Nearest != "permit-without-epoch" || len(unknown.Allowed) < 30 {
		t.Errorf("refused with %v", err)
	}
}

func TestAMutantsFileIsReadStrictly(t *testing.T) {
	t.Parallel()
	const good = "why: because\nsite: model and SQL\npath: core/a.go\nold: x\nnew: y\nbreaks: recovers\n"
	m, err := Parse("planted", []byte(good))
	if err != nil || m.Site() != "model and SQL" || len(m.Edits) != 1 || m.Breaks.String() != "recovers" {
		t.Fatalf("%+v (%v)", m, err)
	}
	for change, want := range map[string]string{
		"why: because\n=":                          "lacks `why`",
		"SQL=Lua":                                  `"Lua" is no site`,
		"path: core/a.go=path: ../a.go":            "no path inside the tree",
		"new: y=new: x":                            "changes nothing",
		"old: x\nnew: y\n=old: x\nneu: y\n":        "neu",
		"recovers=recover":                         "is no invariant",
		"breaks: recovers=misses: sleep":           "is no expectation",
		"breaks: recovers=":                        "names one of",
		"path: core/a.go\nold: x\nnew: y\n=":       "changes nothing",
		"breaks: recovers=with: [x]\nmisses: no\n": "",
	} {
		old, repl, _ := strings.Cut(change, "=")
		_, err := Parse("planted", []byte(strings.Replace(good, old, repl, 1)))
		switch {
		case want == "" && err != nil, want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%q: %v, not %q", change, err, want)
		}
	}
}

// planted writes a tree of one file.
func planted(t *testing.T, text string) Tree {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.go"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return Tree(dir)
}

func TestMutantsAreAppliedOneAfterTheOther(t *testing.T) {
	t.Parallel()
	a := Mutant{Name: "a", Edits: []Edit{{"a.go", "one", "two"}}}
	b := Mutant{Name: "b", Edits: []Edit{{"a.go", "two", "three"}}}
	root := planted(t, "one")
	changed, err := root.Apply([]Mutant{a, b})
	if err != nil || string(changed["a.go"]) != "three" {
		t.Errorf("%q (%v)", changed["a.go"], err)
	}
	if _, err := root.Apply([]Mutant{b, a}); err == nil || !strings.Contains(err.Error(), "mutant b") {
		t.Errorf("b stands nowhere yet: %v", err)
	}
	if _, err := planted(t, "one one").Apply([]Mutant{a}); err == nil || !strings.Contains(err.Error(),
		"2 times") {
		t.Errorf("one stands twice: %v", err)
	}
}

func TestARunnerIsBuiltOnceForEachContent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":       "module fencepost\n\ngo 1.26\n",
		"word/word.go": "package word\n\nconst Word = \"right\"\n",
		"internal/mutants/runner/main.go": "package main\n\nimport \"fencepost/word\"\n\n" +
			"func main() { print(word.Word) }\n",
	} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	root, cache, ctx := Tree(dir), t.TempDir(), context.Background()
	wrong := []Mutant{{Name: "wrong", Edits: []Edit{{"word/word.go", "right", "wrong"}}}}
	first, err := root.Build(ctx, wrong, cache)
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(first)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := root.Build(ctx, wrong, cache); err != nil || again != first {
		t.Errorf("%s, then %s (%v)", first, again, err)
	}
	if after, err := os.Stat(first); err != nil || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("it was built again (%v)", err)
	}
	plain, err := root.Build(ctx, nil, cache)
	if err != nil || plain == first {
		t.Errorf("the unchanged program is %s (%v)", plain, err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "word", "word.go")); err != nil ||
		strings.Contains(string(text), "wrong") {
		t.Errorf("the tree itself was changed: %s (%v)", text, err)
	}
	broken := []Mutant{{Name: "broken", Edits: []Edit{{"word/word.go", "const", "konst"}}}}
	if _, err := root.Build(ctx, broken, cache); err == nil || !strings.Contains(err.Error(),
		"syntax error") {
		t.Errorf("what does not compile is not shown: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(cache, "*", "build-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
}

func TestOneNameStandsForSeveralMutants(t *testing.T) {
	t.Parallel()
	ms, err := Find("belief-by-flag+no-gate-before-wire")
	if err != nil {
		t.Fatal(err)
	}
	names := []string{ms[0].Name, ms[1].Name}
	if !slices.Equal(names, []string{"belief-by-flag", "no-gate-before-wire"}) ||
		Name(ms) != strings.Join(names, "+") {
		t.Errorf("found %v", names)
	}
}

// TestTheDocumentSaysWhatTheFilesSay: the measured columns are as old as the
// document, the others are checked.
func TestTheDocumentSaysWhatTheFilesSay(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(string(tree(t)), "docs", "MUTANTS.md"))
	if err != nil {
		t.Fatal(err)
	}
	mistakes := map[string]string{}
	for _, m := range scenarios.Mutants() {
		mistakes[m.Name] = m.Mistake
	}
	planted := all(t)
	killed := len(planted) - strings.Count(string(text), " | *survives* | ")
	counted := fmt.Sprintf("\n%d of %d mutants killed, ", killed, len(planted))
	if !strings.Contains(string(text), counted) {
		t.Errorf("the document does not say%s", counted)
	}
	for _, m := range planted {
		_, row, found := strings.Cut(string(text), "\n| `"+m.Name+"`")
		row, _, _ = strings.Cut(row, "\n")
		want := " | " + m.Site() + " | " + mistakes[m.Name] + " | "
		if !found || !strings.Contains(row, want) {
			t.Errorf("the row of %s is not%s: run bin/drill mutants --fast --markdown", m.Name, want)
		}
		if m.Needs != "" && !strings.Contains(string(text), "\n- `"+m.Name+"`: "+strings.TrimSpace(m.Needs)) {
			t.Errorf("the document does not say what %s needs", m.Name)
		}
		if m.Real != nil {
			row := fmt.Sprintf("\n| `%s` | %s | %s | %d | ", m.Name, m.Site(), m.Real.Scenario, m.Real.Seed)
			since := "\n- `" + m.Name + "`: " + strings.TrimSpace(m.Real.Since)
			if !strings.Contains(string(text), row) ||
				m.Real.Since != "" && !strings.Contains(string(text), since) {
				t.Errorf("the document does not say what %s fails on real processes: run bin/drill mutants "+
					"--tier real --markdown", m.Name)
			}
		}
		for _, f := range m.Fails {
			if !strings.Contains(string(text), "| `"+m.Name+"` | `"+f.Test+"` in "+f.Package+" |") {
				t.Errorf("the document does not say that %s fails %s", m.Name, f.Test)
			}
		}
	}
}
