package config

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Error is what is wrong with a file, and where.
type Error struct {
	File    string
	Line    int
	Column  int
	Message string
	// Nearest is the allowed word that was probably meant, or "".
	Nearest string
	// Allowed lists the words that may stand there, or is empty.
	Allowed []string
	// Source is the line.
	Source string
}

// Error returns the place and the message on one line.
func (e *Error) Error() string {
	text := fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Message)
	if e.Nearest != "" {
		text += "; did you mean " + e.Nearest + "?"
	}
	return text
}

// Detail returns the message, the line with a caret below it, and the allowed
// words.
func (e *Error) Detail() string {
	text := e.Error()
	if e.Source != "" {
		text += "\n    " + e.Source + "\n    " + strings.Repeat(" ", max(e.Column-1, 0)) + "^"
	}
	if len(e.Allowed) > 0 {
		text += "\n    allowed: " + strings.Join(e.Allowed, ", ")
	}
	return text
}

// Load reads the file over Default, then the environment over the file, then
// the secrets that stand in files of their own. An empty path reads no file.
// environ is a list of NAME=value, as os.Environ returns it. Load does not
// judge the values; Validate does.
func Load(path string, environ []string) (*Config, error) {
	c := Default()
	if path != "" {
		source, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read configuration: %w", err)
		}
		if err := decode(path, source, &c); err != nil {
			return nil, err
		}
	}
	if err := c.readEnvironment(environ); err != nil {
		return nil, err
	}
	if err := c.readSecrets(); err != nil {
		return nil, err
	}
	if c.InstanceID == "" {
		host, err := os.Hostname()
		if err != nil {
			return nil, fmt.Errorf("instance_id is not set, and the host has no name: %w", err)
		}
		c.InstanceID = host
	}
	return &c, nil
}

// decode reads the file's text. Its errors are of type *Error.
func decode(file string, source []byte, c *Config) error {
	tree, err := parser.ParseBytes(source, 0)
	if err != nil {
		return refuse(file, source, err)
	}
	empty := &emptyFinder{}
	for _, document := range tree.Docs {
		ast.Walk(empty, document)
	}
	if empty.found != nil {
		// The decoder would take it for "set to nothing" and wipe the defaults.
		return refuse(file, source, &yaml.SyntaxError{
			Message: "a setting without a value; leave it out to keep its default", Token: empty.found,
		})
	}
	if len(tree.Docs) == 0 || tree.Docs[0].Body == nil {
		return nil
	}
	if len(tree.Docs) > 1 {
		return &Error{File: file, Line: 1, Column: 1, Message: "several documents; a configuration is one"}
	}
	if tree.Docs[0].Body.Type() == ast.CommentType || tree.Docs[0].Body.Type() == ast.NullType {
		return nil
	}
	if err := yaml.NewDecoder(bytes.NewReader(source), yaml.Strict()).Decode(c); err != nil {
		return refuse(file, source, err)
	}
	return nil
}

// refuse gives an error of the YAML library its place and the words that would
// have been possible there.
func refuse(file string, source []byte, err error) *Error {
	refused := &Error{File: file, Line: 1, Column: 1, Message: err.Error()}
	var placed yaml.Error
	if errors.As(err, &placed) {
		refused.Message = placed.GetMessage()
		if at := placed.GetToken(); at != nil {
			refused.Line, refused.Column = at.Position.Line, at.Position.Column
			if lines := strings.Split(string(source), "\n"); refused.Line <= len(lines) {
				refused.Source = strings.TrimRight(lines[refused.Line-1], "\r")
			}
		}
	}
	var unknown *yaml.UnknownFieldError
	if errors.As(err, &unknown) {
		word := unknown.Token.Value
		refused.Allowed = words(parentOf(source, refused.Line, refused.Column))
		refused.Nearest = nearest(word, refused.Allowed)
		refused.Message = fmt.Sprintf("unknown setting %q", word)
	}
	return refused
}

// emptyFinder looks for the first key without a value.
type emptyFinder struct{ found *token.Token }

// Visit is called for each node.
func (e *emptyFinder) Visit(node ast.Node) ast.Visitor {
	if pair, ok := node.(*ast.MappingValueNode); ok && e.found == nil && pair.Value.Type() == ast.NullType {
		e.found = pair.Key.GetToken()
	}
	return e
}

// parentOf returns the path of the mapping whose key stands at that place.
func parentOf(source []byte, line, column int) string {
	file, err := parser.ParseBytes(source, 0)
	if err != nil {
		return ""
	}
	find := &finder{line: line, column: column}
	for _, document := range file.Docs {
		ast.Walk(find, document)
	}
	return find.parent
}

// finder looks for the key at a place.
type finder struct {
	line, column int
	parent       string
}

// Visit is called for each node.
func (f *finder) Visit(node ast.Node) ast.Visitor {
	pair, ok := node.(*ast.MappingValueNode)
	if !ok {
		return f
	}
	at := pair.Key.GetToken().Position
	if at.Line == f.line && at.Column == f.column {
		path := strings.TrimPrefix(strings.TrimPrefix(pair.Key.GetPath(), "$"), ".")
		if last := strings.LastIndex(path, "."); last >= 0 {
			f.parent = path[:last]
		}
	}
	return f
}
