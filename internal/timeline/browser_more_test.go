//go:build browser

package timeline_test

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"fencepost/internal/timeline"
)

// send returns the action that sends the browser a command.
func send[P any](command cdp.Command[P, cdp.Empty], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, command, params)
		return err
	})
}

func TestASearchMarksASignalOnAllLanes(t *testing.T) {
	p := open(t, bothBelieve())
	p.do(chromedp.SendKeys(chromedp.CSS("#search"), "55"))
	tells(t, p.text("#hits"), "12 marks")
	for lane, want := range map[string]int{"n1": 0, "n2": 6, "postgres": 4, "broker": 1, "outside": 1} {
		if got := p.count(`[data-lane="` + lane + `"] .hit`); got != want {
			t.Errorf("%d marks of the signal on lane %s, want %d", got, lane, want)
		}
	}
	tells(t, p.text("#detail"), "Signal 55", "permit.requested", "order created", "acknowledged")
	before, _ := p.inView()
	p.do(chromedp.SendKeys(chromedp.CSS("#search"), "\r"))
	if after, _ := p.inView(); after <= before {
		t.Error("Enter does not go to the signal")
	}
	p.do(chromedp.SendKeys("#search", "5"))
	tells(t, p.text("#hits"), "no such signal")
	if got := p.count(".hit"); got != 0 {
		t.Errorf("%d marks of a signal that is not there", got)
	}
}

func TestTheLegendCountsKindsAndTurnsThemOff(t *testing.T) {
	p := open(t, bothBelieve())
	tells(t, p.text(`[data-kind="paused"]`), "1")
	tells(t, p.text(`[data-kind="permitted"]`), "183")
	paused, permitted := chromedp.CSS(`[data-kind="paused"]`), chromedp.CSS(`[data-kind="permitted"]`)
	p.do(chromedp.Click(paused), chromedp.Click(permitted))
	if n := p.count(`[data-span="paused"], [data-lane="postgres"] .tick.arrow`); n != 0 {
		t.Errorf("%d of what was turned off are drawn", n)
	}
	p.do(chromedp.Click(paused))
	if n := p.count(`[data-span="paused"]`); n != 1 {
		t.Errorf("%d pauses are drawn after they were turned on again, want 1", n)
	}
}

func TestWheelDragAndKeysMoveTheView(t *testing.T) {
	p := open(t, bothBelieve())
	x, y := p.middle(`[data-lane="n1"] svg`)
	from, to := p.inView()
	closer := func(how string) {
		t.Helper()
		nowFrom, nowTo := p.inView()
		if nowTo-nowFrom >= to-from {
			t.Errorf("%s: %d ns are in view, as before", how, nowTo-nowFrom)
		}
		from, to = nowFrom, nowTo
	}
	p.do(chromedp.MouseEvent(chromedp.MouseWheel, x, y, func(e *input.DispatchMouseEventParams) {
		// The browser misses a delta of zero.
		e.DeltaX, e.DeltaY = 0.1, -400
	}))
	closer("the wheel")
	p.do(chromedp.KeyEvent("+"))
	closer("the key +")
	p.do(chromedp.Click(chromedp.CSS("#zoom-in")))
	closer("the button")
	p.do(chromedp.KeyEvent(kb.ArrowLeft))
	if left, _ := p.inView(); left >= from {
		t.Errorf("the left arrow moves from %d to %d", from, left)
	}
	from, to = p.inView()
	p.do(chromedp.MouseEvent(chromedp.MousePressed, x, y, chromedp.ButtonLeft),
		chromedp.MouseEvent(chromedp.MouseMoved, x-50, y, chromedp.ButtonLeft),
		chromedp.MouseEvent(chromedp.MouseMoved, x-100, y, chromedp.ButtonLeft),
		chromedp.MouseEvent(chromedp.MouseReleased, x-100, y, chromedp.ButtonLeft))
	nowFrom, nowTo := p.inView()
	if nowFrom <= from || nowTo-nowFrom < to-from-2 || nowTo-nowFrom > to-from+2 {
		t.Errorf("dragging left turns %d to %d into %d to %d", from, to, nowFrom, nowTo)
	}
	p.do(chromedp.KeyEvent("0"))
	if nowFrom, nowTo = p.inView(); nowFrom > 0 || nowTo < 12000*ms {
		t.Errorf("0 shows %d to %d, not the whole run", nowFrom, nowTo)
	}
}

func TestWhateverANameHoldsStaysText(t *testing.T) {
	p := open(t, hostileRun())
	if ask[bool](p, `'broke' in window`) {
		t.Fatal("a text of the run was carried out as a script")
	}
	tells(t, p.text("h1"), hostile)
	tells(t, p.text(`[data-kind="node"] h2`), hostile)
	tells(t, p.text("#legend"), hostile)
	x, y := p.middle("[data-span]")
	p.do(chromedp.MouseEvent(chromedp.MouseMoved, x, y))
	tells(t, p.text("#tip"), hostile)
	p.do(chromedp.Click(chromedp.CSS("#first-violation")), chromedp.WaitVisible(chromedp.CSS("#detail")))
	tells(t, p.text("#detail"), hostile)
	if n := p.count("img"); n != 0 {
		t.Errorf("%d images came out of the run's texts", n)
	}
}

