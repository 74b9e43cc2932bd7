package mutants

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"fencepost/core/check"
	"fencepost/scenarios"
)

//go:embed *.yaml
var files embed.FS

// Mutant is one deliberate mistake.
type Mutant struct {
	Name string
	// Why says what makes the mistake tempting, and what comes of it.
	Why string
	// Sites tells which layers make the mistake.
	Sites []Site
	// Edits make the mistake, in their order.
	Edits []Edit
	// Breaks is the invariant that falls, with every other layer on, or together
	// with the mutants of With. A mistake that breaks none of them is
	// check.NoInvariant here, and Misses names the expectation of a scenario that
	// does not hold: `elect`, `no`, `final` and so on.
	Breaks check.Invariant
	Misses string
	With   []string
	// Fails names the tests that fail on real servers: one at least for a mutant
	// whose site is SQL.
	Fails []RealTest
	// Real is the run on real processes that the mutant fails; nil if none is named.
	Real *RealRun
	// Needs says which faults it takes, in which order, to show a mistake that no
	// single fault shows; "" if one is enough.
	Needs string
	// Survives is the argument why nothing can kill the mutant; "" if something
	// must.
	Survives string
}

// RealTest is a test against real servers.
type RealTest struct {
	// Package is relative to the root of the source tree, such as
	// internal/pgledger; Test is the name of a test in it.
	Package string `yaml:"package"`
	Test    string `yaml:"test"`
}

// Site is a layer in which a mistake can lie.
type Site string

// The sites.
const (
	// CoreSite is the protocol, which the service and the simulator share.
	CoreSite Site = "core"
	// SQLSite is the ledger's and the lease's code against real servers; a
	// mutant there must also fail on them.
	SQLSite Site = "SQL"
	// ServiceSite is what stands around the core in the service; a mutant there
	// must also fail on real processes.
	ServiceSite Site = "service"
	// ModelSite is the simulator's word on what the servers do.
	ModelSite Site = "model"
)

// Edit is one replacement in one file. Old stands in it exactly once.
type Edit struct {
	// Path is relative to the root of the source tree, with slashes.
	Path string `yaml:"path"`
	Old  string `yaml:"old"`
	New  string `yaml:"new"`
}

// written is a mutant's file. One edit stands at the top, several in a list.
type written struct {
	Why    string   `yaml:"why"`
	Site   string   `yaml:"site"`
	Path   string   `yaml:"path"`
	Old    string   `yaml:"old"`
	New    string   `yaml:"new"`
	Edits  []Edit   `yaml:"edits"`
	Breaks string   `yaml:"breaks"`
	Misses string   `yaml:"misses"`
	With   []string `yaml:"with"`

	Fails    []RealTest `yaml:"fails"`
	Real     *RealRun   `yaml:"real"`
	Needs    string     `yaml:"needs"`
	Survives string     `yaml:"survives"`
}

// All returns every mutant, in the order of the scenario format's table.
func All() ([]Mutant, error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list mutants: %w", err)
	}
	table := scenarios.Mutants()
	place := func(name string) int {
		return slices.IndexFunc(table, func(m scenarios.Mutant) bool { return m.Name == name })
	}
	var all []Mutant
	for _, file := range names {
		src, err := files.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read mutant: %w", err)
		}
		m, err := Parse(strings.TrimSuffix(file, ".yaml"), src)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	slices.SortStableFunc(all, func(a, b Mutant) int { return place(a.Name) - place(b.Name) })
	return all, nil
}

// UnknownName is the error of Find for a word that is no mutant.
type UnknownName struct {
	Name, Nearest string
	Allowed       []string
}

// Error names the word, the nearest mutant and all of them.
func (e *UnknownName) Error() string {
	name := e.Name
	if name == "" {
		name = "an empty word"
	}
	text := fmt.Sprintf("%s is no mutant that stands in internal/mutants", name)
	if e.Nearest != "" {
		text += "; did you mean " + e.Nearest + "?"
	}
	return text + " (allowed: " + strings.Join(e.Allowed, ", ") + ")"
}

// Find returns the mutants of a name, or of several joined by a plus. The error
// may be an *UnknownName.
func Find(name string) ([]Mutant, error) {
	all, err := All()
	if err != nil {
		return nil, err
	}
	var found []Mutant
	for part := range strings.SplitSeq(name, "+") {
		at := slices.IndexFunc(all, func(m Mutant) bool { return m.Name == part })
		if at < 0 {
			names := make([]string, len(all))
			for i, m := range all {
				names[i] = m.Name
			}
			return nil, &UnknownName{part, scenarios.Nearest(part, names), names}
		}
		found = append(found, all[at])
	}
	return found, nil
}

