package scenarios

import (
	"encoding/json"
	"slices"
	"strings"
)

// node is a piece of JSON Schema. Marshalling sorts its keys, so that the text
// is the same every time.
type node map[string]any

// Schema returns the JSON Schema of the format (draft 2020-12), for editors. It
// accepts whatever Parse accepts, and refuses unknown keys and words, but not
// wrong references.
func Schema() []byte {
	root := schemaOf(&fileShape)
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["$id"] = "urn:fencepost:scenario:1"
	root["title"] = "Fencepost scenario, version 1"
	root["$defs"] = node{
		"event":     wordsSchema(eventWords),
		"invariant": wordsSchema(invariantWords),
		"operation": wordsSchema(opWords),
		"mutant":    node{"enum": mutantNames()},
	}
	never := node{"contains": node{"required": []string{"never"}}}
	root["allOf"] = []node{{"properties": node{"expect": never}}}
	root["if"] = node{"properties": node{"tiers": node{"type": "array", "minItems": 2}}}
	root["else"] = node{"required": []string{"tier_reason"}}
	// The schema holds only strings, numbers, slices and maps.
	text, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		panic("scenarios: " + err.Error())
	}
	return append(text, '\n')
}

func schemaOf(s *Shape) node {
	properties, required := node{}, []string{}
	dependent := node{}
	for i := range s.Fields {
		f := &s.Fields[i]
		properties[f.Name] = describedSchema(f)
		if f.Required {
			required = append(required, f.Name)
		}
		if f.With != "" {
			dependent[f.Name] = []string{f.With}
		}
	}
	n := node{
		"type": "object", "description": s.Doc,
		"properties": properties, "required": required, "additionalProperties": false,
	}
	if len(dependent) > 0 {
		n["dependentRequired"] = dependent
	}
	var all []node
	for _, choice := range s.Choices {
		var one []node
		for _, field := range choice.Of {
			one = append(one, node{"required": []string{field}})
		}
		all = append(all, node{"oneOf": one})
	}
	all = append(all, bySchemas(s)...)
	if len(all) > 0 {
		n["allOf"] = all
	}
	return n
}

// bySchemas says for each word of the deciding field which others must and must
// not stand.
func bySchemas(s *Shape) []node {
	if s.By == "" {
		return nil
	}
	only := s.byWord()
	var all []node
	for _, w := range s.field(s.By).Words {
		then := node{}
		if len(w.Needs) > 0 {
			then["required"] = w.Needs
		}
		barred := node{}
		for _, f := range s.Fields {
			if only[f.Name] && !slices.Contains(w.Needs, f.Name) && !slices.Contains(w.Takes, f.Name) {
				barred[f.Name] = false
			}
		}
		if len(barred) > 0 {
			then["properties"] = barred
		}
		all = append(all, node{
			"if":   node{"properties": node{s.By: node{"const": w.Name}}, "required": []string{s.By}},
			"then": then,
		})
	}
	return all
}

func describedSchema(f *Field) node {
	n := fieldSchema(f)
	n["description"] = f.Doc
	if f.Default != "" {
		n["description"] = f.Doc + " If absent: " + f.Default + "."
	}
	return n
}

// The patterns of the scalars.
const (
	decimalPattern = `[0-9]+(\.[0-9]+)?`
	unitPattern    = `(us|ms|s|m|h|ttl)`
	namePattern    = `[A-Za-z][A-Za-z0-9_-]*`
	ratePattern    = decimalPattern + `(KiB|MiB|KB|MB|B)?/(` + decimalPattern + `)?` + unitPattern
)

