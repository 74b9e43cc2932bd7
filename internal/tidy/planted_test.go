package tidy

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// planted holds, for each rule, trees that break it, with a part of the finding
// that must follow. An empty finding means that the tree is lawful.
var planted = []struct {
	rule, path, source, want string
}{
	{"file-size", "sim/long.go", "package sim\n" + strings.Repeat("\n", 400), "401 lines"},
	{"file-size", "sim/long_test.go", "package sim\n" + strings.Repeat("\n", 400), "401 lines"},
	{"file-size", "sim/full.go", "package sim\n" + strings.Repeat("\n", 399), ""},

	{"function-size", "sim/f.go", "package sim\n\n" + function(71), "f.go:3: f has 71"},
	{"function-size", "sim/f.go", "package sim\n\n" + function(70), ""},

	{"line-width", "sim/w.go", "package sim\n\n//" + strings.Repeat("é", 109) + "\n", "3: 111 columns"},
	{"line-width", "sim/w.go", "package sim\n\n\t//" + strings.Repeat("x", 105) + "\n", "3: 111 columns"},
	{"line-width", "sim/w.go", "package sim\n\n//" + strings.Repeat("é", 108) + "\n", ""},

	{"core-size", "core/a.go", "package core\n" + strings.Repeat("\n", 2499), "2500 lines"},
	{"core-size", "core/a_test.go", "package core\n" + strings.Repeat("\n", 2499), ""},

	{"package-comment", "sim/sim.go", "package sim\n", "no comment in a doc.go"},
	{"package-comment", "sim/sim.go", "// Package sim runs.\npackage sim\n", "only there"},
	{"package-comment", "sim/doc.go", "// The sim runs.\npackage sim\n", `begins with "Package sim "`},
	{"package-comment", "cmd/drill/doc.go", "// Package main runs.\npackage main\n", `"Command drill "`},
	{"package-comment", "cmd/drill/doc.go", "// Command drill runs.\npackage main\n", ""},

	{"package-name", "internal/util/a.go", "package util\n", "package called util"},
	{"package-name", "internal/helpers/a.go", "package lease\n", "package called helpers"},
	{"package-name", "internal/lease/a_test.go", "package types_test\n", "package called types"},
	{"package-name", "internal/lease/a.go", "package lease\n", ""},

	{"pure-syntax", "core/a.go", "package core\n\nfunc f() {\n\tgo f()\n}\n", "a.go:4: a goroutine"},
	{"pure-syntax", "sim/model/a.go", "package model\n\nfunc f() {\n\tselect {}\n}\n", "by chance"},
	{"pure-syntax", "core/check/a.go", "package check\n\nvar c <-chan int\n", "a channel waits"},
	{"pure-syntax", "core/a.go", "package core\n\nimport \"time\"\n\nvar t = time.Now()\n", "5: time.Now"},
	{"pure-syntax", "sim/a.go", "package sim\n\nimport c \"time\"\n\nvar t = c.NewTimer(1)\n", "NewTimer"},
	{"pure-syntax", "core/a.go", "package core\n\nimport \"time\"\n\nvar t = time.Second\n", ""},
	{"pure-syntax", "core/a_test.go", "package core\n\nfunc f() {\n\tgo f()\n}\n", ""},
	{"pure-syntax", "chaos/a.go", "package chaos\n\nfunc f() {\n\tgo f()\n}\n", ""},

	{"no-hidden-skip", "chaos/a_test.go", test(`t.Skip("no redis")`), "a_test.go:6: a skipped test"},
	{"no-hidden-skip", "chaos/a_test.go", test(`t.Run("x", func(u *testing.T) { u.SkipNow() })`), "skipped"},
	{"no-hidden-skip", "chaos/a_test.go", test("if testing.Short() {\n\t\tt.Skip()\n\t}"), ""},
	{"no-hidden-skip", "chaos/a_test.go", test(`check(t, func(t *rapid.T) { t.Skip("a draw") })`), ""},

	{"speaks-of-itself", "core/a.go", "package core\n\n// See /wo" + "rk/main.\n", "a path of one machine"},
	{"speaks-of-itself", "docs/a.md", "GOPROXY is https://proxy.go" + "lang.org.\n", "a registry's host"},
	{"speaks-of-itself", "docs/b.md", "By an agent ses" + "sion of Cla" + "ude.\n", "a tool of the author"},
	{"speaks-of-itself", "core/a.go", "package core\n\n// As DES" + "IGN 4.4 says.\n", "cite PROTOCOL"},
	{"speaks-of-itself", "docs/a.md", "A framework/workers, a PostgreSQL session, the AIR.\n", ""},

	{"documents-exist", "README.md", "Read docs/NOWHERE.md next.\n", "NOWHERE.md does not exist"},
	{"documents-exist", "docs/a.md", "Read [it](../b.md), a.md, and https://x.test/y.md.\n", "../b"},
	{"documents-exist", "docs/a.md", "Read [this](a.md) or docs/a.md#there.\n", ""},
	{"documents-exist", "sim/a.go", "package sim\n\n// See NOWHERE.md.\n", "a.go:3: NOWHERE.md"},
	{"documents-exist", "sim/a.go", "package sim\n\nvar a = \"NOWHERE.md\"\n", ""},

	{"clauses-exist", "core/a.go", "package core\n\n// PROTO" + "COL 9.9 asks for it.\n", "a.go:3: docs"},
	{"clauses-exist", "core/a.go", "package core\n\n// PROTO" + "COL 4 asks for it.\n", ""},
	{"clauses-exist", "docs/a.md", "PROTO" + "COL 4.1 is a clause.\n", "a.md:1: docs"},

	{"make-targets", "Makefile", "build: bin\n\tgo build\n", "build has no ## help text"},
	{"make-targets", "README.md", "```\n$ make nothing\n```\n", "does not exist"},
	{"make-targets", "Makefile", ".PHONY: x\nX := y\nbuild: ## Build.\n\tgo build\n", ""},

	{"names-agree", "core/check/invariant.go", invariants("a", "b-c"), "invariant.go:6: invariants of docs"},
	{"names-agree", "core/check/invariant.go", invariants("b"), "PROTOCOL.md:3: invariants of core/check"},
	{"names-agree", "core/check/invariant.go", invariants("a"), ""},
}

