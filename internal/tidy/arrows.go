package tidy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Graph is the import graph without tests: package to what it imports.
type Graph map[string][]string

// An arrow that must not exist, however long the way.
type arrow struct {
	from, except []string
	to           []string
	why          string
}

// bench are the packages around the tests; the service never links one.
var bench = []string{
	"fencepost/internal/assault/...",
	"fencepost/internal/broker/alpaca/standin/...", "fencepost/internal/broker/brokertest/...",
	"fencepost/internal/campaign/...", "fencepost/internal/cluster/...", "fencepost/internal/conformance/...",
	"fencepost/internal/detect/...", "fencepost/internal/edge/...", "fencepost/internal/fuzz/...",
	"fencepost/internal/junit/...", "fencepost/internal/kills/...", "fencepost/internal/load/...",
	"fencepost/internal/mutants/...", "fencepost/internal/parity/...",
	"fencepost/internal/replay/...", "fencepost/internal/shrink/...", "fencepost/internal/soak/...",
	"fencepost/internal/testbed/...", "fencepost/internal/tidy/...", "fencepost/internal/timeline/...",
}

// tops are the packages that nobody below them may know.
var tops = []string{"fencepost", "fencepost/cmd/..."}

// arrows are the ways that must not exist. A pattern ends in /... where it
// means the packages below as well.
func arrows() []arrow {
	return []arrow{
		{
			from:   []string{"fencepost", "fencepost/cmd/fencepost/...", "fencepost/internal/..."},
			except: bench,
			to: append([]string{
				"fencepost/sim/...", "fencepost/chaos/...", "fencepost/scenarios/...",
				"github.com/alicebob/miniredis/...", "github.com/fergusstrange/embedded-postgres/...",
				"github.com/Shopify/toxiproxy/...", "github.com/chromedp/...",
				"pgregory.net/rapid/...",
			}, bench...),
			why: "the service never links the test bench",
		},
		{
			from: []string{"fencepost/core/..."},
			to:   append([]string{"fencepost/internal/...", "fencepost/migrations/..."}, tops...),
			why:  "everything points towards core",
		},
		{
			from: []string{"fencepost/sim/..."},
			to:   append([]string{"fencepost/chaos/...", "fencepost/internal/..."}, tops...),
			why:  "the simulator meets no real store",
		},
		{
			from: []string{"fencepost/scenarios/..."},
			to: append([]string{
				"fencepost/sim/...", "fencepost/chaos/...", "fencepost/internal/...",
			}, tops...),
			why: "a scenario does not know the engine that plays it",
		},
		{
			from: []string{"fencepost/chaos/..."},
			to:   []string{"fencepost/sim/...", "fencepost/cmd/..."},
			why:  "the engines do not know each other",
		},
		{
			from: []string{"fencepost/internal/timeline/..."},
			to: append([]string{
				"fencepost/sim/...", "fencepost/chaos/...", "fencepost/scenarios/...",
				"fencepost/internal/...",
			}, tops...),
			why: "a picture does not know the engine that played the run",
		},
		{
			from: []string{"fencepost/migrations/..."},
			to:   append([]string{"fencepost/core/...", "fencepost/internal/..."}, tops...),
			why:  "the migrations know nobody",
		},
	}
}

// Arrows returns the ways in the import graph that must not exist, each with
// the packages that it passes, and what core and sim import beyond their lists.
func Arrows(graph Graph) []Finding {
	var found []Finding
	for _, pkg := range slices.Sorted(maps.Keys(graph)) {
		for _, a := range arrows() {
			if !matches(a.from, pkg) || matches(a.except, pkg) {
				continue
			}
			if way := graph.way(pkg, a.to); way != nil {
				found = append(found, Finding{pkg, 0, strings.Join(way, " → ") + ": " + a.why})
			}
		}
		for _, imported := range graph[pkg] {
			if text := impureImport(pkg, imported); text != "" {
				found = append(found, Finding{pkg, 0, text})
			}
		}
	}
	return found
}

// way returns the shortest way from a package to one of the targets, or nil.
func (g Graph) way(from string, targets []string) []string {
	ways := [][]string{{from}}
	seen := map[string]bool{from: true}
	for len(ways) > 0 {
		way := ways[0]
		ways = ways[1:]
		for _, next := range g[way[len(way)-1]] {
			if seen[next] {
				continue
			}
			seen[next] = true
			longer := append(slices.Clone(way), next)
			if matches(targets, next) {
				return longer
			}
			ways = append(ways, longer)
		}
	}
	return nil
}

// coreImports is all that core may import directly.
var coreImports = []string{
	"bytes", "cmp", "crypto/sha256", "encoding/base32", "encoding/binary", "errors", "fmt", "hash/...",
	"math", "math/bits", "slices", "sort", "strconv", "strings", "time", "unicode/...", "fencepost/core/...",
}

// machine is what the simulator must not import directly.
var machine = []string{
	"context", "crypto/rand", "log/...", "math/rand/...", "net/...", "os/...", "sync/...", "syscall",
	"golang.org/x/sys/...",
}

// impureImport says what is wrong with one import of core or sim, or "".
func impureImport(pkg, imported string) string {
	switch {
	case matches([]string{"fencepost/core/..."}, pkg) && !matches(coreImports, imported):
		return fmt.Sprintf("imports %s; core may import %s", imported, strings.Join(coreImports, ", "))
	case matches([]string{"fencepost/sim/..."}, pkg) && matches(machine, imported):
		return fmt.Sprintf("imports %s; the simulator touches no machine and draws its own chance", imported)
	default:
		return ""
	}
}

// matches tells whether one of the patterns means the package.
func matches(patterns []string, pkg string) bool {
	for _, pattern := range patterns {
		dir, tree := strings.CutSuffix(pattern, "/...")
		if pkg == dir || tree && below(pkg, dir) {
			return true
		}
	}
	return false
}
