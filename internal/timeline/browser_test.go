//go:build browser

package timeline_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"fencepost/internal/testbed/browser"
	"fencepost/internal/timeline"
)

// page is the picture of a run in a browser.
type page struct {
	t   *testing.T
	ctx context.Context
}

// open writes a run into a file and opens that. Whatever the page complains of fails the test.
func open(t *testing.T, run timeline.Run, before ...chromedp.Action[chromedp.Void]) *page {
	t.Helper()
	path := filepath.Join(t.TempDir(), "run.html")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := run.WriteHTML(file); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	p := &page{t, browser.New(t)}
	err = chromedp.Listen(p.ctx, func(ev any) {
		switch ev := ev.(type) {
		case *runtime.EventExceptionThrown:
			t.Errorf("the script fails: %s", ev.ExceptionDetails.Exception.Description)
		case *log.EventEntryAdded:
			t.Errorf("the page complains: %s", ev.Entry.Text)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	p.do(before...)
	p.do(chromedp.Navigate("file://"+path), chromedp.WaitReady(chromedp.CSS("body")))
	return p
}

// do carries actions out.
func (p *page) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, actions...); err != nil {
		p.t.Fatal(err)
	}
}

// ask evaluates an expression, when everything that is due has been drawn.
func ask[T any](p *page, expression string) T {
	p.t.Helper()
	answer, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](`new Promise((done, fail) => {
		const answer = () => { try { done(`+expression+`) } catch (e) { fail(e) } };
		requestAnimationFrame(() => requestAnimationFrame(answer)); })`, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatal(err)
	}
	return answer
}

// inView returns the stretch of time that the page shows.
func (p *page) inView() (from, to int64) {
	p.t.Helper()
	got := ask[[]int64](p, `['from', 'to'].map((k) => Number(document.getElementById('lanes').dataset[k]))`)
	return got[0], got[1]
}

// middle returns where on the screen the first element of that selector is.
func (p *page) middle(selector string) (x, y float64) {
	p.t.Helper()
	got := ask[[]float64](p, `((b) => [b.left + b.width / 2, b.top + b.height / 2])(
		document.querySelector('`+selector+`').getBoundingClientRect())`)
	return got[0], got[1]
}

// text returns what a reader sees in an element.
func (p *page) text(selector string) string {
	p.t.Helper()
	return ask[string](p, `document.querySelector('`+selector+`').innerText`)
}

// count returns how many elements there are.
func (p *page) count(selector string) int {
	p.t.Helper()
	return ask[int](p, `document.querySelectorAll('`+selector+`').length`)
}

// tells fails the test unless a text holds all words.
func tells(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("%q is not told; the page says %q", word, text)
		}
	}
}

func TestThePageShowsEachPartyWithItsBars(t *testing.T) {
	p := open(t, bothBelieve())
	lanes := ask[[]string](p, `[...document.querySelectorAll('[data-lane]')].map((e) => e.dataset.lane)`)
	want := []string{"n1", "n2", "n3", "redis", "postgres", "broker", "outside", "n1-redis"}
	if len(lanes) != 16 || !slices.Equal(lanes[:len(want)], want) {
		t.Errorf("the lanes are %q; want 16 that begin %q", lanes, want)
	}
	for selector, want := range map[string]int{
		`[data-lane="n1"] [data-span="paused"]`:                1,
		`[data-lane="n1"] [data-span="fault"]`:                 1,
		`[data-lane="n1"] [data-span="belief"]`:                1,
		`[data-lane="n2"] [data-span="down"]`:                  1,
		`[data-lane="redis"] [data-span="lease"]`:              3,
		`[data-lane="postgres"] [data-span="epoch"]`:           3,
		`[data-lane="n2-postgres"] [data-span="out of reach"]`: 1,
		`[data-lane="postgres"] .tick.cross`:                   1,
		`[data-lane="broker"] .tick.diamond`:                   1,
		`[data-lane][hidden]`:                                  8,
	} {
		if got := p.count(selector); got != want {
			t.Errorf("%d of %s are drawn, want %d", got, selector, want)
		}
	}
	p.do(chromedp.Click(chromedp.CSS("#quiet")))
	if got := p.count(`[data-lane][hidden]`); got != 0 {
		t.Errorf("%d lanes stay hidden after the reader asked for them", got)
	}
}

func TestTheFirstViolationIsOneClickAway(t *testing.T) {
	run := bothBelieve()
	p := open(t, run)
	from, to := p.inView()
	if from > 0 || to < int64(run.Duration) {
		t.Errorf("the page opens with %d to %d in view, not with the whole run", from, to)
	}
	p.do(chromedp.Click(chromedp.CSS("#first-violation")), chromedp.WaitVisible(chromedp.CSS("#detail")))
	from, to = p.inView()
	at := run.Violation.At
	if middle := (from + to) / 2; middle < at-ms || middle > at+ms || to-from > 4*int64(run.TTL) {
		t.Errorf("in view is %d to %d; want the violation at %d in the middle, and close", from, to, at)
	}
	tells(t, p.text("#detail"), run.Violation.Text, "4.116000 s", "believes, epoch 1", "believes, epoch 2",
		"paused", "leader.stale")
	line, _ := p.middle("#broke-line")
	edge, _ := p.middle(`[data-lane="n2"] [data-span="belief"] + .edge`)
	if line < edge-4 || line > edge+4 {
		t.Errorf("the violation is marked at x=%.0f; n2 begins to believe at x=%.0f", line, edge)
	}
}

func TestTheLaneOfTheViolationIsBroughtOntoTheScreen(t *testing.T) {
	for _, id := range []string{"n1", "n20", "n40"} {
		p := open(t, timeline.Run{
			Duration: 10e9, TTL: 1e9, Lanes: timeline.ClusterLanes(40),
			Violation: &timeline.Violation{Text: "broken", At: 5e9, Lane: id},
		})
		p.do(chromedp.Click(chromedp.CSS("#first-violation")), chromedp.WaitVisible(chromedp.CSS("#detail")))
		got := ask[[]float64](p, `((lane, axis, panel) => [lane.top, lane.bottom, axis.bottom, panel.top])(
			...['[data-broke]', '#axis', '#detail'].map(
				(s) => document.querySelector(s).getBoundingClientRect()))`)
		if top, bottom, axis, panel := got[0], got[1], got[2], got[3]; top < axis-1 || bottom > panel+1 {
			t.Errorf("%s is at y=%.0f to %.0f, the axis ends at %.0f, the panel begins at %.0f",
				id, top, bottom, axis, panel)
		}
	}
}

func TestWhatIsUnderThePointerIsExplained(t *testing.T) {
	p := open(t, bothBelieve())
	x, y := p.middle(`[data-lane="n1"] [data-span="paused"]`)
	p.do(chromedp.MouseEvent(chromedp.MouseMoved, x, y))
	tells(t, p.text("#tip"), "paused", "3.010000 s to 5.510000 s", "2.500000 s (2.50 ttl) long")
	p.do(chromedp.MouseClickXY(x, y), chromedp.WaitVisible(chromedp.CSS("#detail")))
	tells(t, p.text("#detail"), "paused", "n1")
	p.do(chromedp.KeyEvent(kb.Escape))
	if p.count("#detail[hidden]") != 1 {
		t.Error("Escape leaves the details open")
	}
	x, y = p.middle(`[data-lane="postgres"] .tick.cross`)
	p.do(chromedp.MouseClickXY(x, y))
	tells(t, p.text("#detail"), "effect refused", "under epoch 1", "while epoch 2 is current", "signal 54")
}
