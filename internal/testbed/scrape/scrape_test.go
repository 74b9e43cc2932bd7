package scrape

import (
	"strings"
	"testing"
)

func TestMetricsAreReadByNameAndAddedUpOverTheirSeries(t *testing.T) {
	const text = "# HELP go_goroutines How many.\n# TYPE go_goroutines gauge\ngo_goroutines 42\n" +
		`fencepost_events_total{event="a",group="g"} 2` + "\n" +
		`fencepost_events_total{event="b b",group="g"} 3` + "\nprocess_open_fds 1.2e+01\n"
	values, err := Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]float64{
		"go_goroutines": 42, "fencepost_events_total": 5, "process_open_fds": 12,
	} {
		if values[name] != want {
			t.Errorf("%s is %v, want %v", name, values[name], want)
		}
	}
	if _, err := Read(strings.NewReader("up yes\n")); err == nil {
		t.Error("a value that is no number was read")
	}
}
