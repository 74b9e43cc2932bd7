//go:build browser

package page_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
)

// hostile is a text that would be carried out, or would reorder what stands behind
// it.
const (
	hostile     = "<script>broke=1</script>\u202Egnp.\u200b"
	moreHostile = "<img src=x onerror='broke=1'>"
)

// TestThePageTellsOfAGroup goes through a bad night on real processes, in one
// browser, without ever loading the page again.
func TestThePageTellsOfAGroup(t *testing.T) {
	g := newGroup(t)
	leader, err := g.cluster.Leader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Run("leader, epoch and ages are shown and go on", func(t *testing.T) {
		g := g.in(t)
		g.shows("#headline", leader.Node.ID()+" leads")
		g.shows("#headline-detail", fmt.Sprintf("epoch %d ", leader.Epoch))
		g.shows("#stores", leader.Node.ID()+" holds the lease")
		g.until("every instance is shown", `document.querySelectorAll('#instances li').length === 3`)
		for _, n := range g.cluster.Nodes() {
			g.shows(fmt.Sprintf(`[data-instance=%q] .beat`, n.ID()), " s")
		}
		g.shows("#history li", "still open")
		age := `document.querySelector('#history li .age').innerText`
		before := ask[string](g, age)
		g.until("the age goes on", fmt.Sprintf(`%s !== %q`, age, before))
		g.shows("#mode-word", "Orders are sent")
	})
	t.Run("a halt needs the token", g.halts)
	t.Run("a hostile text stays a text", func(t *testing.T) {
		g := g.in(t)
		g.send("hostile", hostile, moreHostile)
		g.shows("#signals article h3", "<script>broke=1</script>")
		g.shows("#signals article h3", moreHostile)
		g.shows("#signals article h3", `\u202egnp.\u200b`)
		g.click("#signals summary")
		g.shows("#signals .story", "it waits: the control mode is halt")
		if ask[bool](g, `'broke' in window || document.querySelector('main img, main script') !== null`) {
			t.Error("the text of a signal was taken for markup")
		}
		g.picture("halted")
	})
	t.Run("a resume needs the phrase", g.resumes)
	t.Run("a doubt is shown with its story", func(t *testing.T) {
		g := g.in(t)
		g.shows("#doubts h3", "in doubt")
		g.shows("#doubts .facts", "no clear answer")
		g.shows("#doubts .story", "this broker cannot be asked, a person decides")
		g.shows("#doubts .story code", "fencepost in-doubt resolve")
		g.shows("#open", "1 in doubt")
	})
	t.Run("a killed leader is marked and the takeover appears", func(t *testing.T) {
		g := g.in(t)
		leader, err := g.cluster.AwaitLeader(t.Context(), 0, bound)
		if err != nil {
			t.Fatal(err)
		}
		dead := leader.Node.ID()
		if err := leader.Node.Kill(); err != nil {
			t.Fatal(err)
		}
		g.until("another leads", fmt.Sprintf(`((text) => /^n\d leads$/.test(text) && text !== %q)(
			document.querySelector('#headline').innerText)`, dead+" leads"))
		g.shows(fmt.Sprintf(`[data-instance=%q]`, dead), "stale")
		g.until("the epoch rose",
			fmt.Sprintf(`document.querySelector('#history li').dataset.epoch > %d`, leader.Epoch))
		g.shows(fmt.Sprintf(`#history li[data-epoch="%d"]`, leader.Epoch), dead)
		g.picture("takeover")
	})
	t.Run("a store that is away is told, and nothing old looks fresh", g.losesStores)
	t.Run("a lost stream greys the page and comes back whole", g.losesTheStream)
}

// in is the group for a part of the test.
func (g *group) in(t *testing.T) *group {
	t.Helper()
	here := *g
	here.T = t
	return &here
}

