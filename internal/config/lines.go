package config

import (
	"encoding/json"
	"strings"
)

// Line is one setting as it is printed.
type Line struct{ Name, Value string }

// Lines lists every setting with its value; of a secret it tells only that there
// is one.
func (c *Config) Lines() []Line {
	list := settings(c)
	lines := make([]Line, 0, len(list))
	for _, s := range list {
		text, err := json.Marshal(s.at.Interface())
		value := strings.Trim(string(text), `"`)
		if err != nil {
			value = "?"
		}
		lines = append(lines, Line{Name: s.path, Value: value})
	}
	return lines
}
