package tidy

import (
	"os"
	"path/filepath"
	"testing"
)

func TestServiceMayNotReachTheTestBenchByAnyWay(t *testing.T) {
	found := Arrows(Graph{
		"fencepost/cmd/fencepost":   {"fencepost", "fmt"},
		"fencepost":                 {"fencepost/internal/driver"},
		"fencepost/internal/driver": {"example.org/clever"},
		"example.org/clever":        {"github.com/alicebob/miniredis/v2"},
	})
	expect(t, found, "fencepost → fencepost/internal/driver → example.org/clever → github.com/alicebob/")
	expect(t, found, "fencepost/cmd/fencepost → fencepost → ")
	wantCount(t, found, 3)
}

func TestEachForbiddenArrowIsFound(t *testing.T) {
	for from, to := range map[string]string{
		"fencepost/cmd/fencepost":       "fencepost/sim/model",
		"fencepost":                     "fencepost/scenarios",
		"fencepost/internal/pgledger":   "github.com/fergusstrange/embedded-postgres",
		"fencepost/internal/redislease": "github.com/Shopify/toxiproxy/v2/toxics",
		"fencepost/internal/driver":     "fencepost/internal/testbed/redis",
		"fencepost/core":                "fencepost/internal/driver",
		"fencepost/core/check":          "os",
		"fencepost/core/history":        "math/rand/v2",
		"fencepost/sim":                 "fencepost/chaos",
		"fencepost/sim/explore":         "sync/atomic",
		"fencepost/sim/model":           "math/rand",
		"fencepost/scenarios":           "fencepost/sim",
		"fencepost/chaos":               "fencepost/sim",
		"fencepost/internal/timeline":   "fencepost/sim",
		"fencepost/internal/httpapi":    "fencepost/internal/timeline",
		"fencepost/internal/observe":    "github.com/chromedp/cdproto/cdp",
		"fencepost/migrations":          "fencepost/core",
	} {
		expect(t, Arrows(Graph{from: {to}}), to)
	}
}

func TestLawfulArrowsAreQuiet(t *testing.T) {
	wantCount(t, Arrows(Graph{
		"fencepost/cmd/drill":             {"fencepost/sim", "fencepost/chaos", "fencepost"},
		"fencepost/cmd/fencepost":         {"fencepost", "os"},
		"fencepost":                       {"fencepost/internal/driver", "fencepost/migrations"},
		"fencepost/internal/driver":       {"fencepost/core", "context"},
		"fencepost/internal/conformance":  {"fencepost/sim/model"},
		"fencepost/internal/testbed/post": {"github.com/fergusstrange/embedded-postgres"},
		"fencepost/sim":                   {"fencepost/scenarios", "math/bits", "fmt"},
		"fencepost/chaos":                 {"fencepost/scenarios", "net", "github.com/Shopify/toxiproxy/v2"},
		"fencepost/scenarios":             {"fencepost/core/history", "github.com/goccy/go-yaml"},
		"fencepost/core":                  {"math", "time", "unicode/utf8", "hash/fnv"},
		"fencepost/simulated":             {"os"},
	}), 0)
}

func TestGraphOfARealModuleShowsItsArrows(t *testing.T) {
	dir := t.TempDir()
	for name, source := range map[string]string{
		"go.mod":                    "module fencepost\n\ngo 1.26\n",
		"cmd/fencepost/main.go":     "package main\n\nimport _ \"fencepost/internal/lease\"\n",
		"internal/lease/lease.go":   "package lease\n\nimport _ \"fencepost/sim\"\n",
		"internal/lease/it_test.go": "package lease\n\nimport _ \"fencepost/chaos\"\n",
		"sim/sim.go":                "package sim\n",
		"chaos/chaos.go":            "package chaos\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	graph, err := ReadGraph(t.Context(), dir, "./...")
	if err != nil {
		t.Fatal(err)
	}
	found := Arrows(graph)
	expect(t, found, "fencepost/cmd/fencepost → fencepost/internal/lease → fencepost/sim")
	wantCount(t, found, 2)
}
