package page

import (
	"context"
	"embed"
	"io/fs"
	"net/http"
	"path"
	"time"

	"fencepost/internal/httpapi"
	"fencepost/internal/pgledger"
)

// Source is what the page shows. Readings of stores are bounded by their
// context.
type Source interface {
	Status() httpapi.Status
	Leader(ctx context.Context) httpapi.Leader
	Instances(ctx context.Context) ([]pgledger.Instance, error)
	StaleInstances(ctx context.Context, timeout time.Duration) ([]pgledger.StaleInstance, error)
	History(ctx context.Context, limit int) ([]pgledger.Tenure, error)
	Control(ctx context.Context) (httpapi.Control, error)
	InDoubt(ctx context.Context, limit int) ([]httpapi.InDoubt, error)
	Signals(ctx context.Context, f pgledger.SignalFilter) ([]pgledger.Signal, error)
}

// Options is what a page needs.
type Options struct {
	Source Source
	// TTL is the lease's length, and StaleAfter the age from which on an instance
	// counts as stale.
	TTL, StaleAfter time.Duration
	// Writes says that commands are open: an admin token is configured.
	Writes bool
	// Every is how often is read while somebody looks; a second if it is zero.
	Every time.Duration
}

// Page answers the page's requests. Close ends its streams, which a server that
// shuts down would otherwise wait for.
type Page struct {
	mux *http.ServeMux
	hub *hub
}

//go:embed files
var files embed.FS

// New returns a page. It reads nothing until somebody looks.
func New(o Options) *Page {
	if o.Every <= 0 {
		o.Every = time.Second
	}
	p := &Page{mux: http.NewServeMux(), hub: newHub(o)}
	p.mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { serve(w, "page.html") })
	p.mux.HandleFunc("GET /page/stream", p.hub.stream)
	p.mux.HandleFunc("GET /page/{name}", func(w http.ResponseWriter, r *http.Request) {
		serve(w, r.PathValue("name"))
	})
	return p
}

// ServeHTTP answers one request.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	// Nothing but what is embedded here is loaded or asked, nothing in a text is
	// taken for markup, and no other site may show the page within its own.
	head.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; "+
		"img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "+
		"require-trusted-types-for 'script'; trusted-types 'none'")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("X-Frame-Options", "DENY")
	head.Set("Referrer-Policy", "no-referrer")
	head.Set("Cross-Origin-Opener-Policy", "same-origin")
	head.Set("Cross-Origin-Resource-Policy", "same-origin")
	head.Set("Cache-Control", "no-store")
	p.mux.ServeHTTP(w, r)
}

// Close ends all streams, and lets no new one begin.
func (p *Page) Close() { p.hub.close() }

// kinds are the types of the embedded files. A machine's own table may say
// otherwise, and a browser carries out no script that is called a text.
var kinds = map[string]string{
	".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8",
	".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
}

// serve writes one of the embedded files.
func serve(w http.ResponseWriter, name string) {
	text, err := fs.ReadFile(files, path.Join("files", name))
	if err != nil {
		http.Error(w, "no such file", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", kinds[path.Ext(name)])
	// Whoever asked may have left; there is nobody to tell.
	_, _ = w.Write(text)
}
