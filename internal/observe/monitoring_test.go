package observe

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/client_golang/prometheus"

	"fencepost/core"
	"fencepost/internal/config"
	"fencepost/internal/testbed/promtool"
)

// Where the things for machines and people stand.
const (
	deployed = "../../deploy"
	guide    = "../../docs/monitoring.md"
	root     = "../.."
)

// exported returns the names of all metrics that an instance has, whether they have
// a sample or not.
func exported(t *testing.T) []string {
	t.Helper()
	o, _ := observer(config.LevelError)
	o.Watch(Gauges{Status: func() core.Status { return core.Status{} }})
	list := make(chan *prometheus.Desc, 1024)
	o.metrics.registry.Describe(list)
	o.metrics.process.Describe(list)
	close(list)
	names := map[string]bool{}
	shape := regexp.MustCompile(`^Desc\{fqName: "([^"]+)", .*constLabels: \{([^}]*)\}`)
	for d := range list {
		found := shape.FindStringSubmatch(d.String())
		if found == nil {
			t.Fatalf("a description that cannot be read: %v", d)
		}
		if !strings.Contains(found[2], `group="desk"`) ||
			!strings.Contains(found[2], `instance_id="blue-1"`) {
			t.Errorf("%s names no group or instance: %s", found[1], found[2])
		}
		names[found[1]] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// ours keeps the names that are not of the runtime's and the process's collectors.
func ours(names []string) []string {
	return slices.DeleteFunc(names, func(n string) bool { return !strings.HasPrefix(n, "fencepost_") })
}

// named matches what is a metric's name in an expression or a document.
var named = regexp.MustCompile(`\b(fencepost|go|process)_[a-z0-9_]+\b`)

// used returns the metrics that a text uses; a histogram has series of three names.
func used(text string) []string {
	names := map[string]bool{}
	for _, name := range named.FindAllString(text, -1) {
		if !strings.HasSuffix(name, "_total") {
			for _, end := range []string{"_bucket", "_sum", "_count"} {
				name = strings.TrimSuffix(name, end)
			}
		}
		names[name] = true
	}
	return slices.Sorted(maps.Keys(names))
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// listed returns what the guide lists under a name, in the first cell of each row.
func listed(t *testing.T, what string) []string {
	t.Helper()
	_, after, begins := strings.Cut(read(t, guide), "<!-- names: "+what+" -->")
	table, _, ends := strings.Cut(after, "<!-- /names -->")
	if !begins || !ends {
		t.Fatalf("the guide has no list of %s", what)
	}
	var names []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(table, -1) {
		names = append(names, row[1])
	}
	return names
}

func TestEveryMetricStandsInTheGuideAndTheGuideNamesNoOther(t *testing.T) {
	have, told := ours(exported(t)), listed(t, "metrics")
	for _, name := range have {
		if !slices.Contains(told, name) {
			t.Errorf("%s is exported and does not stand in the guide", name)
		}
	}
	for _, name := range told {
		if !slices.Contains(have, name) {
			t.Errorf("the guide names %s, which nobody exports", name)
		}
	}
}

// A rule over a metric that does not exist never fires, and nobody notices.
func TestEveryMetricThatIsUsedIsOneThatIsExported(t *testing.T) {
	have := exported(t)
	files := []string{filepath.Join(deployed, "grafana", "fencepost.json")}
	for _, pattern := range []string{
		deployed + "/prometheus/*.yml", root + "/docs/*.md", root + "/docs/runbooks/*.md",
		root + "/docs/runbooks/alerts/*.md", root + "/*.md",
	} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v, %v", pattern, found, err)
		}
		files = append(files, found...)
	}
	for _, file := range files {
		for _, name := range used(read(t, file)) {
			if strings.HasPrefix(name, "fencepost_") && !slices.Contains(have, name) && !isOfTheLedger(name) {
				t.Errorf("%s uses %s, which nobody exports", filepath.Base(file), name)
			}
		}
	}
}

// isOfTheLedger tells of names with our prefix that are no metrics: roles and tables
// of PostgreSQL.
func isOfTheLedger(name string) bool {
	return slices.Contains([]string{
		"fencepost_service", "fencepost_reader", "fencepost_owner", "fencepost_migrations",
	}, name)
}

// rules is a file of alert rules, as far as the tests look at it.
type rules struct {
	Groups []struct {
		Rules []struct {
			Alert       string
			Expr        string
			Labels      map[string]string
			Annotations map[string]string
		}
	}
}

func alerts(t *testing.T) rules {
	t.Helper()
	var file rules
	if err := yaml.Unmarshal([]byte(read(t, deployed+"/prometheus/fencepost.rules.yml")), &file); err != nil {
		t.Fatal(err)
	}
	return file
}

// alertTests is a file of tests of alerts.
type alertTests struct {
	Tests []struct {
		AlertRuleTest []struct {
			Alertname string
			ExpAlerts []struct {
				ExpLabels map[string]string `yaml:"exp_labels"`
			} `yaml:"exp_alerts"`
		} `yaml:"alert_rule_test"`
	}
}

func TestEachAlertSaysWhatToDoAndIsSeenToFireAndNotTo(t *testing.T) {
	fires, quiet := map[string]bool{}, map[string]bool{}
	for _, path := range testFiles(t) {
		var file alertTests
		if err := yaml.Unmarshal([]byte(read(t, path)), &file); err != nil {
			t.Fatal(err)
		}
		for _, test := range file.Tests {
			for _, one := range test.AlertRuleTest {
				quiet[one.Alertname] = quiet[one.Alertname] || len(one.ExpAlerts) == 0
				for _, alert := range one.ExpAlerts {
					fires[one.Alertname+" "+alert.ExpLabels["severity"]] = true
				}
			}
		}
	}
	known := map[string]bool{}
	for _, group := range alerts(t).Groups {
		for _, r := range group.Rules {
			known[r.Alert] = true
			page := r.Annotations["runbook_url"]
			if text := read(t, filepath.Join(root, page)); !strings.HasPrefix(text, "# "+r.Alert+"\n") {
				t.Errorf("%s leads to %s, which is about something else", r.Alert, page)
			}
			if len(r.Annotations["summary"]) < 20 || len(r.Annotations["description"]) < 40 {
				t.Errorf("%s does not say what to do: %v", r.Alert, r.Annotations)
			}
			if severity := r.Labels["severity"]; severity != "warning" && severity != "critical" {
				t.Errorf("%s has severity %q", r.Alert, severity)
			}
			if !fires[r.Alert+" "+r.Labels["severity"]] || !quiet[r.Alert] {
				t.Errorf("%s (%s) is not seen both to fire and not to", r.Alert, r.Labels["severity"])
			}
		}
	}
	if told := listed(t, "alerts"); !slices.Equal(slices.Sorted(slices.Values(told)),
		slices.Sorted(maps.Keys(known))) {
		t.Errorf("the guide lists %v, the rules are %v", told, slices.Sorted(maps.Keys(known)))
	}
	pages, err := filepath.Glob(root + "/docs/runbooks/alerts/*.md")
	if err != nil || len(pages) != len(known) {
		t.Errorf("%d pages for %d alerts, %v", len(pages), len(known), err)
	}
}

func testFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(deployed + "/prometheus/*.test.yml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no tests of rules: %v", err)
	}
	return files
}

