package config

import (
	"log/slog"

	"github.com/goccy/go-yaml/ast"
)

// redacted is what a secret prints as.
const redacted = "[redacted]"

// Secret is a text that is never printed. Whatever prints a value (fmt, slog,
// JSON, YAML) gets a stand-in; Reveal alone returns the text.
type Secret string

// Reveal returns the text, for the one place that needs it.
func (s Secret) Reveal() string { return string(s) }

// String hides the text.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// GoString hides the text from %#v.
func (s Secret) GoString() string { return s.String() }

// LogValue hides the text from logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText hides the text from encoders.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText takes the text.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = Secret(text)
	return nil
}

// UnmarshalYAML takes the text as it stands, also where it looks like a number.
func (s *Secret) UnmarshalYAML(node ast.Node) error { return scalar(node, s.UnmarshalText) }
