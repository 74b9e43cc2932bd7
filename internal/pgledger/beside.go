package pgledger

import "fmt"

// Beside prepares the ledger of another group over the connections of this one,
// for a process that takes part in several. Of the options the address, Conns,
// Groups and what bounds a connection are this ledger's. The connections are closed
// with the last ledger that has them.
func (l *Ledger) Beside(o Options) (*Ledger, error) {
	o.DSN, o.Access, o.Conns, o.Groups = l.opt.DSN, l.opt.Access, l.opt.Conns, l.opt.Groups
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	if o.Limits.Statement >= l.opt.Limits.Read {
		return nil, fmt.Errorf("open ledger: statement limit %v of group %s, read limit %v of group %s",
			o.Limits.Statement, o.Group, l.opt.Limits.Read, l.opt.Group)
	}
	return over(o, l.kept, l.leadership, l.work, l.users), nil
}
