package tidy

// Rule is one rule over the files of the repository.
type Rule struct {
	// Name is the rule's name, as the test prints it.
	Name string
	// Check returns what breaks the rule.
	Check func(*Tree) []Finding
}

// Rules lists the rules over files. Those over the import graph and over types
// are Arrows, Ranges and Flat.
func Rules() []Rule {
	return []Rule{
		{"file-size", fileSize},
		{"function-size", functionSize},
		{"line-width", lineWidth},
		{"core-size", coreSize},
		{"package-comment", packageComment},
		{"package-name", packageName},
		{"pure-syntax", pureSyntax},
		{"no-hidden-skip", noHiddenSkip},
		{"speaks-of-itself", speaksOfItself},
		{"documents-exist", documentsExist},
		{"clauses-exist", clausesExist},
		{"make-targets", makeTargets},
		{"names-agree", namesAgree},
	}
}
