package fencepost

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"fencepost/internal/broker"
	"fencepost/internal/broker/wire"
	"fencepost/internal/clock"
	"fencepost/internal/config"
	"fencepost/internal/pgledger"
	"fencepost/internal/reconcile"
)

// What a comparison of the broker's book with the ledger returns.
type (
	// Reconciliation is what came of one comparison.
	Reconciliation = reconcile.Report
	// Finding is one thing that is not as it should be.
	Finding = reconcile.Finding
)

// The bounds of one comparison.
const (
	// mostAccounts is how many attempts, and signals, are read of the ledger.
	mostAccounts = broker.MostPlaced
	// laterAttempts is how many attempts of a signal beyond the ledger's last are
	// thought of: a ledger that went back in time has forgotten them.
	laterAttempts = 3
	// mostKept is how many findings one transaction writes down.
	mostKept = 200
	// clockSlack is by how much the broker's clock and the database's may differ.
	clockSlack = 10 * time.Second
)

// Reconciler compares the broker's book with the ledger. It sends and cancels
// nothing. Its methods may be called by several goroutines at once.
type Reconciler struct {
	reader   *Reader
	broker   Broker
	settings config.Reconcile
	by       string
	// own is closed with it, if it was opened for it.
	own ownAdapter
}

// NewReconciler makes one that reads the configured stores and broker directly, on
// behalf of whom by names. It opens no connection yet.
func NewReconciler(c Config, by string, list ...Option) (*Reconciler, error) {
	o := applied(list)
	faults := []error{c.Reconcile.Check()}
	if o.broker == nil {
		faults = append(faults, c.CheckBroker())
	}
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	reader, err := NewReader(c)
	if err != nil {
		return nil, err
	}
	r := &Reconciler{reader: reader, broker: o.broker, settings: c.Reconcile, by: by}
	if r.broker == nil {
		if r.own, err = openBroker(&c.Broker, clock.System{}); err != nil {
			return nil, errors.Join(fmt.Errorf("configuration: %w", err), reader.Close())
		}
		r.broker = r.own
	}
	return r, nil
}

// Close gives the connections back.
func (r *Reconciler) Close() error {
	if r.own != nil {
		r.own.Close()
	}
	return r.reader.Close()
}

// Run compares what happened within the configured window. Unless dry is set it
// writes down what it finds, and halts as the leader's own comparison would. What
// kept it from comparing stands in the report.
func (r *Reconciler) Run(ctx context.Context, dry bool) Reconciliation {
	report, _ := r.run(ctx, dry)
	return report
}

// run is Run, and says why nothing was compared as an error too.
func (r *Reconciler) run(ctx context.Context, dry bool) (Reconciliation, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(r.settings.Timeout))
	defer cancel()
	report, err := r.compare(ctx, time.Duration(r.settings.Window))
	if !dry && err == nil {
		r.keep(ctx, &report)
	}
	return report, err
}

// compare reads the clock, the book, and the ledger after it, and compares. The
// error stands in the report as well.
func (r *Reconciler) compare(ctx context.Context, window time.Duration) (Reconciliation, error) {
	began := time.Now()
	report := Reconciliation{By: r.by, Findings: []Finding{}}
	err := r.read(ctx, &report, window)
	report.TookMS = time.Since(began).Milliseconds()
	if err != nil {
		report.Error = wire.Said(err.Error())
	}
	return report, err
}

// read fills the report in.
func (r *Reconciler) read(ctx context.Context, report *Reconciliation, window time.Duration) error {
	historian, ok := r.broker.(broker.Historian)
	if !ok {
		return broker.ErrNoBook
	}
	var err error
	if report.At, err = r.reader.ledger.Instant(ctx); err != nil {
		return err
	}
	report.Since = report.At.Add(-window)
	book, err := historian.Placed(ctx, report.Since.Add(-clockSlack))
	if err != nil {
		return err
	}
	report.Listed, report.Whole, report.Orders = true, book.Whole, len(book.Orders)
	readings := reconcile.Readings{Book: book, IgnoreForeign: r.settings.Foreign == config.ForeignIgnore}
	accounts, err := r.accounts(ctx, report, &book)
	if err != nil {
		return err
	}
	report.Attempts = len(accounts)
	settled := report.At.Add(-time.Duration(r.settings.Settle))
	known := make(map[string]bool, len(accounts))
	for i := range accounts {
		known[accounts[i].ClientOrderID] = true
		readings.Attempts = append(readings.Attempts, attemptOf(historian, &accounts[i], settled))
	}
	if readings.Forgotten, err = r.forgotten(ctx, &book, known); err != nil {
		return err
	}
	report.Findings, report.Ignored = reconcile.Compare(readings)
	for i := range report.Findings {
		plain(&report.Findings[i])
	}
	if report.Findings == nil {
		report.Findings = []Finding{}
	}
	return r.reader.ledger.SeenFindings(ctx, report.Findings)
}

