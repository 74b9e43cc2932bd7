package tidy

import (
	"os"
	"testing"
)

// root is the repository's root, seen from this package.
const root = "../.."

func TestRepositoryObeysEveryRule(t *testing.T) {
	tree := repository(t)
	for _, rule := range Rules() {
		t.Run(rule.Name, func(t *testing.T) { report(t, rule.Check(tree)) })
	}
}

func TestImportsPointTowardsCore(t *testing.T) {
	graph, err := ReadGraph(t.Context(), root, "./...")
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := graph["fencepost/core"]; !ok {
		t.Fatal("the import graph does not hold fencepost/core")
	}
	report(t, Arrows(graph))
}

func TestCoreAndSimulatorNeverAskForMapOrder(t *testing.T) {
	report(t, Ranges(readTyped(t)))
}

func TestStateOfTheCoreIsPlainMemory(t *testing.T) {
	report(t, Flat(readTyped(t)))
}

// repository loads the tree that this package is part of.
func repository(t *testing.T) *Tree {
	t.Helper()
	tree, err := Load(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	if len(tree.GoFiles()) == 0 {
		t.Fatalf("no Go file below %s: a walk that sees nothing proves nothing", root)
	}
	return tree
}

func readTyped(t *testing.T) []Typed {
	t.Helper()
	packages, err := ReadTyped(t.Context(), root, pureDirs...)
	if err != nil {
		t.Fatal(err)
	}
	if len(packages) == 0 {
		t.Fatal("no package was checked")
	}
	return packages
}

// report fails the test with one line for each finding.
func report(t *testing.T, found []Finding) {
	t.Helper()
	for _, finding := range found {
		t.Error(finding)
	}
}