// halts stops the group through the dialog.
func (g *group) halts(t *testing.T) {
	g = g.in(t)
	g.click("#halt")
	g.fill("#by", "night watch")
	g.fill("#reason", "a drill")
	g.fill("#token", "a wrong token")
	g.click("#send")
	g.shows("#ask-fault", "token is missing or wrong")
	if mode := g.mode(); mode != "run" {
		t.Fatalf("a wrong token set the mode to %s", mode)
	}
	g.fill("#token", g.cluster.State().AdminToken)
	g.click("#send")
	g.shows("#mode-word", "Halted")
	g.shows("#mode-why", "night watch: “a drill”")
	if mode := g.mode(); mode != "halt" {
		t.Errorf("the page says halted, the ledger %s", mode)
	}
	kept := ask[string](g, `JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie,
		location.href, document.querySelector('#token').value])`)
	if want := fmt.Sprintf(`[{},{},"","%s/",""]`, g.told.AdminURL()); kept != want {
		t.Errorf("the page keeps %s, want %s", kept, want)
	}
}

// resumes lets orders go again; the broker answers none of them in time.
func (g *group) resumes(t *testing.T) {
	g = g.in(t)
	if err := g.cluster.Broker().AnswerAfter(t.Context(), bound, bound); err != nil {
		t.Fatal(err)
	}
	g.click("#resume")
	g.shows("#ask-open", "1 received")
	g.fill("#reason", "the drill is over")
	g.fill("#phrase", "resume another")
	g.picture("asked")
	g.click("#send")
	g.shows("#ask-fault", `must be "resume default"`)
	if mode := g.mode(); mode != "halt" {
		t.Fatalf("a wrong phrase set the mode to %s", mode)
	}
	g.fill("#phrase", "resume default")
	g.do(chromedp.KeyEvent("\r"))
	g.shows("#mode-word", "Orders are sent")
	g.until("nothing offers to resume", `document.querySelector('#resume').hidden`)
}

// losesStores takes one store away after the other.
func (g *group) losesStores(t *testing.T) {
	g = g.in(t)
	if err := g.cluster.Redis().Kill(); err != nil {
		t.Fatal(err)
	}
	g.shows(`[data-store="Redis"]`, "does not answer")
	if err := g.cluster.Postgres().Pause(); err != nil {
		t.Fatal(err)
	}
	g.shows("#headline", "Not known who leads")
	g.shows(`[data-store="PostgreSQL"]`, "does not answer")
	g.shows("#instances.old .note", "old. PostgreSQL does not answer")
	g.until("no resume is offered over old data", `document.querySelector('#resume').disabled`)
	g.picture("without-stores")
	if err := g.cluster.Postgres().Resume(); err != nil {
		t.Fatal(err)
	}
	g.until("nothing is old any more", `document.querySelectorAll('.old').length === 0`)
	if err := g.cluster.Redis().Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	g.shows("#headline", " leads")
}

// losesTheStream ends the instance that serves the page, and starts it again.
func (g *group) losesTheStream(t *testing.T) {
	g = g.in(t)
	if err := g.told.Kill(); err != nil {
		t.Fatal(err)
	}
	g.shows("body.lost #lost", "No word from "+g.told.ID())
	g.shows("#alive", "lost")
	grey := `[...document.querySelectorAll('#headline, #mode-word, #instances .list, #history .list')]
		.map((e) => getComputedStyle(e.closest('section > *, .row > *')).filter)
		.every((filter) => filter === 'grayscale(1)')`
	g.until("everything that was told is grey", grey)
	g.picture("lost")
	if err := g.told.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	g.until("the page is alive again", `!document.body.classList.contains('lost')`)
	g.shows("#headline", " leads")
	g.shows("#doubts h3", "in doubt")
}

// mode is the control mode by the ledger.
func (g *group) mode() string {
	g.Helper()
	return ask[string](g, `fetch('v1/control').then((a) => a.json()).then((c) => c.control)`,
		chromedp.EvalAwaitPromise)
}