// beside holds what stands beside the planted file of a rule.
var beside = map[string]map[string]string{
	"clauses-exist": {protocol: "## 4. Words\n"},
	"names-agree":   {protocol: "# Protocol\n<!-- names: invariants -->\n`a`\n<!-- /names -->\n"},
}

// function returns a function of so many lines.
func function(lines int) string { return "func f() {" + strings.Repeat("\n", lines-1) + "}\n" }

// test returns a test file with one statement.
func test(statement string) string {
	return "package chaos\n\nimport \"testing\"\n\nfunc TestIt(t *testing.T) {\n\t" + statement + "\n}\n"
}

// invariants returns a Go file that names them.
func invariants(names ...string) string {
	return "package core\n\nvar invariantNames = [...]string{\n\tNone: \"none\",\n\tA: \"" +
		strings.Join(names, "\",\n\tB: \"") + "\",\n}\n"
}

func TestRuleFiresOnWhatIsPlanted(t *testing.T) {
	for _, rule := range Rules() {
		t.Run(rule.Name, func(t *testing.T) {
			reds := 0
			for _, p := range planted {
				if p.rule != rule.Name {
					continue
				}
				sources := map[string]string{p.path: p.source}
				maps.Copy(sources, beside[p.rule])
				found := rule.Check(plant(t, sources))
				switch {
				case p.want == "" && len(found) > 0:
					t.Errorf("%s is lawful, yet: %v", p.path, found)
				case p.want != "":
					reds++
					expect(t, found, p.want)
				}
			}
			if reds == 0 {
				t.Error("nothing is planted for this rule: it has never been seen to fire")
			}
		})
	}
}

func TestDocumentShowsOnlyTargetsOfTheMakefile(t *testing.T) {
	tree := plant(t, map[string]string{
		"Makefile":  "build: ## Build it.\n\tgo build\n",
		"README.md": "Do make sure: `make build`.\n\n```sh\n$ make build && make demo\n```\nor `make x`.\n",
	})
	found := makeTargets(tree)
	expect(t, found, "README.md:4: make demo is no target")
	expect(t, found, "README.md:6: make x is no target")
	if len(found) != 2 {
		t.Errorf("found %v, want the two planted ones", found)
	}
}

func TestLeftOutDirectoriesAreNotRead(t *testing.T) {
	tree := plant(t, map[string]string{
		"bin/a.go": "package", "core/testdata/b.go": "package", ".git/c.go": "package",
		"core/d.go": "package core\n",
	})
	if linked := plant(t, map[string]string{".git": "gitdir: /elsewhere\n"}); len(linked.Files) > 0 {
		t.Errorf("read %v in a second work tree", linked.Files)
	}
	if len(tree.Files) != 1 || tree.Files[0].Path != "core/d.go" {
		t.Errorf("read %v, want core/d.go alone", tree.Files)
	}
}

func TestBrokenSourceIsAnErrorWithItsPlace(t *testing.T) {
	_, err := Load(fstest.MapFS{"core/a.go": {Data: []byte("package core\n\nfunc (")}})
	if err == nil || !strings.Contains(err.Error(), "core/a.go:3") {
		t.Errorf("error is %v, want one that names core/a.go:3", err)
	}
}

// plant builds a tree in memory.
func plant(t *testing.T, sources map[string]string) *Tree {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, source := range sources {
		fsys[name] = &fstest.MapFile{Data: []byte(source)}
	}
	tree, err := Load(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// expect fails the test unless one finding says so.
func expect(t *testing.T, found []Finding, part string) {
	t.Helper()
	if !slices.ContainsFunc(found, func(f Finding) bool { return strings.Contains(f.String(), part) }) {
		t.Errorf("found %v, want a finding that says %q", found, part)
	}
}
