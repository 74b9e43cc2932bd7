package mutants

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fencepost/internal/mutants/errand"
)

// found returns a search that finds the same failure everywhere, and what a
// program without the mistake breaks in that run.
func found(broke string) Further {
	return Further{
		Hunt: func(context.Context, string, string) (errand.Kill, error) {
			return errand.Kill{By: "stub", Seed: 7, Invariant: "single-believer", Runs: 3, Nanos: 5e6}, nil
		},
		Control: func(context.Context, string, errand.Kill) (string, error) { return broke, nil },
	}
}

func one(t *testing.T, name string) Mutant {
	t.Helper()
	ms, err := Find(name)
	if err != nil {
		t.Fatal(err)
	}
	return ms[0]
}

func TestAFailureThatIsThereWithoutTheMistakeKillsNobody(t *testing.T) {
	t.Parallel()
	m := one(t, "belief-by-flag")
	s := Search{Tree: tree(t), NoScenarios: true, Further: []Further{found("single-believer")}}
	r, err := s.Kill(t.Context(), m)
	if err != nil || !r.Survived || r.KilledBy != "" || r.Runs != 3 {
		t.Errorf("%+v (%v)", r, err)
	}
	s.Further = append(s.Further, found(""))
	r, err = s.Kill(t.Context(), m)
	if err != nil || r.Survived || r.KilledBy != "stub" || r.Seed != 7 || r.Runs != 6 || r.SimMS != 10 {
		t.Errorf("%+v (%v)", r, err)
	}
}

func TestAMutantBuiltWithOthersMustBreakWhatItsFileSays(t *testing.T) {
	t.Parallel()
	m := one(t, "never-evicts-stale")
	m.With, m.Misses = []string{"belief-by-flag"}, "elect"
	for kill, want := range map[*errand.Kill]bool{
		{Invariant: "single-believer"}:               false,
		{Expect: "detect: {what: gray_leader}"}:      false,
		{Expect: "elect: {from: a.start, within: …"}: true,
	} {
		if m.expects(kill) != want {
			t.Errorf("%s counts: %v", kill.Broke(), !want)
		}
	}
}

func TestASearchThatBreaksEndsAllOfThem(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	s := Search{Tree: tree(t), NoScenarios: true, Further: []Further{{
		Hunt: func(context.Context, string, string) (errand.Kill, error) { return errand.Kill{}, broken },
	}}}
	m := one(t, "belief-by-flag")
	told := 0
	err := s.KillAll(t.Context(), []Mutant{m, m, m, m}, func(*Result) error { told++; return nil })
	if !errors.Is(err, broken) || told != 0 {
		t.Errorf("%d results, %v", told, err)
	}
}

func TestEachContentOfTheSourceHasItsOwnSample(t *testing.T) {
	t.Parallel()
	ms := all(t)
	root := planted(t, "one")
	first := names(t, root, ms)
	if !slices.Equal(first, names(t, root, ms)) || len(first) != 6 {
		t.Errorf("the sample %v changes by itself", first)
	}
}

func names(t *testing.T, root Tree, ms []Mutant) []string {
	t.Helper()
	listed.Store(string(root)+" "+runnerPackage, []string{"a.go"})
	chosen, err := root.Sample(t.Context(), ms, 6)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, m := range chosen {
		list = append(list, m.Name)
	}
	return list
}

func TestTheTableSaysWhatSurvives(t *testing.T) {
	t.Parallel()
	all := []*Result{
		{Name: "fails-open", Site: "core", Survived: true},
		{
			Name: "belief-by-flag", Site: "core", KilledBy: "leader-crash", Broke: "elect: {from: a}",
			SimMS: 1.5,
		},
		{Name: "epoch-reused", Site: "core", Survived: true, WhyEquivalent: "It cannot be seen."},
	}
	Order(all)
	if all[0].Name != "epoch-reused" || all[2].Name != "fails-open" {
		t.Errorf("the order is %s, %s, %s", all[0].Name, all[1].Name, all[2].Name)
	}
	var text strings.Builder
	if err := Markdown(&text, all, []Mutant{one(t, "heartbeat-by-process")}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| `belief-by-flag` | core |", "| leader-crash | `elect: {from: a}` |", "| *survives* |",
		"1 of 3 mutants killed, median 1.5 ms", "1 survive with an argument; 1 SURVIVE.",
		"- `epoch-reused`: It cannot be seen.",
		"## Three faults in a certain order\n\n- `heartbeat-by-process`: ",
		"| `heartbeat-by-process` | `TestHeartbeatOfAnEarlier",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is missing in\n%s", want, &text)
		}
	}
}

func TestATestThatFailsWithTheMistakeIsNamed(t *testing.T) {
	t.Parallel()
	root := planted(t, "package a\n\nconst Word = \"right\"\n")
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(string(root), name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module fencepost\n\ngo 1.26\n")
	write("a_test.go", "package a\n\nimport \"testing\"\n\nfunc TestWord(t *testing.T) {\n"+
		"\tif Word != \"right\" {\n\t\tt.Error(Word)\n\t}\n}\n")
	wrong := []Mutant{{Name: "wrong", Edits: []Edit{{"a.go", "right", "wrong"}}}}
	failing, err := root.Test(t.Context(), wrong, ".", "")
	if err != nil || !slices.Equal(failing, []string{"TestWord"}) {
		t.Errorf("failing %v (%v)", failing, err)
	}
	if failing, err := root.Test(t.Context(), nil, ".", "^TestWord$"); err != nil || len(failing) > 0 {
		t.Errorf("without the mistake %v fails (%v)", failing, err)
	}
	broken := []Mutant{{Name: "broken", Edits: []Edit{{"a.go", "const", "konst"}}}}
	if failing, err := root.Test(t.Context(), broken, ".", ""); err == nil {
		t.Errorf("what does not compile fails nothing, but %v", failing)
	}
}