func fieldSchema(f *Field) node {
	sign := ""
	if f.Signed {
		sign = `[-+]?`
	}
	length := sign + decimalPattern + unitPattern
	percent := sign + decimalPattern + `%`
	least := 1
	if f.Zero {
		least = 0
	}
	whole := node{"type": "integer", "minimum": least}
	if f.Max > 0 {
		whole["maximum"] = f.Max
	}
	switch f.Kind {
	case TextKind:
		return node{"type": []string{"string", "number", "boolean"}}
	case NameKind:
		return pattern(namePattern)
	case VersionKind:
		return node{"const": Version}
	case IntKind:
		return whole
	case CountKind:
		return node{"anyOf": []node{whole, pattern(`[0-9]+\.\.[0-9]+`)}}
	case LengthKind:
		return pattern(length)
	case SpanKind:
		return pattern(rangeOf(length))
	case RateKind:
		return pattern(ratePattern)
	case PercentKind:
		return pattern(percent)
	case PercentRangeKind:
		return pattern(rangeOf(percent))
	case NumberKind:
		return node{"anyOf": []node{{"type": "number"}, pattern(percent)}}
	case SignalsKind:
		return node{"anyOf": []node{whole, pattern(ratePattern)}}
	case LossKind:
		return node{"anyOf": []node{whole, pattern(`[0-9]+\.\.[0-9]+`), pattern(rangeOf(length))}}
	case SuspendKind:
		return node{"anyOf": []node{{"const": true}, pattern(rangeOf(length))}}
	default:
		return compoundSchema(f)
	}
}

// compoundSchema is the schema of words, parties, lists and mappings.
func compoundSchema(f *Field) node {
	names := make([]string, 0, len(roles))
	for _, r := range roles {
		names = append(names, r.Name)
	}
	bound := `n[1-9][0-9]?|\$` + namePattern
	party := strings.Join(names, "|") + "|" + bound
	switch f.Kind {
	case WordKind:
		return wordRef(f.Words)
	case WordListKind:
		return oneOrMany(wordRef(f.Words))
	case TextListKind:
		text := node{"type": []string{"string", "number", "boolean"}}
		return node{"anyOf": []node{text, {"type": "array", "items": text, "uniqueItems": true}}}
	case CatchesKind:
		several := pattern(namePattern + `(\+` + namePattern + `)+`)
		return oneOrMany(node{"anyOf": []node{{"$ref": "#/$defs/mutant"}, several}})
	case NodeKind:
		return pattern(`leader|followers?|candidate|any|all|` + bound)
	case NodeListKind:
		return oneOrMany(pattern(`leader|followers?|candidate|any|all|` + bound))
	case LinkKind:
		return pattern(`(` + party + `) +(<->|->|<-) +(` + party + `)`)
	case MomentKind:
		return pattern(namePattern + `\.(start|end)`)
	case ObjectKind:
		return schemaOf(f.Object)
	case ObjectListKind:
		return node{"type": "array", "items": schemaOf(f.Object)}
	case SettingsKind:
		return node{"type": "object"}
	case WeightsKind:
		return node{
			"type": "object", "propertyNames": node{"enum": verbNames},
			"additionalProperties": node{"type": "integer", "minimum": 0},
		}
	default:
		panic("scenarios: no schema for " + f.Kind.String())
	}
}

func wordRef(words []Word) node {
	switch &words[0] {
	case &eventWords[0]:
		return node{"$ref": "#/$defs/event"}
	case &invariantWords[0]:
		return node{"$ref": "#/$defs/invariant"}
	case &opWords[0]:
		return node{"$ref": "#/$defs/operation"}
	default:
		return wordsSchema(words)
	}
}

// wordsSchema allows the words; an editor shows the sentence of each.
func wordsSchema(words []Word) node {
	var one []node
	for _, w := range words {
		one = append(one, node{"const": w.Name, "description": w.Doc})
		if w.Name == "true" {
			one = append(one, node{"const": true, "description": w.Doc})
		}
	}
	return node{"oneOf": one}
}

func oneOrMany(n node) node {
	return node{"anyOf": []node{n, {"type": "array", "items": n, "minItems": 1, "uniqueItems": true}}}
}

func pattern(text string) node {
	return node{"type": "string", "pattern": "^(" + text + ")$"}
}

func rangeOf(text string) string { return text + `(\.\.` + text + `)?` }
