package tidy

import "testing"

// both pairs the planted invariants with the planted document.
var both = []pair{{
	"invariants", table("core/check/invariant.go", "invariantNames"), document("docs/p", "invariants"),
}}

func TestNameOfTheCodeMustStandInTheDocument(t *testing.T) {
	found := agree(namesTree(t, "| `a` | `not-a-name` |\n"), both)
	expect(t, found, "core/check/invariant.go:6: invariants of docs/p lack b-c")
	wantCount(t, found, 1)
}

func TestNameOfTheDocumentMustStandInTheCode(t *testing.T) {
	found := agree(namesTree(t, "| `a` | first |\n| `b-c` | second |\nand `lost, gone`\n"), both)
	expect(t, found, "docs/p:4: invariants of core/check/invariant.go lack gone")
	expect(t, found, "docs/p:4: invariants of core/check/invariant.go lack lost")
	wantCount(t, found, 2)
}

func TestNamesThatAgreeAreQuiet(t *testing.T) {
	wantCount(t, agree(namesTree(t, "- `a, b-c`\n"), both), 0)
}

func TestListThatMovedIsNotTakenForAgreement(t *testing.T) {
	tree := namesTree(t, "")
	moved := table("core/check/invariant.go", "renamed")
	renamed := []pair{{"invariants", moved, document("docs/p", "invariants")}}
	found := agree(tree, renamed)
	expect(t, found, "core/check/invariant.go: holds no invariants: have they moved?")
	expect(t, found, "docs/p: holds no invariants: have they moved?")
}

func TestDocumentThatIsNotWrittenOwesNothing(t *testing.T) {
	tree := plant(t, map[string]string{"core/check/invariant.go": invariants("a")})
	wantCount(t, agree(tree, both), 0)
}

func TestNamesAreReadFromEveryKindOfTable(t *testing.T) {
	tree := plant(t, map[string]string{
		"scenarios/words.go": "package scenarios\n\nvar (\n\tverbNames = []string{\"kill\", \"net\"}\n" +
			"\teffects = []Word{{Name: \"drop\"}, {Doc: \"x\", Name: \"hold\"}}\n" +
			"\tmutants = []Mutant{{\"blind-retry\", \"why\"}, {\"fails-open\", \"why\"}}\n)\n",
		"internal/mutants/blind-retry.yaml": "why: x\n",
		"internal/mutants/no-gate.yaml":     "why: x\n",
		"internal/mutants/README":           "x\n",
		"docs/p": "<!-- names: verbs -->\n`kill`\n<!-- /names -->\n" +
			"<!-- names: effects -->\n`drop, flap`\n<!-- /names -->\n",
	})
	found := agree(tree, []pair{
		{"verbs", table("scenarios/words.go", "verbNames"), document("docs/p", "verbs")},
		{"effects", table("scenarios/words.go", "effects"), document("docs/p", "effects")},
		{"mutants", files("internal/mutants"), table("scenarios/words.go", "mutants")},
	})
	expect(t, found, "scenarios/words.go:4: verbs of docs/p lack net")
	expect(t, found, "scenarios/words.go:5: effects of docs/p lack hold")
	expect(t, found, "docs/p:5: effects of scenarios/words.go lack flap")
	expect(t, found, "internal/mutants/no-gate.yaml: mutants of scenarios/words.go lack no-gate")
	expect(t, found, "scenarios/words.go:6: mutants of internal/mutants lack fails-open")
	wantCount(t, found, 5)
}

// TestEachPairReadsItsCode: a pair whose code has moved would be silent where
// its document is not written.
func TestEachPairReadsItsCode(t *testing.T) {
	tree := repository(t)
	for _, p := range pairs() {
		for _, side := range []names{p.left, p.right} {
			if file, ok := tree.File(side.place); ok && file.Go != nil && len(side.read(tree)) == 0 {
				t.Errorf("%s holds no %s: have they moved?", side.place, p.what)
			}
		}
	}
}

// namesTree holds two invariants and a document with that list.
func namesTree(t *testing.T, body string) *Tree {
	t.Helper()
	return plant(t, map[string]string{
		"core/check/invariant.go": invariants("a", "b-c"),
		"docs/p":                  "<!-- names: invariants -->\n" + body + "<!-- /names -->\n`outside`\n",
	})
}

func wantCount(t *testing.T, found []Finding, n int) {
	t.Helper()
	if len(found) != n {
		t.Errorf("%d findings, want %d: %v", len(found), n, found)
	}
}
