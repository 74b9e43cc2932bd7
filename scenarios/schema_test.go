package scenarios

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"
)

// compiledSchema returns the schema of the format as a validator of its own
// reads it.
func compiledSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("scenario.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("scenario.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// validate judges a YAML text by the schema.
func validate(schema *jsonschema.Schema, src []byte) error {
	text, err := yaml.YAMLToJSON(src)
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

func TestTheSchemaTakesWhatParseTakes(t *testing.T) {
	schema := compiledSchema(t)
	files, err := filepath.Glob("*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	more, err := filepath.Glob(filepath.Join("testdata", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, more...) {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(schema, src); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestTheSchemaTakesEveryFileThatCanBeWritten(t *testing.T) {
	schema := compiledSchema(t)
	rapid.Check(t, func(t *rapid.T) {
		a := &author{draw: func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "n") }}
		source := a.file()
		if err := validate(schema, []byte(source)); err != nil {
			t.Fatalf("%v\nsource:\n%s", err, source)
		}
	})
}

func TestTheSchemaRefusesTypos(t *testing.T) {
	schema := compiledSchema(t)
	for _, typo := range [][2]string{
		{"version: 1", "version: 2"},
		{"why:", "wy:"},
		{"[sim, real]", "[sim, reel]"},
		{"[sim, real]", "[sim]"},
		{"[belief-by-flag]", "[belief-by-flak]"},
		{"[belief-by-flag]", "[]"},
		{"nodes: 3", "nodes: 100"},
		{"ttl: 1s", "ttl: 1"},
		{"ttl: 1s", "ttl: 1sec"},
		{"at: 2s", "at: 2"},
		{"at: 2s", "at: -2s"},
		{"kill:", "kil:"},
		{"node: leader", "node: leeder"},
		{"node: leader", "node: n0"},
		{"as: old", "as: $old"},
		{"    at: 2s\n", ""},
		{"    at: 2s", "    at: 2s\n    when: {event: epoch.taken}"},
		{"at: 2s", "when: {event: epoch.took}"},
		{"first.end", "first"},
		{"    after", "    plus: 1s\n    at: 1s\n    aft"},
		{"<->", "<>"},
		{"effect: drop", "effect: dorp"},
		{"effect: drop", "effect: drop, delay: 1s"},
		{"effect: drop", "effect: latency"},
		{"never: single-executor", "never: single-executer"},
		{"- never: single-executor\n  ", ""},
		{"within: 2ttl", "within: 2"},
		{"within: 2ttl", "within: 1s..2s"},
		{"{duration: 10ttl}", "10ttl"},
	} {
		if err := validate(schema, []byte(changed(t, typo[0], typo[1]))); err == nil {
			t.Errorf("%q instead of %q is taken", typo[1], typo[0])
		}
	}
	if err := validate(schema, []byte(valid)); err != nil {
		t.Errorf("the valid file is refused: %v", err)
	}
}

func TestTheSchemaIsTheSameEveryTimeAndExplains(t *testing.T) {
	text := Schema()
	if !bytes.Equal(text, Schema()) || !json.Valid(text) {
		t.Error("the schema changes, or is no JSON")
	}
	for _, want := range []string{"json-schema.org/draft/2020-12", "process stands still", "If absent: 3."} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the schema lacks %q", want)
		}
	}
}