// Parse reads a mutant's file.
func Parse(name string, src []byte) (Mutant, error) {
	var w written
	if err := yaml.NewDecoder(bytes.NewReader(src), yaml.Strict()).Decode(&w); err != nil {
		return Mutant{}, fmt.Errorf("mutant %s: %w", name, err)
	}
	m := Mutant{
		Name: name, Why: w.Why, Edits: w.Edits, Misses: w.Misses, With: w.With, Fails: w.Fails,
		Real: w.Real, Needs: w.Needs, Survives: w.Survives,
	}
	if w.Path != "" {
		m.Edits = append([]Edit{{w.Path, w.Old, w.New}}, m.Edits...)
	}
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("mutant "+name+": "+format, args...))
	}
	if w.Why == "" {
		fault("it lacks `why`")
	}
	if w.Path == "" && w.Old+w.New != "" {
		fault("`old` and `new` need a `path`")
	}
	if len(m.Edits) == 0 {
		fault("it changes nothing: give `path`, `old` and `new`, or `edits`")
	}
	for _, e := range m.Edits {
		switch {
		case e.Path == "" || path.Clean(e.Path) != e.Path || !fs.ValidPath(e.Path):
			fault("%q is no path inside the tree", e.Path)
		case e.Old == "" || e.Old == e.New:
			fault("the edit of %s changes nothing", e.Path)
		}
	}
	for part := range strings.SplitSeq(w.Site, " and ") {
		switch site := Site(part); site {
		case CoreSite, SQLSite, ServiceSite, ModelSite:
			m.Sites = append(m.Sites, site)
		default:
			fault("%q is no site (allowed: core, SQL, service, model, joined by `and`)", part)
		}
	}
	var known bool
	m.Breaks, known = check.ParseInvariant(w.Breaks)
	switch {
	case (w.Breaks == "") == (w.Misses == ""):
		fault("it names one of `breaks`, an invariant, and `misses`, an expectation")
	case w.Breaks != "" && !known:
		fault("%q is no invariant", w.Breaks)
	case w.Misses != "" && !slices.Contains(judged, w.Misses):
		fault("%q is no expectation (allowed: %s)", w.Misses, strings.Join(judged, ", "))
	}
	faults = append(faults, m.checkReal())
	return m, errors.Join(faults...)
}

// checkReal refuses a run on real processes that says too little.
func (m *Mutant) checkReal() error {
	if m.Real == nil {
		return nil
	}
	for _, broke := range m.Real.Breaks {
		if _, known := check.ParseInvariant(broke); !known && !slices.Contains(judged, broke) {
			return fmt.Errorf("mutant %s: real: %q is neither an invariant nor an expectation", m.Name, broke)
		}
	}
	switch {
	case m.Real.Scenario == "" || m.Real.Seed == 0:
		return fmt.Errorf("mutant %s: real: it names a scenario and a seed", m.Name)
	case (len(m.Real.Breaks) == 0) != (m.Real.Since == ""):
		return fmt.Errorf("mutant %s: real: `breaks` and `since` stand together", m.Name)
	}
	return nil
}

// judged are the expectations that a mutant can miss.
var judged = []string{"detect", "elect", "recover", "no", "at_most", "metric", "final"}

// Site returns the sites as they stand in a file: `model and SQL`.
func (m Mutant) Site() string {
	parts := make([]string, len(m.Sites))
	for i, s := range m.Sites {
		parts[i] = string(s)
	}
	return strings.Join(parts, " and ")
}

// Served returns the mutant with the part of its mistake that lies in the
// service and its servers' statements: no edit of the core or of a model.
func (m Mutant) Served() Mutant {
	m.Edits = slices.DeleteFunc(slices.Clone(m.Edits), func(e Edit) bool {
		return strings.HasPrefix(e.Path, "core/") || strings.HasPrefix(e.Path, "sim/")
	})
	return m
}

// Name returns the names of mutants that are built together, joined by a plus.
func Name(ms []Mutant) string {
	names := make([]string, len(ms))
	for i, m := range ms {
		names[i] = m.Name
	}
	return strings.Join(names, "+")
}
