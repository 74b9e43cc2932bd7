package timeline_test

import (
	"bytes"
	"strings"
	"testing"

	"fencepost/internal/timeline"
)

// hostile is a text that would like to be more than text.
const hostile = `</script><script>window.broke=1</script><img src=x onerror="window.broke=1">` +
	`{{.}}'"&` + "\u2028"

// hostileRun is a run whose every text is hostile.
func hostileRun() timeline.Run {
	return timeline.Run{
		Name: hostile, Tier: hostile, Verdict: hostile, Replay: hostile, Why: []string{hostile},
		Duration:  1e9,
		Violation: &timeline.Violation{Text: hostile, At: 5e8, Lane: hostile},
		Lanes: []timeline.Lane{{
			ID: hostile, Title: hostile,
			Spans: []timeline.Span{{From: 1e8, To: 9e8, Owner: hostile, Title: hostile, Detail: hostile}},
			Ticks: []timeline.Tick{{
				At: 5e8, Kind: hostile, Shape: timeline.Cross, Owner: hostile, Signal: hostile,
				Detail: hostile,
			}},
		}},
	}
}

// html returns the page of a run.
func html(t *testing.T, run timeline.Run) string {
	t.Helper()
	var page bytes.Buffer
	if err := run.WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	return page.String()
}

func TestNoTextBreaksOutOfThePage(t *testing.T) {
	tame := html(t, timeline.Run{Name: "tame", Violation: &timeline.Violation{}})
	wild := html(t, hostileRun())
	for _, tag := range []string{"<script", "</script", "<img", "<style"} {
		if got, want := strings.Count(wild, tag), strings.Count(tame, tag); got != want {
			t.Errorf("%d times %s in the page of a hostile run, %d in that of a tame one", got, tag, want)
		}
	}
}

func TestThePageAsksForNothingFromElsewhere(t *testing.T) {
	page := html(t, bothBelieve())
	for _, word := range []string{"http:", "https:", " src=", "@import", "<link"} {
		if i := strings.Index(strings.ReplaceAll(page, "http://www.w3.org/2000/svg", ""), word); i >= 0 {
			t.Errorf("the page holds %q", word)
		}
	}
	if !strings.Contains(page, "default-src &#39;none&#39;") {
		t.Error("the page's policy does not forbid what it does not hold")
	}
}

func TestARunWithoutAnythingIsAPage(t *testing.T) {
	page := html(t, timeline.Run{})
	if strings.Contains(page, `id="first-violation"`) {
		t.Error("a run in which nothing broke has a button for the first violation")
	}
}

func TestEqualRunsAreEqualPages(t *testing.T) {
	first, second := html(t, bothBelieve()), html(t, bothBelieve())
	if first != second {
		t.Error("two pages of one run differ")
	}
}

func TestWritingAPageLeavesTheRunAlone(t *testing.T) {
	run := timeline.Run{Duration: 1e9, Lanes: []timeline.Lane{{
		ID:    "n1",
		Spans: []timeline.Span{{From: 5, Open: true}, {From: 3, To: 4}},
		Ticks: []timeline.Tick{{At: 9}, {At: 1}},
	}}}
	html(t, run)
	lane := run.Lane("n1")
	if lane.Spans[0].From != 5 || lane.Spans[0].To != 0 || lane.Ticks[0].At != 9 {
		t.Errorf("the lane has become %+v", lane)
	}
}
