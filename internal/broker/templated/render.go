package templated

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"text/template"
	"time"

	"fencepost/core"
	"fencepost/internal/broker"
)

// Fields is what a template knows of an order. A field that the sender left out
// is empty.
type Fields struct {
	ClientOrderID string
	// Instrument, Action and Position are the signal's.
	Instrument, Action, Position string
	// Lots, Price and Stop are decimal numbers as the sender wrote them.
	Lots, Price, Stop string
	// Timestamp is when the order passed the gate, in milliseconds since 1970, and
	// RecvWindow for how many more the broker may accept it: for class B.
	Timestamp, RecvWindow int64
	// Since is from when orders are listed, in RFC 3339; empty in any other place
	// than lookup.book.
	Since string

	ticket  broker.Ticket
	unknown error
}

// errNoTable says why an order has no symbol.
var errNoTable = errors.New("broker.instruments is empty, which says how an instrument is ordered")

// fieldsOf gives an order to the templates.
func (a *Adapter) fieldsOf(o broker.Order, now core.Now) *Fields {
	f := &Fields{
		ClientOrderID: o.ClientOrderID, Instrument: o.Instrument, Action: o.Action, Position: o.Position,
		Lots: o.Lots.String(), Price: o.Price.String(), Stop: o.Stop.String(),
		Timestamp: time.Duration(now.Wall).Milliseconds(), unknown: errNoTable,
	}
	if bound := a.config.Claim.LateArrivalBound; bound > 0 {
		f.RecvWindow = (bound - broker.ClockTolerance).Milliseconds()
	}
	if len(a.config.Instruments) > 0 {
		f.ticket, f.unknown = a.config.Instruments.Express(o)
	}
	return f
}

// Symbol is the broker's name for the instrument.
func (f *Fields) Symbol() (string, error) { return f.ticket.Symbol, f.unknown }

// Side is buy or sell.
func (f *Fields) Side() (string, error) { return string(f.ticket.Side), f.unknown }

// Quantity is lots times the lot's size, a decimal number.
func (f *Fields) Quantity() (string, error) { return f.ticket.Quantity, f.unknown }

// decimalShape is a number that JSON takes without quotes.
var decimalShape = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?$`)

// number writes a decimal number without quotes.
func number(text string) (string, error) {
	if !decimalShape.MatchString(text) {
		return "", fmt.Errorf("%q is no number", text)
	}
	return text, nil
}

// quoted writes any value as JSON.
func quoted(value any) (string, error) {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return "", err
	}
	return strings.TrimSuffix(text.String(), "\n"), nil
}

// functions are those of every template.
func functions() template.FuncMap {
	return template.FuncMap{
		"json": quoted, "number": number, "query": url.QueryEscape, "path": url.PathEscape,
		"upper": strings.ToUpper, "lower": strings.ToLower,
	}
}

// parse reads one template. Addresses are logged, and have no secrets.
func (a *Adapter) parse(name, text string, mayHoldSecrets bool) (*template.Template, error) {
	known := functions()
	if mayHoldSecrets {
		known["secret"] = func(name string) (string, error) {
			secret, ok := a.config.Secrets[name]
			if !ok {
				return "", fmt.Errorf("broker.secret_files has no %q", name)
			}
			return secret, nil
		}
	}
	parsed, err := template.New(name).Funcs(known).Option("missingkey=error").Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return parsed, nil
}

// parseAll reads every template of the settings.
func (a *Adapter) parseAll() error {
	var faults []error
	take := func(to **template.Template, name, text string, mayHoldSecrets bool) {
		parsed, err := a.parse(name, text, mayHoldSecrets)
		*to = parsed
		faults = append(faults, err)
	}
	s := &a.config.Settings
	take(&a.orderPath, "submit.path", s.Submit.Path, false)
	take(&a.body, "submit.body", s.Submit.Body, true)
	take(&a.askPath, "lookup.path", s.Lookup.Path, false)
	take(&a.bookPath, "lookup.book", s.Lookup.Book, false)
	a.headers = map[string]*template.Template{}
	for _, name := range slices.Sorted(maps.Keys(s.Headers)) {
		var parsed *template.Template
		take(&parsed, "headers."+name, s.Headers[name], true)
		a.headers[name] = parsed
	}
	return errors.Join(faults...)
}

// draft is a request before it is one.
type draft struct {
	method string
	where  string
	header http.Header
	body   []byte
}

// order writes the order's request. The error says why it would not be sound.
func (a *Adapter) order(f *Fields) (*draft, error) {
	d := &draft{method: a.config.Settings.Submit.Method}
	if d.method == "" {
		d.method = http.MethodPost
	}
	body, err := run(a.body, f)
	if err != nil {
		return nil, err
	}
	d.body = []byte(body)
	kind := "application/json"
	if a.isForm() {
		kind = "application/x-www-form-urlencoded"
		_, err = url.ParseQuery(body)
	} else if body != "" && !json.Valid(d.body) {
		err = errors.New("is not one JSON document")
	}
	if err != nil {
		return nil, fmt.Errorf("submit.body: %w", err)
	}
	if err := a.address(d, a.orderPath, f); err != nil {
		return nil, err
	}
	if body != "" {
		d.header.Set("Content-Type", kind)
	}
	return d, nil
}

func (a *Adapter) isForm() bool { return a.config.Settings.Submit.Encoding == "form" }

// question writes the request that asks after an order.
func (a *Adapter) question(f *Fields) (*draft, error) {
	d := &draft{method: http.MethodGet}
	if err := a.address(d, a.askPath, f); err != nil {
		return nil, err
	}
	return d, nil
}

// address writes the request's address and header.
func (a *Adapter) address(d *draft, path *template.Template, f *Fields) error {
	text, err := run(path, f)
	if err != nil {
		return err
	}
	base := a.line.Base()
	where, err := url.Parse(strings.TrimSuffix(base.String(), "/") + text)
	if err != nil {
		return fmt.Errorf("%s: does not make an address", path.Name())
	}
	if !strings.HasPrefix(text, "/") || where.Host != base.Host || where.User != nil || where.Fragment != "" {
		return fmt.Errorf("%s: must begin with a slash and lead to the broker", path.Name())
	}
	d.where, d.header = where.String(), http.Header{"User-Agent": {"fencepost"}}
	for _, name := range slices.Sorted(maps.Keys(a.headers)) {
		value, err := run(a.headers[name], f)
		if err != nil {
			return err
		}
		if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
			return fmt.Errorf("headers.%s: has a character that no header has", name)
		}
		d.header.Set(name, value)
	}
	return nil
}

// run fills a template in.
func run(t *template.Template, f *Fields) (string, error) {
	var text strings.Builder
	if err := t.Execute(&text, f); err != nil {
		return "", fmt.Errorf("%s: %w", t.Name(), shortened(err))
	}
	return text.String(), nil
}

// shortened is what a person needs of a template's error: what went wrong within
// it, without the library's words around.
func shortened(err error) error {
	var failed template.ExecError
	if errors.As(err, &failed) {
		if inner := errors.Unwrap(failed.Err); inner != nil {
			return inner
		}
		return failed.Err
	}
	return err
}

// request makes the draft a request.
func (d *draft) request(ctx context.Context) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, d.method, d.where, bytes.NewReader(d.body))
	if err != nil {
		return nil, errors.New("the address makes no request")
	}
	r.Header = d.header.Clone()
	return r, nil
}
