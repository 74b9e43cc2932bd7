package payload

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// numeric are the fields that are numbers.
var numeric = []string{"price", "stop", "lots", "atr", "er", "supertrend", "roc"}

// Compose writes the body in which a sender with that mapping would say these
// fields: what Parse reads of it. A nil mapping is the service's own form. The
// error names a field that such a sender cannot say, which may be one that it always
// says alike.
func Compose(fields map[string]string, m *Mapping) ([]byte, error) {
	if m == nil {
		m = &Mapping{}
	}
	body := map[string]any{}
	for _, f := range m.all() {
		text, given := fields[f.name]
		if !given {
			continue
		}
		if f.Constant != "" {
			if f.Constant != text {
				return nil, wrong(f.name, "cannot be %q: this source always says %q", text, f.Constant)
			}
			continue
		}
		said, err := f.spoken(text)
		if err != nil {
			return nil, err
		}
		path := f.From
		if path == "" {
			path = f.name
		}
		if err := put(body, strings.Split(path, "."), said); err != nil {
			return nil, wrong(f.name, "cannot be said: %v", err)
		}
	}
	written, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("a number is none: %w", err)
	}
	return written, means(written, fields, m)
}

// spoken is a field's value in the sender's words.
func (f *named) spoken(text string) (any, error) {
	for _, word := range slices.Sorted(maps.Keys(f.Values)) {
		if f.Values[word] == text {
			return word, nil
		}
	}
	if _, taken := f.Values[text]; taken {
		return nil, wrong(f.name, "cannot be %q: no word of this source means it", text)
	}
	if slices.Contains(numeric, f.name) {
		return json.Number(text), nil
	}
	return text, nil
}

// put writes a member at the end of a path.
func put(body map[string]any, path []string, value any) error {
	for _, name := range path[:len(path)-1] {
		inner, there := body[name]
		if !there {
			inner = map[string]any{}
			body[name] = inner
		}
		next, ok := inner.(map[string]any)
		if !ok {
			return fmt.Errorf("the member %s holds another field", name)
		}
		body = next
	}
	last := path[len(path)-1]
	if before, there := body[last]; there && before != value {
		return fmt.Errorf("the member %s holds another field with another value", last)
	}
	body[last] = value
	return nil
}

// means reads a body back. What is wrong with it for its own sake is left to whoever
// is told of it.
func means(body []byte, fields map[string]string, m *Mapping) error {
	s, err := Parse(body, m)
	if err != nil {
		return nil //nolint:nilerr // the service refuses it and says why
	}
	var faults []error
	for name, got := range map[string]string{
		"type": s.Type, "instrument": s.Instrument, "position": s.Position, "signal_id": s.SignalID,
		"price": s.Price, "stop": s.Stop, "lots": s.Lots, "reason": s.Reason,
	} {
		if want := fields[name]; got != want && (want != "" || m.of(name).Constant == "") {
			faults = append(faults, wrong(name, "would be read as %q", got))
		}
	}
	return errors.Join(faults...)
}
