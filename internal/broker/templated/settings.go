package templated

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"fencepost/core/order"
)

// Settings describe a broker's language.
type Settings struct {
	// Headers are sent with orders and questions. Their values are templates.
	Headers map[string]string `yaml:"headers"`
	Submit  Submit            `yaml:"submit"`
	// Lookup is left out for a broker that cannot be asked.
	Lookup Lookup `yaml:"lookup"`
	Words  Words  `yaml:"words"`
}

// Submit says how an order is written and its answer is read.
type Submit struct {
	// Method is POST, unless it is set to PUT.
	Method string `yaml:"method"`
	// Path is a template for what stands behind the broker's address.
	Path string `yaml:"path"`
	// Encoding is json, unless it is set to form.
	Encoding string `yaml:"encoding"`
	// Body is a template for the request's body.
	Body    string  `yaml:"body"`
	Answer  Reading `yaml:"answer"`
	Refusal Reading `yaml:"refusal"`
}

// Lookup says how one order is asked after.
type Lookup struct {
	// Path is a template for what stands behind the broker's address; of an order
	// it knows the client order id.
	Path string `yaml:"path"`
	// List is where in an answer the orders stand; empty if an answer is one order.
	List   string  `yaml:"list"`
	Answer Reading `yaml:"answer"`
	// Absent is an answer that says that there is no such order.
	Absent Reading `yaml:"absent"`
	// Book is a template for where all orders are listed, read like List and Answer:
	// for the reconciler. A look-up that reads the day's book needs none.
	Book string `yaml:"book"`
	// Symbol, Side and Quantity are places of an order in the list, left out where
	// it does not tell.
	Symbol   string `yaml:"symbol"`
	Side     string `yaml:"side"`
	Quantity string `yaml:"quantity"`
}

// Reading says under which codes of HTTP an answer is read, and where in its
// document what stands: names and numbers of elements, with dots between them.
type Reading struct {
	Codes         []int  `yaml:"codes"`
	Status        string `yaml:"status"`
	OrderID       string `yaml:"order_id"`
	ClientOrderID string `yaml:"client_order_id"`
}

// Words lists what the broker calls an order's states. They are compared to the
// letter.
type Words struct {
	Accepted  []string `yaml:"accepted"`
	Filled    []string `yaml:"filled"`
	Rejected  []string `yaml:"rejected"`
	Cancelled []string `yaml:"cancelled"`
	// Duplicate are words for "an order with this id exists".
	Duplicate []string `yaml:"duplicate"`
	// Absent are words for "there is no such order".
	Absent []string `yaml:"absent"`
}

// sense is what a word means. A duplicate is unknown: how the order stands, only
// a look-up tells.
type sense struct {
	answer    order.Answer
	duplicate bool
}

// senses makes the table of words, and refuses a word with two meanings.
func (w *Words) senses() (map[string]sense, error) {
	table := map[string]sense{}
	var faults []error
	for _, list := range []struct {
		name  string
		words []string
		means sense
	}{
		{"accepted", w.Accepted, sense{answer: order.Accepted}},
		{"filled", w.Filled, sense{answer: order.Filled}},
		{"rejected", w.Rejected, sense{answer: order.Rejected}},
		{"cancelled", w.Cancelled, sense{answer: order.Cancelled}},
		{"duplicate", w.Duplicate, sense{duplicate: true}},
		{"absent", w.Absent, sense{answer: order.Absent}},
	} {
		for _, word := range list.words {
			if _, taken := table[word]; taken || word == "" {
				faults = append(faults, fmt.Errorf("words.%s: %q is empty, or stands in two places",
					list.name, word))
			}
			table[word] = list.means
		}
	}
	if len(w.Accepted)+len(w.Filled) == 0 {
		faults = append(faults, errors.New("words: none says that an order was taken"))
	}
	return table, errors.Join(faults...)
}

// ambiguous are the codes of refusals that refuse the request and not the order.
var ambiguous = []int{401, 407, 408, 425, 429}

