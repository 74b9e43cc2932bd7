package config

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"fencepost/core/order"
)

// Duration is a span of time that is written with its unit, like 250ms.
type Duration time.Duration

// String returns the span as it is written.
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalText writes the span.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads a span.
func (d *Duration) UnmarshalText(text []byte) error {
	span, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is no span of time: write it with its unit, like 250ms", text)
	}
	*d = Duration(span)
	return nil
}

// UnmarshalYAML reads a span and keeps its place for the error.
func (d *Duration) UnmarshalYAML(node ast.Node) error { return scalar(node, d.UnmarshalText) }

// Intake says which instances take signals in.
type Intake string

// The modes of intake.
const (
	// IntakeAny stores a signal on any instance; the leader executes it.
	IntakeAny Intake = "any"
	// IntakeLeaderOnly answers everywhere but on the leader with a refusal that
	// must not be repeated.
	IntakeLeaderOnly Intake = "leader-only"
)

// UnmarshalText reads the mode.
func (i *Intake) UnmarshalText(text []byte) error {
	return choose(i, text, IntakeAny, IntakeLeaderOnly)
}

// UnmarshalYAML reads the mode and keeps its place for the error.
func (i *Intake) UnmarshalYAML(node ast.Node) error { return scalar(node, i.UnmarshalText) }

// Profile names a set of times.
type Profile string

// The profiles.
const (
	ProfileDefault Profile = "default"
	ProfileFast    Profile = "fast"
)

// UnmarshalText reads the profile.
func (p *Profile) UnmarshalText(text []byte) error {
	return choose(p, text, ProfileDefault, ProfileFast)
}

// UnmarshalYAML reads the profile and keeps its place for the error.
func (p *Profile) UnmarshalYAML(node ast.Node) error { return scalar(node, p.UnmarshalText) }

// Adapter names the language that a broker speaks.
type Adapter string

// The adapters.
const (
	// AdapterPaper is the paper broker's own protocol.
	AdapterPaper Adapter = "paper"
	// AdapterTemplate is a language that broker.template describes.
	AdapterTemplate Adapter = "template"
	// AdapterAlpaca is Alpaca's Trading API.
	AdapterAlpaca Adapter = "alpaca"
)

// UnmarshalText reads the adapter.
func (a *Adapter) UnmarshalText(text []byte) error {
	return choose(a, text, AdapterPaper, AdapterTemplate, AdapterAlpaca)
}

// UnmarshalYAML reads the adapter and keeps its place for the error.
func (a *Adapter) UnmarshalYAML(node ast.Node) error { return scalar(node, a.UnmarshalText) }

// Class is the kind of a broker; empty if it was not set.
type Class string

// UnmarshalText reads the class.
func (c *Class) UnmarshalText(text []byte) error { return choose(c, text, "A", "B", "C", "D") }

// UnmarshalYAML reads the class and keeps its place for the error.
func (c *Class) UnmarshalYAML(node ast.Node) error { return scalar(node, c.UnmarshalText) }

// Core returns the core's class.
func (c Class) core() order.Class {
	for _, class := range []order.Class{order.ClassA, order.ClassB, order.ClassC} {
		if class.String() == string(c) {
			return class
		}
	}
	return order.ClassD
}

// ParseClass reads a broker's class.
func ParseClass(text string) (order.Class, error) {
	var c Class
	if err := c.UnmarshalText([]byte(text)); err != nil {
		return order.ClassD, fmt.Errorf("class: %w", err)
	}
	return c.core(), nil
}

// Format is how a log line is written.
type Format string

// The formats.
const (
	FormatJSON Format = "json"
	FormatText Format = "text"
)

// UnmarshalText reads the format.
func (f *Format) UnmarshalText(text []byte) error { return choose(f, text, FormatJSON, FormatText) }

// UnmarshalYAML reads the format and keeps its place for the error.
func (f *Format) UnmarshalYAML(node ast.Node) error { return scalar(node, f.UnmarshalText) }

// Level is the least level that is logged.
type Level string

// The levels. Changes of leadership are logged at error and above, so that no
// level hides them.
const (
	LevelDebug Level = "debug"
	LevelInfo  Level = "info"
	LevelWarn  Level = "warn"
	LevelError Level = "error"
)

// UnmarshalText reads the level.
func (l *Level) UnmarshalText(text []byte) error {
	return choose(l, text, LevelDebug, LevelInfo, LevelWarn, LevelError)
}

// UnmarshalYAML reads the level and keeps its place for the error.
func (l *Level) UnmarshalYAML(node ast.Node) error { return scalar(node, l.UnmarshalText) }

// Slog returns the standard library's level.
func (l Level) Slog() slog.Level {
	switch l {
	case LevelDebug:
		return slog.LevelDebug
	case LevelInfo:
		return slog.LevelInfo
	case LevelWarn:
		return slog.LevelWarn
	case LevelError:
		return slog.LevelError
	default:
		return slog.LevelInfo
	}
}

// choose sets to to the allowed word that text is.
func choose[T ~string](to *T, text []byte, allowed ...T) error {
	words := make([]string, 0, len(allowed))
	for _, word := range allowed {
		if string(text) == string(word) {
			*to = word
			return nil
		}
		words = append(words, string(word))
	}
	refused := fmt.Errorf("%q is not one of %s", text, strings.Join(words, ", "))
	if near := nearest(string(text), words); near != "" {
		refused = fmt.Errorf("%w; did you mean %s?", refused, near)
	}
	return refused
}

// scalar reads a single value and ties its error to its place.
func scalar(node ast.Node, read func([]byte) error) error {
	value, ok := node.(ast.ScalarNode)
	if !ok {
		return &yaml.SyntaxError{Message: "want a single value", Token: node.GetToken()}
	}
	text := value.GetToken().Value
	if literal, ok := node.(*ast.LiteralNode); ok {
		text = literal.Value.Value
	}
	if err := read([]byte(text)); err != nil {
		return &yaml.SyntaxError{Message: err.Error(), Token: node.GetToken()}
	}
	return nil
}
