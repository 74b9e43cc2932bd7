package scenarios

import (
	"bytes"
	"testing"
)

func TestTheTemplateIsAShortFileThatIsTakenUnderAnyName(t *testing.T) {
	for _, path := range []string{"my-failure.yaml", "some/dir/x.yml", "Name_2"} {
		s, err := Parse(path, Template(path))
		if err != nil || s.Name != baseName(path) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if n := bytes.Count(Template("x"), []byte("\n")); n > 25 {
		t.Errorf("the template has %d lines", n)
	}
}

func TestATemplateForNoNameIsRefused(t *testing.T) {
	for _, path := range []string{"1st.yaml", "a b", "x: y", ".yaml", "$x"} {
		if _, err := Parse(path, Template(path)); err == nil {
			t.Errorf("%q can be a name", path)
		}
	}
}