func TestPromtoolAcceptsTheRulesAndTheirTests(t *testing.T) {
	if said, err := promtool.Run(t.Context(), "check", "rules",
		deployed+"/prometheus/fencepost.rules.yml"); err != nil || !strings.Contains(said, "rules found") {
		t.Errorf("%v\n%s", err, said)
	}
	said, err := promtool.Run(t.Context(), append([]string{"test", "rules"}, testFiles(t)...)...)
	if err != nil || strings.Count(said, "SUCCESS") != len(testFiles(t)) {
		t.Errorf("%v\n%s", err, said)
	}
}

// The thresholds of /coordinator/metrics and those of the rules are one decision,
// also where what is counted differs.
func TestRulesHaveTheThresholdsOfTheCoordinator(t *testing.T) {
	text := map[string]string{}
	for _, group := range alerts(t).Groups {
		for _, r := range group.Rules {
			text[r.Alert+" "+r.Labels["severity"]] = r.Expr
		}
	}
	for alert, want := range map[string]string{
		"FencepostDBSyncFailing warning":       fmt.Sprintf("> %.2f", warnFailureRate),
		"FencepostDBSyncFailing critical":      fmt.Sprintf("> %.2f", criticalFailureRate),
		"FencepostLeadershipFlapping warning":  fmt.Sprintf("> %d", warnChanges),
		"FencepostLeadershipFlapping critical": fmt.Sprintf("> %d", criticalChanges),
		"FencepostHeartbeatMissing warning":    fmt.Sprintf("> %.0f", warnSilence.Seconds()),
		"FencepostHeartbeatMissing critical":   fmt.Sprintf("> %.0f", criticalSilence.Seconds()),
	} {
		if !strings.HasSuffix(strings.TrimSpace(text[alert]), want) {
			t.Errorf("%s is %q, want it to end in %q", alert, text[alert], want)
		}
	}
}

// dashboard is what the tests look at of a dashboard.
type dashboard struct {
	UID    string
	Panels []struct {
		ID      int
		Type    string
		Title   string
		Targets []struct{ Expr string }
	}
	Annotations struct{ List []struct{ Expr string } }
}

func TestDashboardIsWellFormedAndAsksForWhatThereIs(t *testing.T) {
	var d dashboard
	if err := json.Unmarshal([]byte(read(t, deployed+"/grafana/fencepost.json")), &d); err != nil {
		t.Fatal(err)
	}
	have, ids, expressions := exported(t), map[int]bool{}, []string{}
	for _, p := range d.Panels {
		if p.ID == 0 || ids[p.ID] || p.Title == "" || (p.Type != "row" && len(p.Targets) == 0) {
			t.Errorf("panel %+v", p)
		}
		ids[p.ID] = true
		for _, target := range p.Targets {
			expressions = append(expressions, target.Expr)
		}
	}
	for _, a := range d.Annotations.List {
		expressions = append(expressions, a.Expr)
	}
	// promtool parses what stands in a rule; Grafana fills its variables in before.
	type rule struct {
		Record string `yaml:"record"`
		Expr   string `yaml:"expr"`
	}
	list := []rule{}
	for i, expr := range expressions {
		for _, name := range used(expr) {
			if !slices.Contains(have, name) {
				t.Errorf("%s is asked for and not exported", name)
			}
		}
		if !strings.Contains(expr, `group="$group"`) {
			t.Errorf("%s asks for every group", expr)
		}
		filled := strings.NewReplacer("$group", "g", "$__rate_interval", "1m").Replace(expr)
		list = append(list, rule{fmt.Sprintf("panel:%d", i), filled})
	}
	text, err := yaml.Marshal(map[string]any{
		"groups": []any{map[string]any{"name": "dashboard", "rules": list}},
	})
	if err != nil || len(list) < 20 {
		t.Fatalf("%d expressions, %v", len(list), err)
	}
	path := filepath.Join(t.TempDir(), "dashboard.yml")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := promtool.Run(t.Context(), "check", "rules", path); err != nil {
		t.Errorf("%v\n%s", err, said)
	}
}
