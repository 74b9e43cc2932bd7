package junit

import (
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"fencepost/scenarios"
)

// Report is a whole file: the root element `testsuites`. Its counts are filled in
// when it is written.
type Report struct {
	XMLName  xml.Name `xml:"testsuites"`
	Name     string   `xml:"name,attr"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Errors   int      `xml:"errors,attr"`
	Time     Seconds  `xml:"time,attr"`
	Suites   []Suite  `xml:"testsuite"`
}

// Suite is what came of one scenario.
type Suite struct {
	Name       string     `xml:"name,attr"`
	Tests      int        `xml:"tests,attr"`
	Failures   int        `xml:"failures,attr"`
	Errors     int        `xml:"errors,attr"`
	Skipped    int        `xml:"skipped,attr"` // always 0: see the package's comment
	Time       Seconds    `xml:"time,attr"`
	Properties []Property `xml:"properties>property,omitempty"`
	Cases      []Case     `xml:"testcase"`
}

// Property is a fact about all cases of a suite.
type Property struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

// Case is what came of one run. At most one of Failure and Error is set.
type Case struct {
	Class   string   `xml:"classname,attr"`
	Name    string   `xml:"name,attr"`
	Time    Seconds  `xml:"time,attr"`
	Failure *Problem `xml:"failure"`
	Error   *Problem `xml:"error"`
}

// Problem says why a case did not pass.
type Problem struct {
	// Type is the broken invariant, or the verdict of a run that says nothing.
	Type    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
	// Text is for whoever looks: the command that plays it again, and more.
	Text string `xml:",chardata"`
}

// Seconds is a length of time as JUnit writes it: to the millisecond.
type Seconds float64

// MarshalXMLAttr returns the attribute's text. It never fails.
func (s Seconds) MarshalXMLAttr(name xml.Name) (xml.Attr, error) {
	return xml.Attr{Name: name, Value: fmt.Sprintf("%.3f", float64(s))}, nil
}

// Judge gives the case its verdict; the problem is said only if it did not pass.
func (c *Case) Judge(verdict scenarios.RunVerdict, why Problem) {
	switch verdict {
	case scenarios.Pass:
	case scenarios.Fail:
		c.Failure = &why
	case scenarios.Unknown, scenarios.Invalid, scenarios.Crash:
		why.Type = verdict.String()
		c.Error = &why
	default:
		why.Type = scenarios.Crash.String()
		c.Error = &why
	}
}

// count fills in the numbers.
func (r *Report) count() {
	r.Tests, r.Failures, r.Errors, r.Time = 0, 0, 0, 0
	for i := range r.Suites {
		s := &r.Suites[i]
		s.Tests, s.Failures, s.Errors, s.Time = len(s.Cases), 0, 0, 0
		for k := range s.Cases {
			s.Time += s.Cases[k].Time
			if s.Cases[k].Failure != nil {
				s.Failures++
			}
			if s.Cases[k].Error != nil {
				s.Errors++
			}
		}
		r.Tests += s.Tests
		r.Failures += s.Failures
		r.Errors += s.Errors
		r.Time += s.Time
	}
}

// Write writes the report with its numbers. Characters that XML does not have are
// replaced; the errors are the writer's.
func (r *Report) Write(to io.Writer) error {
	r.count()
	if _, err := io.WriteString(to, xml.Header); err != nil {
		return fmt.Errorf("write JUnit report: %w", err)
	}
	encoder := xml.NewEncoder(to)
	encoder.Indent("", "  ")
	if err := encoder.Encode(r); err != nil {
		return fmt.Errorf("write JUnit report: %w", err)
	}
	if _, err := io.WriteString(to, "\n"); err != nil {
		return fmt.Errorf("write JUnit report: %w", err)
	}
	return nil
}

// Keep writes the report into the file, whose directory it makes. It is there
// whole or not at all.
func (r *Report) Keep(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("keep JUnit report: %w", err)
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".junit-")
	if err != nil {
		return fmt.Errorf("keep JUnit report: %w", err)
	}
	defer os.Remove(file.Name())
	err = r.Write(file)
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Chmod(file.Name(), 0o644)
	}
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("keep JUnit report: %w", err)
	}
	return nil
}
