package main

import (
	"encoding/json"
	"strings"
	"testing"

	"fencepost/internal/load"
	"fencepost/scenarios"
)

// TestAnAttackThatMakesNoSenseIsRefused: before anything is started.
func TestAnAttackThatMakesNoSenseIsRefused(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"assault --requests 10":                  "give 100 to",
		"assault --requests many":                "invalid argument",
		"assault --nodes 0":                      "1 to 9",
		"assault --family none":                  "json-truncated, json-nesting",
		"assault --shot 3":                       "say of which --family",
		"assault --admin http://127.0.0.1:1":     "those of --url",
		"assault --url 127.0.0.1:1":              "want http://HOST:PORT/webhook/TOKEN",
		"assault --workers 0":                    "give 1 to 1000",
		"assault now":                            "unknown command",
		"load --rate 0":                          "signals a second",
		"load --for 1ms":                         "give 100ms",
		"load --connections 0":                   "give 1 to 10000",
		"load --nodes 10":                        "1 to 9",
		"kills --count 0":                        "give 1 to 1000000 kills",
		"kills --nodes 1":                        "give 2 to 9",
		"kills --seed 0":                         "seeds begin at 1",
		"kills --batch 0":                        "give 1 to 100",
		"kills --rate 0":                         "signals a second",
		"kills --count 1 --resume /dev/null/no":  "--resume",
		"kills --count 1 --resume /dev/null/a/b": "no file can be written there",
	} {
		got := say(t, strings.Fields(args)...)
		if got.code != scenarios.ExitRefused || !strings.Contains(got.problems, want) || got.out != "" {
			t.Errorf("%s: code %d, %s", args, got.code, got.problems)
		}
	}
}

// TestLoadPrintsOneObject measures a cluster of one for a moment.
func TestLoadPrintsOneObject(t *testing.T) {
	got := say(t, "load", "--nodes", "1", "--for", "300ms", "--rate", "20", "--connections", "2", "--json")
	var r load.Report
	if err := json.Unmarshal([]byte(got.out), &r); err != nil || got.code != 0 {
		t.Fatalf("code %d, %v: %s\n%s", got.code, err, got.out, got.problems)
	}
	if !r.Held || len(r.Legs) != 3 || r.Legs[0].Loop != "open" || r.Legs[1].Loop != "closed" ||
		r.Legs[2].Mode != "pause" ||
		r.Legs[0].Sent != 6 || r.Legs[0].Acknowledged != 6 {
		t.Errorf("%+v", r)
	}
}
