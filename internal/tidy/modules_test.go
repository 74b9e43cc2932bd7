package tidy

import "testing"

// TestEveryDirectDependencyIsReviewedAtItsVersion plants a go.mod beside a document:
// a module that is missing there, one of another version and one that is gone.
func TestEveryDirectDependencyIsReviewedAtItsVersion(t *testing.T) {
	const mod = "module m\n\ngo 1.26.0\n\nrequire example.org/single v0.1.0\n\nrequire (\n" +
		"\tgithub.com/a/b/v2 v2.3.4\n\tgolang.org/x/new v0.5.0\n)\n\nrequire (\n" +
		"\tgithub.com/c/d v1.0.0 // indirect\n)\n"
	const head, end = "<!-- names: dependencies -->\n", "<!-- /names -->\n"
	check := func(rows string) []Finding {
		tree := plant(t, map[string]string{"go.mod": mod, "docs/DEPENDENCIES.md": head + rows + end})
		return agree(tree, []pair{
			{"dependencies", modules("go.mod"), document("docs/DEPENDENCIES.md", "dependencies")},
		})
	}
	const reviewed = "| `example.org/single@v0.1.0` | x |\n| `github.com/a/b/v2@v2.3.4` | x |\n"
	wantCount(t, check(reviewed+"| `golang.org/x/new@v0.5.0` | x |\n"), 0)
	found := check(reviewed + "| `golang.org/x/new@v0.4.0` | x |\n| `github.com/c/d@v1.0.0` | x |\n")
	wantCount(t, found, 3)
	expect(t, found, "go.mod:9: dependencies of docs/DEPENDENCIES.md lack golang.org/x/new@v0.5.0")
	expect(t, found, "docs/DEPENDENCIES.md:4: dependencies of go.mod lack golang.org/x/new@v0.4.0")
	expect(t, found, "docs/DEPENDENCIES.md:5: dependencies of go.mod lack github.com/c/d@v1.0.0")
}
