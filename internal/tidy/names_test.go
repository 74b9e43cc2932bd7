package tidy

import "testing"

func TestNameOfTheCodeMustStandInTheDocument(t *testing.T) {
	found := agree(namesTree(t, "| `a` | `not-a-name` |\n"), []list{
		table("invariants", "docs/p", "core/invariant.go", "invariantNames"),
	})
	expect(t, found, "core/invariant.go:6: invariants of docs/p lack b-c")
	wantCount(t, found, 1)
}

func TestNameOfTheDocumentMustStandInTheCode(t *testing.T) {
	found := agree(namesTree(t, "| `a` | first |\n| `b-c` | second |\nand `lost, gone`\n"), []list{
		table("invariants", "docs/p", "core/invariant.go", "invariantNames"),
	})
	expect(t, found, "docs/p:4: invariants of core/invariant.go lack gone")
	expect(t, found, "docs/p:4: invariants of core/invariant.go lack lost")
	wantCount(t, found, 2)
}

func TestNamesThatAgreeAreQuiet(t *testing.T) {
	wantCount(t, agree(namesTree(t, "- `a, b-c`\n"), []list{
		table("invariants", "docs/p", "core/invariant.go", "invariantNames"),
	}), 0)
}

func TestListThatMovedIsNotTakenForAgreement(t *testing.T) {
	tree := namesTree(t, "- `a, b-c`\n")
	expect(t, agree(tree, []list{
		table("invariants", "docs/p", "core/invariant.go", "renamed"),
	}), "core/invariant.go: holds no invariants: have they moved?")
	expect(t, agree(tree, []list{
		table("events", "docs/p", "core/invariant.go", "invariantNames"),
	}), "docs/p: has no list of events")
}

func TestNamesAreReadFromTagsAndFiles(t *testing.T) {
	tree := plant(t, map[string]string{
		"scenarios/step.go": "package scenarios\n\ntype Step struct {\n" +
			"\tKill *Kill `yaml:\"kill,omitempty\"`\n" +
			"\tNet *Net `yaml:\"net\"`\n\tline int\n\tRest int `yaml:\"-\"`\n}\n",
		"internal/mutants/blind-retry.yaml": "why: x\n",
		"internal/mutants/README":           "x\n",
		"docs/p": "<!-- names: verbs -->\n`kill`\n<!-- /names -->\n" +
			"<!-- names: mutants -->\n`no-gate`\n<!-- /names -->\n",
	})
	found := agree(tree, []list{
		fields("verbs", "docs/p", "scenarios/step.go", "Step"),
		files("mutants", "docs/p", "internal/mutants"),
	})
	expect(t, found, "scenarios/step.go:5: verbs of docs/p lack net")
	expect(t, found, "internal/mutants/blind-retry.yaml: mutants of docs/p lack blind-retry")
	expect(t, found, "docs/p:5: mutants of internal/mutants lack no-gate")
	wantCount(t, found, 3)
}

// namesTree holds two invariants and a document with that list.
func namesTree(t *testing.T, body string) *Tree {
	t.Helper()
	return plant(t, map[string]string{
		"core/invariant.go": invariants("a", "b-c"),
		"docs/p":            "<!-- names: invariants -->\n" + body + "<!-- /names -->\n`outside`\n",
	})
}

func wantCount(t *testing.T, found []Finding, n int) {
	t.Helper()
	if len(found) != n {
		t.Errorf("%d findings, want %d: %v", len(found), n, found)
	}
}
