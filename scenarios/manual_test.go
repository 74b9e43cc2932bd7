package scenarios

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"fencepost/core"
)

// rewrite is the way to bring the manual up to date:
// go test ./scenarios -run Manual -manual.
var rewrite = flag.Bool("manual", false, "write the reference part of docs/SCENARIOS.md anew")

// Between these lines the manual is written from the table of words.
const (
	referenceBegins = "<!-- reference: written by go test ./scenarios -run Manual -manual -->\n"
	referenceEnds   = "<!-- /reference -->\n"
)

var manualPath = filepath.Join("..", "docs", "SCENARIOS.md")

func readManual(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(manualPath)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTheManualHoldsTheReference(t *testing.T) {
	text := readManual(t)
	before, rest, ok := strings.Cut(text, referenceBegins)
	_, after, closed := strings.Cut(rest, referenceEnds)
	if !ok || !closed {
		t.Fatal("the manual does not say where its reference stands")
	}
	want := before + referenceBegins + reference(t) + referenceEnds + after
	if want == text {
		return
	}
	if !*rewrite {
		t.Fatal("the manual's reference is not that of the table of words: " +
			"go test ./scenarios -run Manual -manual writes it anew")
	}
	if err := os.WriteFile(manualPath, []byte(want), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestTheManualNamesEveryWord(t *testing.T) {
	have := map[string]bool{}
	between := func(r rune) bool { return r == ',' || r == ' ' }
	for _, match := range regexp.MustCompile("`([^`\n]+)`").FindAllStringSubmatch(readManual(t), -1) {
		for _, word := range strings.FieldsFunc(match[1], between) {
			have[strings.TrimSuffix(word, ":")] = true
		}
	}
	for _, word := range Words() {
		if !have[word] {
			t.Errorf("the manual does not name `%s`", word)
		}
	}
}

func TestTheManualsExamplesAreTaken(t *testing.T) {
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(readManual(t), -1)
	examples := 0
	for _, block := range blocks {
		if !strings.HasPrefix(block[1], "version:") {
			continue
		}
		examples++
		s := mustParse(t, "", block[1])
		if shipped, ok := ShippedSource(s.Name); ok && string(shipped) != block[1] {
			t.Errorf("the example %s is not the file of that name", s.Name)
		}
	}
	if examples < 2 {
		t.Errorf("the manual has %d examples", examples)
	}
}

func TestEveryErrorThatTheManualShowsIsWhatDrillSays(t *testing.T) {
	block := regexp.MustCompile("(?s)```text\n(.*?)```").FindStringSubmatch(readManual(t))
	if block == nil {
		t.Fatal("the manual shows no error")
	}
	src := strings.Replace(string(Template("my-failure.yaml")), "kill:", "kil:", 1)
	if got := refusals(t, "my-failure.yaml", src).Detail(); got != block[1] {
		t.Errorf("shown:\n%s\nsaid:\n%s", block[1], got)
	}
}

// reference writes all words with their sentences.
func reference(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("\n## Parts of a file\n")
	b.WriteString("\n" + fileShape.Doc + "\n")
	partFields(&b, &fileShape, "")
	b.WriteString("\n## Steps\n\nA step has exactly one trigger and exactly one verb.\n")
	fieldTable(&b, &stepShape, func(f *Field) bool { return !slices.Contains(verbNames, f.Name) })
	partText(&b, &whenShape, "when")
	b.WriteString("\n## Verbs\n")
	named(&b, "verbs", verbNames, func(name string) string { return stepShape.field(name).Doc })
	for _, name := range verbNames {
		partText(&b, stepShape.field(name).Object, name)
	}
	b.WriteString("\n## Expectations\n")
	named(&b, "claims", claimNames, func(name string) string { return expectShape.field(name).Doc })
	for _, name := range claimNames {
		if f := expectShape.field(name); f.Object != nil {
			partText(&b, f.Object, name)
		} else if name == "final" {
			fmt.Fprintf(&b, "\n### `%s`\n", name)
			wordTable(&b, f, nil)
		}
	}
	listsText(&b)
	shippedText(t, &b)
	return b.String() + "\n"
}

// listsText writes the words that stand in many places.
func listsText(b *strings.Builder) {
	b.WriteString("\n## Parties\n")
	parties := slices.Clone(partyPatterns)
	for _, r := range slices.Backward(roles) {
		parties = slices.Insert(parties, 0, r.Word)
	}
	plainTable(b, parties)
	b.WriteString("\nA link has a node on one side and a store on the other; " +
		"nodes never talk to each other.\n")
	plainTable(b, arrowWords)
	b.WriteString("\n## Moments\n")
	plainTable(b, momentWords)
	b.WriteString("\n## Units of time\n")
	plainTable(b, unitWords)
	b.WriteString("\n## Events\n")
	blocked(b, "events", eventWords)
	b.WriteString("\n## Invariants\n")
	plainTable(b, invariantWords)
	b.WriteString("\n## Operations\n\n<!-- names: operations -->\n")
	plainTable(b, opWords)
	var inner []string
	for _, o := range core.Ops()[len(opWords):] {
		inner = append(inner, o.String())
	}
	fmt.Fprintf(b, "\nTraces name more, which no file can: `%s`.\n<!-- /names -->\n",
		strings.Join(inner, ", "))
	b.WriteString("\n## Mutants\n")
	var mistakes []Word
	for _, m := range mutants {
		mistakes = append(mistakes, Word{Name: m.Name, Doc: m.Mistake})
	}
	blocked(b, "mutants", mistakes)
}

// shippedText lists the scenarios that come with the project.
func shippedText(t *testing.T, b *strings.Builder) {
	t.Helper()
	all, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	b.WriteString("\n## Scenarios that come with the project\n\n<!-- names: scenarios -->\n")
	b.WriteString("| name | failure | must fail on |\n|---|---|---|\n")
	for _, s := range all {
		var catches []string
		for _, c := range s.Catches {
			catches = append(catches, c.String())
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", s.Name, cell(s.Why), strings.Join(catches, ", "))
	}
	b.WriteString("<!-- /names -->\n")
}

// partText writes what a mapping is, its fields, their words, and its inner
// mappings.
func partText(b *strings.Builder, s *Shape, title string) {
	fmt.Fprintf(b, "\n### `%s`\n\n%s\n", title, s.Doc)
	partFields(b, s, title)
}

func partFields(b *strings.Builder, s *Shape, title string) {
	fieldTable(b, s, func(*Field) bool { return true })
	for i := range s.Fields {
		f := &s.Fields[i]
		switch {
		case f.Object == &stepShape, f.Object == &expectShape:
		case f.Object != nil:
			partText(b, f.Object, strings.TrimPrefix(title+"."+f.Name, "."))
		case len(f.Words) > 0 && !isShared(f.Words):
			fmt.Fprintf(b, "\nWords of `%s`:\n", f.Name)
			wordTable(b, f, s)
		}
	}
}

func fieldTable(b *strings.Builder, s *Shape, shown func(*Field) bool) {
	b.WriteString("\n| field | meaning | written as |\n|---|---|---|\n")
	for i := range s.Fields {
		if f := &s.Fields[i]; shown(f) {
			fmt.Fprintf(b, "| `%s` | %s | %s |\n", f.Name, cell(f.Doc), cell(f.usage()))
		}
	}
}

// wordTable writes the words of a field; where they decide about other fields,
// those too.
func wordTable(b *strings.Builder, f *Field, s *Shape) {
	if s == nil || s.By != f.Name {
		plainTable(b, f.Words)
		return
	}
	b.WriteString("\n| word | meaning | needs | may have |\n|---|---|---|---|\n")
	for _, w := range f.Words {
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", w.Name, cell(w.Doc),
			strings.Join(w.Needs, ", "), strings.Join(w.Takes, ", "))
	}
}

func plainTable(b *strings.Builder, words []Word) {
	b.WriteString("\n| word | meaning |\n|---|---|\n")
	for _, w := range words {
		fmt.Fprintf(b, "| `%s` | %s |\n", w.Name, cell(w.Doc))
	}
}

// blocked writes a table whose names the repository's own tests compare.
func blocked(b *strings.Builder, what string, words []Word) {
	fmt.Fprintf(b, "\n<!-- names: %s -->\n", what)
	plainTable(b, words)
	b.WriteString("<!-- /names -->\n")
}

func named(b *strings.Builder, what string, names []string, doc func(string) string) {
	var words []Word
	for _, name := range names {
		words = append(words, Word{Name: name, Doc: doc(name)})
	}
	blocked(b, what, words)
}

// cell puts a text on one line and keeps it in its cell.
func cell(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`)
}