// accounts reads the attempts of the book's orders, and those that the book must
// have. The first reading begins after the book was read: an order that it does not
// have then was sent under no permit of this ledger.
func (r *Reconciler) accounts(
	ctx context.Context, report *Reconciliation, book *broker.Book,
) ([]pgledger.Account, error) {
	var ids []string
	for i := range book.Orders {
		if id := book.Orders[i].ClientOrderID; reconcile.Ours(id) {
			ids = append(ids, id)
		}
	}
	accounts, err := r.reader.ledger.AccountsOf(ctx, ids)
	if err != nil || !book.Whole {
		return accounts, err
	}
	standing, err := r.reader.ledger.AccountsSince(ctx, report.Since.Add(clockSlack), mostAccounts)
	if err != nil {
		return nil, err
	}
	read := make(map[string]bool, len(accounts))
	for i := range accounts {
		read[accounts[i].ClientOrderID] = true
	}
	for i := range standing {
		if !read[standing[i].ClientOrderID] {
			accounts = append(accounts, standing[i])
		}
	}
	return accounts, nil
}

// attemptOf is an attempt as it is compared.
func attemptOf(historian broker.Historian, a *pgledger.Account, settled time.Time) reconcile.Attempt {
	compared := reconcile.Attempt{
		Signal: a.Signal, Attempt: a.Attempt, ClientOrderID: a.ClientOrderID, State: a.State, Told: a.Told,
		Settled: !a.RecordedAt.IsZero() && !a.RecordedAt.After(settled),
		Canary:  a.Order.Type == broker.CanaryAction,
	}
	// What could not be sent has no words that the book could differ from.
	if ticket, err := historian.Expected(orderOf(&a.Order, a.Attempt)); err == nil {
		compared.Ticket = ticket
	}
	return compared
}

// forgotten returns permits that the ledger does not have, of signals that it knows,
// by the ids of their orders. It reads signals only if an order of our form is not
// accounted for.
func (r *Reconciler) forgotten(
	ctx context.Context, book *broker.Book, known map[string]bool,
) (map[string]reconcile.Permit, error) {
	lost := false
	for i := range book.Orders {
		id := book.Orders[i].ClientOrderID
		lost = lost || reconcile.Ours(id) && !known[id]
	}
	if !lost {
		return nil, nil
	}
	signals, err := r.reader.ledger.Youngest(ctx, mostAccounts/10)
	if err != nil {
		return nil, err
	}
	permits := make(map[string]reconcile.Permit, laterAttempts*len(signals))
	for i := range signals {
		s := &signals[i]
		of := pgledger.Order{Key: s.Key}
		for attempt := s.Attempt + 1; attempt <= s.Attempt+laterAttempts; attempt++ {
			permits[of.ClientOrderID(attempt)] = reconcile.Permit{
				Signal: s.Signal, Attempt: attempt, State: s.State,
			}
		}
	}
	return permits, nil
}

// plain makes of what a broker said what can be kept: one line of plain text.
func plain(f *Finding) {
	for _, text := range []*string{
		&f.ClientOrderID, &f.OrderID, &f.Symbol, &f.Side, &f.Quantity, &f.Detail,
	} {
		*text = wire.Said(*text)
	}
}

// keep writes down what was not seen before, and halts if one of these is an order
// that the ledger does not know.
func (r *Reconciler) keep(ctx context.Context, report *Reconciliation) {
	pass := rand.Text()
	var fresh []Finding
	for i := range report.Findings {
		f := &report.Findings[i]
		if f.Fresh && f.Kind.Lasts() && f.ClientOrderID+f.OrderID != "" {
			fresh = append(fresh, *f)
		}
	}
	for n := 0; len(fresh) > 0; n++ {
		some := fresh[:min(len(fresh), mostKept)]
		fresh = fresh[len(some):]
		halted, err := r.reader.ledger.KeepFindings(ctx, fmt.Sprintf("%s-%d", pass, n), r.by, some)
		if err != nil {
			report.Error = wire.Said(err.Error())
			return
		}
		report.Halted = report.Halted || halted
	}
	report.Kept = true
}