func TestWithoutScriptsTheViolationStandsInATable(t *testing.T) {
	run := bothBelieve()
	p := open(t, run, send(emulation.SetScriptExecutionDisabled,
		emulation.SetScriptExecutionDisabledParams{Value: true}))
	// Nothing is drawn for scripts: do not wait for it.
	text, err := chromedp.Run(p.ctx,
		chromedp.Evaluate[string](`document.getElementById('without-script').innerText`))
	if err != nil {
		t.Fatal(err)
	}
	tells(t, text, "fail", run.Violation.Text, "4.116000 s (4.12 ttl)", "n2")
}

func TestALongRunIsDrawnWithFewElements(t *testing.T) {
	run := timeline.Run{Duration: 1000 * time.Second, TTL: time.Second, Lanes: timeline.ClusterLanes(46)}
	for i := range 20000 {
		lane := &run.Lanes[i%50]
		lane.Ticks = append(lane.Ticks, timeline.Tick{
			At: int64(i) * 50 * ms, Kind: fmt.Sprint("kind ", i%7), Shape: timeline.Shape(i % 7),
			Signal: fmt.Sprint(i),
		})
		if i%40 == 0 {
			from := int64(i) * 50 * ms
			lane.Spans = append(lane.Spans, timeline.Span{From: from, To: from + 1500*ms})
		}
	}
	p := open(t, run)
	if n := p.count("#lanes *"); n > 3000 {
		t.Errorf("%d elements are drawn", n)
	}
	if n := p.count(`[data-lane="n1"] .tick`); n == 0 {
		t.Error("the first lane is empty")
	}
	if n := p.count(`[data-lane="broker"] .tick`); n != 0 {
		t.Error("a lane far below the screen is drawn")
	}
	took := ask[float64](p, `((t) => { drawAll(); return performance.now() - t; })(performance.now())`)
	t.Logf("the whole run is drawn in %.1f ms", took)
	p.do(chromedp.Evaluate[chromedp.Void](`scrollTo(0, document.body.scrollHeight)`))
	if n := p.count(`[data-lane="broker"] .tick`); n == 0 {
		t.Error("a lane that was scrolled to is not drawn")
	}
}

// contrast is the ratio of luminance of two colours, each #rrggbb.
func contrast(a, b string) float64 {
	light := func(colour string) float64 {
		var rgb [3]int
		_, _ = fmt.Sscanf(colour, "#%02x%02x%02x", &rgb[0], &rgb[1], &rgb[2])
		sum := 0.0
		for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
			c := float64(rgb[i]) / 255
			if c <= 0.04045 {
				c /= 12.92
			} else {
				c = math.Pow((c+0.055)/1.055, 2.4)
			}
			sum += weight * c
		}
		return sum
	}
	la, lb := light(a), light(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func TestColoursStandOutInLightAndDark(t *testing.T) {
	backgrounds := map[string]string{}
	for _, scheme := range []string{"light", "dark"} {
		p := open(t, bothBelieve(), send(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		}))
		colour := func(name string) string {
			return ask[string](p, `getComputedStyle(document.documentElement).getPropertyValue('--`+name+`')`)
		}
		backgrounds[scheme] = colour("page")
		for _, pair := range []struct {
			front, back string
			least       float64
		}{
			{"ink", "page", 7},
			{"ink", "broken-page", 7},
			{"ink", "fault-page", 7},
			{"ink", "paused-page", 7},
			{"ink", "chip", 7},
			{"soft", "page", 4.5},
			{"soft", "chip", 4.5},
			{"page", "broken", 4.5},
			{"down-ink", "down", 4.5},
			{"o0", "page", 3},
			{"o1", "page", 3},
			{"o2", "page", 3},
			{"o3", "page", 3},
			{"o4", "lane", 3},
			{"o5", "lane", 3},
			{"o6", "lane", 3},
			{"o7", "lane", 3},
			{"alarm", "page", 3},
			{"flag", "page", 3},
			{"quiet", "lane", 3},
			{"hit", "page", 3},
		} {
			if got := contrast(colour(pair.front), colour(pair.back)); got < pair.least {
				t.Errorf("%s: %s on %s has a contrast of %.1f, at least %.1f",
					scheme, pair.front, pair.back, got, pair.least)
			}
		}
	}
	if backgrounds["light"] == backgrounds["dark"] {
		t.Errorf("light and dark have the same background, %s", backgrounds["light"])
	}
}
