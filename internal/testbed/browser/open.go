package browser

import (
	"context"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// patience bounds a whole test in a browser.
const patience = 2 * time.Minute

// New returns the context of a new tab in a browser of the test's own, for
// chromedp, which does without the sandbox where root runs it. Without a browser
// the test fails. Both end with the test. More options come after the package's
// own.
func New(t testing.TB, more ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	path, err := Find()
	if err != nil {
		t.Fatal(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
		chromedp.WindowSize(1280, 900),
	)
	ctx, stop := context.WithTimeout(context.Background(), patience)
	t.Cleanup(stop)
	ctx, end := chromedp.NewExecAllocator(ctx, append(options, more...)...)
	t.Cleanup(end)
	ctx, shut := chromedp.NewContext(ctx, chromedp.WithLogf(t.Logf), chromedp.WithErrorf(t.Logf))
	t.Cleanup(func() {
		// Waits until the process is gone, so that its profile can be removed.
		if err := chromedp.Cancel(ctx); err != nil {
			t.Logf("end the browser: %v", err)
		}
		shut()
	})
	return ctx
}
