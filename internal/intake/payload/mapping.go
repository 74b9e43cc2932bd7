package payload

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// The bounds of a path.
const (
	maxPath  = 256
	maxDepth = 8
)

// Field says where one field of a signal comes from. The zero value takes it
// from the member of its own name.
type Field struct {
	// From is the path of the JSON member that holds the field: names with dots
	// between them, of at most 8 names and 256 characters. A member that is not
	// there counts as left out.
	From string `yaml:"from"`
	// Constant is the field's value in every signal, instead of a member.
	Constant string `yaml:"constant"`
	// Convert takes a number for a text as it is written, and a text that is a
	// number for a number. Without it both are refused.
	Convert bool `yaml:"convert"`
	// Values replaces texts by others, as a sender's "buy" by BASE_ENTRY; a text
	// that is not listed stays as it is. For type, instrument and position.
	Values map[string]string `yaml:"values"`
}

// Mapping says where each field of a signal comes from.
type Mapping struct {
	Type       Field `yaml:"type"`
	Instrument Field `yaml:"instrument"`
	Position   Field `yaml:"position"`
	Timestamp  Field `yaml:"timestamp"`
	SignalID   Field `yaml:"signal_id"`
	Price      Field `yaml:"price"`
	Stop       Field `yaml:"stop"`
	Lots       Field `yaml:"lots"`
	ATR        Field `yaml:"atr"`
	ER         Field `yaml:"er"`
	Supertrend Field `yaml:"supertrend"`
	ROC        Field `yaml:"roc"`
	Reason     Field `yaml:"reason"`
	ValidFor   Field `yaml:"valid_for"`
}

// named is a field of a mapping by its name.
type named struct {
	name string
	*Field
}

// all lists the fields.
func (m *Mapping) all() []named {
	return []named{
		{"type", &m.Type},
		{"instrument", &m.Instrument},
		{"position", &m.Position},
		{"timestamp", &m.Timestamp},
		{"signal_id", &m.SignalID},
		{"price", &m.Price},
		{"stop", &m.Stop},
		{"lots", &m.Lots},
		{"atr", &m.ATR},
		{"er", &m.ER},
		{"supertrend", &m.Supertrend},
		{"roc", &m.ROC},
		{"reason", &m.Reason},
		{"valid_for", &m.ValidFor},
	}
}

// of returns where the field comes from.
func (m *Mapping) of(field string) *Field {
	if m != nil {
		for _, f := range m.all() {
			if f.name == field {
				return f.Field
			}
		}
	}
	return &Field{}
}

// Check says everything that is wrong with the mapping, each with the name of
// the setting below the mapping's own.
func (m *Mapping) Check() error {
	var faults []error
	for _, f := range m.all() {
		if f.Constant != "" && (f.From != "" || f.Convert || len(f.Values) > 0) {
			faults = append(faults,
				fmt.Errorf("%s: a constant comes from nowhere; leave the others out", f.name))
		}
		if f.From != "" {
			if err := checkPath(f.From); err != nil {
				faults = append(faults, fmt.Errorf("%s.from %q: %w", f.name, f.From, err))
			}
		}
		translated := f.name == "type" || f.name == "instrument" || f.name == "position"
		if len(f.Values) > 0 && !translated {
			faults = append(faults, fmt.Errorf("%s.values: only type, instrument and position have values",
				f.name))
		}
	}
	r := &reader{mapping: m}
	r.signal()
	for _, fault := range r.faults {
		if m.of(fault.Field).Constant != "" {
			faults = append(faults, fmt.Errorf("%s.constant: %s", fault.Field, fault.Reason))
		}
	}
	return errors.Join(faults...)
}

// checkPath says what is wrong with a path.
func checkPath(path string) error {
	names := strings.Split(path, ".")
	switch {
	case len(path) > maxPath || len(names) > maxDepth:
		return fmt.Errorf("at most %d names and %d characters", maxDepth, maxPath)
	case strings.ContainsFunc(path, unprintable):
		return errors.New("holds a character that cannot be printed")
	}
	for _, name := range names {
		if name == "" {
			return errors.New("must be names with one dot between them")
		}
	}
	return nil
}

// constant returns the value as JSON: a number if it is one, else a text.
func constant(text string) json.RawMessage {
	if isNumber([]byte(text)) {
		return json.RawMessage(text)
	}
	quoted, err := json.Marshal(text)
	if err != nil {
		return nil // a text can be written
	}
	return quoted
}
