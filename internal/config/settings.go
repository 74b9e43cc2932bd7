package config

import (
	"encoding"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// setting is one place in a Config that can be set.
type setting struct {
	// path is the setting's name in the file, as in lease.ttl.
	path string
	at   reflect.Value
}

// settings lists every setting of the configuration in the order of its
// fields. Those of a source of webhooks are listed as far as the source exists.
func settings(c *Config) []setting {
	return walk(nil, "", reflect.ValueOf(c).Elem())
}

func walk(list []setting, prefix string, structure reflect.Value) []setting {
	for i := range structure.NumField() {
		path := prefix + structure.Type().Field(i).Tag.Get("yaml")
		field := structure.Field(i)
		if field.Kind() == reflect.Pointer && field.Type().Elem().Kind() == reflect.Struct {
			// Only its names matter: nothing below an entry of a map is set one by one.
			field = reflect.New(field.Type().Elem()).Elem()
		}
		if field.Kind() == reflect.Struct {
			list = walk(list, path+".", field)
			continue
		}
		list = append(list, setting{path: path, at: field})
	}
	return list
}

// isSet reports whether the setting says anything but nothing or the usual.
func (s *setting) isSet(usual reflect.Value) bool {
	if kind := s.at.Kind(); kind == reflect.Map || kind == reflect.Slice {
		return s.at.Len() > 0
	}
	return !s.at.IsZero() && !s.at.Equal(usual)
}

// Settings returns the name of every setting, sorted.
func Settings() []string {
	var c Config
	names := make([]string, 0, 64)
	for _, s := range settings(&c) {
		names = append(names, s.path)
	}
	slices.Sort(names)
	return names
}

// words returns the keys that may stand in the file below parent, which is
// empty for the top.
func words(parent string) []string {
	names := Settings()
	for _, s := range settings(&Config{}) {
		if s.at.Kind() != reflect.Map || !strings.HasPrefix(parent, s.path+".") ||
			s.at.Type().Elem().Kind() != reflect.Struct {
			continue
		}
		var below []string
		for _, field := range walk(nil, "", reflect.New(s.at.Type().Elem()).Elem()) {
			below = append(below, field.path)
		}
		names, parent = below, inEntry(parent, below)
		break
	}
	known := map[string]bool{}
	for _, name := range names {
		rest, below := name, true
		if parent != "" {
			rest, below = strings.CutPrefix(name, parent+".")
		}
		if below {
			word, _, _ := strings.Cut(rest, ".")
			known[word] = true
		}
	}
	return slices.Sorted(maps.Keys(known))
}

// inEntry returns the end of a path that lies inside an entry of a map with
// these settings. The entry's own name before it may hold dots.
func inEntry(path string, settings []string) string {
	inside := ""
	for _, setting := range settings {
		for at := strings.LastIndex(setting, "."); at > 0; at = strings.LastIndex(setting[:at], ".") {
			if dir := setting[:at]; len(dir) > len(inside) && strings.HasSuffix(path, "."+dir) {
				inside = dir
			}
		}
	}
	return inside
}

// set reads text into the setting.
func (s *setting) set(text string) error {
	if reader, ok := s.at.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return reader.UnmarshalText([]byte(text))
	}
	switch s.at.Kind() {
	case reflect.String:
		s.at.SetString(text)
	case reflect.Bool:
		value, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("%q is neither true nor false", text)
		}
		s.at.SetBool(value)
	case reflect.Int:
		value, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("%q is no whole number", text)
		}
		s.at.SetInt(int64(value))
	case reflect.Slice:
		list, ok := s.at.Addr().Interface().(*[]string)
		if !ok {
			return fmt.Errorf("a setting of type %v is set in the file", s.at.Type())
		}
		*list = nil
		for part := range strings.SplitSeq(text, ",") {
			*list = append(*list, strings.TrimSpace(part))
		}
	default:
		return fmt.Errorf("a setting of type %v is set in the file", s.at.Type())
	}
	return nil
}
