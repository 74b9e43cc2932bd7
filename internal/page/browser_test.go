//go:build browser

package page_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"fencepost/internal/cluster"
	"fencepost/internal/testbed/browser"
)

// group is a cluster of real processes and the page of one of its followers.
type group struct {
	*testing.T
	cluster *cluster.Cluster
	tab     context.Context
	// told is the node that the page is of.
	told *cluster.Node
}

// bound is how long anything that the page has to show may take.
const bound = 30 * time.Second

// newGroup starts three instances and a broker that cannot be asked, and opens the
// page of one that does not lead.
func newGroup(t *testing.T) *group {
	ctx := t.Context()
	c, err := cluster.Start(ctx, cluster.Options{
		Class: "D",
		Settings: func(_ string, s map[string]any) {
			s["stale_after"], s["broker.timeout"] = "6s", "400ms"
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(context.WithoutCancel(ctx)); err != nil {
			t.Log(err)
		}
	})
	leader, err := c.AwaitReady(ctx)
	if err != nil {
		t.Fatal(err)
	}
	g := &group{T: t, cluster: c, tab: browser.New(t)}
	for _, n := range c.Nodes() {
		if n != leader.Node {
			g.told = n
		}
	}
	err = chromedp.Listen(g.tab, func(ev any) {
		switch ev := ev.(type) {
		case *runtime.EventExceptionThrown:
			t.Errorf("the script fails: %s", ev.ExceptionDetails.Exception.Description)
		case *log.EventEntryAdded:
			// What the server refuses or does not answer is told here too.
			if ev.Entry.Source != "network" {
				t.Errorf("the page complains: %s", ev.Entry.Text)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	g.do(chromedp.Navigate(g.told.AdminURL()+"/"), chromedp.WaitReady(chromedp.CSS("#headline")))
	return g
}

func (g *group) do(actions ...chromedp.Action[chromedp.Void]) {
	g.Helper()
	if err := chromedp.Do(g.tab, actions...); err != nil {
		g.Fatal(err)
	}
}

// ask evaluates an expression.
func ask[T any](g *group, expression string, how ...chromedp.EvaluateOption) T {
	g.Helper()
	answer, err := chromedp.Run(g.tab, chromedp.Evaluate[T](expression, how...))
	if err != nil {
		g.Fatal(err)
	}
	return answer
}

// text is what a reader sees of an element, empty if it is not there.
func (g *group) text(selector string) string {
	g.Helper()
	return ask[string](g, fmt.Sprintf(`document.querySelector(%q)?.innerText ?? ''`, selector))
}

// until waits until the page's own script says that the expression holds.
func (g *group) until(claim, expression string) {
	g.Helper()
	ctx, cancel := context.WithTimeout(g.tab, bound)
	defer cancel()
	often := chromedp.WithPollingInterval(30 * time.Millisecond)
	_, err := chromedp.Run(ctx, chromedp.Poll[bool](expression, often))
	if err != nil {
		g.Fatalf("waited in vain until %s: %v; the page says\n%s", claim, err, g.text("body"))
	}
}

// shows waits until an element has a text.
func (g *group) shows(selector, text string) {
	g.Helper()
	g.until(fmt.Sprintf("%s shows %q", selector, text),
		fmt.Sprintf(`(document.querySelector(%q)?.innerText ?? '').includes(%q)`, selector, text))
}

func (g *group) click(selector string) { g.Helper(); g.do(chromedp.Click(chromedp.CSS(selector))) }

// fill writes into a field as a person does, over what stands there.
func (g *group) fill(selector, text string) {
	g.Helper()
	ask[bool](g, fmt.Sprintf(`((field) => { field.focus(); field.select(); return true })(
		document.querySelector(%q))`, selector))
	g.do(send(input.InsertText, input.InsertTextParams{Text: text}))
	if got := ask[string](g, fmt.Sprintf(`document.querySelector(%q).value`, selector)); got != text {
		g.Fatalf("%s holds %q after %q was typed", selector, got, text)
	}
}

// send sends a signal.
func (g *group) send(id, instrument, position string) {
	g.Helper()
	body := fmt.Sprintf(`{"type": "BASE_ENTRY", "instrument": %q, "position": %q, "signal_id": %q,
		"timestamp": "2026-01-05T09:15:00+05:30", "price": 52000.5, "stop": 51800, "lots": 2}`,
		instrument, position, id)
	ctx, cancel := context.WithTimeout(g.Context(), bound)
	defer cancel()
	to := g.told.URL() + "/webhook/" + g.cluster.State().WebhookToken
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, strings.NewReader(body))
	if err != nil {
		g.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		g.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusAccepted {
		g.Fatalf("the signal is answered by %s", answer.Status)
	}
}

// send returns the action that sends the browser a command.
func send[P any](command cdp.Command[P, cdp.Empty], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, command, params)
		return err
	})
}

// picture keeps a screenshot where FENCEPOST_SCREENSHOTS names a directory.
func (g *group) picture(name string) {
	g.Helper()
	dir := os.Getenv("FENCEPOST_SCREENSHOTS")
	if dir == "" {
		return
	}
	for _, look := range []struct {
		name  string
		width int64
	}{{"light", 1180}, {"dark", 390}} {
		g.do(send(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: look.name}},
		}), send(emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
			Width: look.width, Height: 900, DeviceScaleFactor: 1,
		}))
		shot, err := chromedp.Run(g.tab, chromedp.FullScreenshot(100))
		if err != nil {
			g.Fatal(err)
		}
		if err := os.WriteFile(fmt.Sprintf("%s/%s-%s.png", dir, name, look.name), shot, 0o600); err != nil {
			g.Fatal(err)
		}
	}
}