func isSuccess(code int) bool { return code >= 200 && code < 300 }

func isRefusal(code int) bool {
	return code >= 400 && code < 500 && !slices.Contains(ambiguous, code)
}

// check judges what is no template.
func (s *Settings) check() error {
	faults := []error{
		oneOf("submit.method", s.Submit.Method, "", "POST", "PUT"),
		oneOf("submit.encoding", s.Submit.Encoding, "", "json", "form"),
		s.Submit.Answer.check("submit.answer", true, isSuccess),
		s.Submit.Refusal.check("submit.refusal", false, isRefusal),
	}
	if s.Submit.Answer.OrderID == "" {
		faults = append(faults, errors.New("submit.answer.order_id: not set; without the broker's own id "+
			"an answer is no receipt"))
	}
	if s.Submit.Path == "" {
		faults = append(faults, errors.New("submit.path: not set"))
	}
	for _, name := range slices.Sorted(maps.Keys(s.Headers)) {
		if !headerName.MatchString(name) || slices.Contains(ownHeaders, strings.ToLower(name)) {
			faults = append(faults, fmt.Errorf("headers: %q is no name, or not to be set", name))
		}
		if secretName.MatchString(name) && !strings.Contains(s.Headers[name], "{{") {
			faults = append(faults, fmt.Errorf("headers.%s: has the value itself, and settings are logged; "+
				`write {{secret "NAME"}} and set broker.secret_files.NAME`, name))
		}
	}
	if s.Lookup.Path != "" {
		return errors.Join(append(faults, s.Lookup.check())...)
	}
	if s.Lookup.List+s.Lookup.Book != "" || s.Lookup.Answer.isSet() || s.Lookup.Absent.isSet() {
		faults = append(faults, errors.New("lookup.path: not set"))
	}
	return errors.Join(faults...)
}

// headerName is what may name a header.
var headerName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// secretName is what the name of a header has that carries a secret.
var secretName = regexp.MustCompile(`(?i)auth|key|token|secret|passw|cookie`)

// ownHeaders are those that follow from the request.
var ownHeaders = []string{
	"host", "connection", "content-length", "content-type", "transfer-encoding", "trailer", "te", "upgrade",
	"expect", "keep-alive",
}

func (l *Lookup) check() error {
	faults := []error{
		l.Answer.check("lookup.answer", true, isSuccess),
		l.Absent.check("lookup.absent", false, isRefusal),
	}
	if l.List == "" && l.Book+l.Symbol+l.Side+l.Quantity != "" {
		faults = append(faults, errors.New("lookup.list: not set; where in an answer the orders stand"))
	}
	if l.Answer.ClientOrderID == "" {
		faults = append(faults, errors.New("lookup.answer.client_order_id: not set; an answer about another "+
			"order would be taken for ours"))
	}
	return errors.Join(faults...)
}

func (r *Reading) isSet() bool {
	return len(r.Codes) > 0 || r.Status != "" || r.OrderID != "" || r.ClientOrderID != ""
}

// check judges one reading; allowed are the codes that make sense for it.
func (r *Reading) check(name string, required bool, allowed func(int) bool) error {
	if !r.isSet() && !required {
		return nil
	}
	var faults []error
	if len(r.Codes) == 0 {
		faults = append(faults, fmt.Errorf("%s.codes: not set", name))
	}
	for _, code := range r.Codes {
		if !allowed(code) {
			faults = append(faults, fmt.Errorf("%s.codes: %d cannot say that", name, code))
		}
	}
	if r.Status == "" {
		faults = append(faults,
			fmt.Errorf("%s.status: not set; where the word stands that says how it is", name))
	}
	return errors.Join(faults...)
}

func oneOf(name, word string, allowed ...string) error {
	if slices.Contains(allowed, word) {
		return nil
	}
	return fmt.Errorf("%s %q: must be one of %s", name, word, strings.Join(allowed[1:], ", "))
}
