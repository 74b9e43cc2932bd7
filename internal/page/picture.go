package page

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"time"

	"fencepost/core"
	"fencepost/internal/httpapi"
	"fencepost/internal/pgledger"
)

// How much the page shows of what has no bound of its own.
const (
	mostTenures = 20
	mostDoubts  = 25
	mostSignals = 50
)

// readTime bounds one reading. It is shorter than the silence after which the
// page calls the stream lost.
const readTime = 1500 * time.Millisecond

// part is one thing that the page shows. The shape is what of it counts as a
// change: everything but ages, which go on by themselves.
type part struct {
	name string
	read func(ctx context.Context) (data, shape any, err error)
}

// reading is what is known of a part. The data is what was read last, whether or
// not the reading that followed succeeded.
type reading struct {
	// version rises with each change of the data, zero if there is none yet.
	version     uint64
	data, shape json.RawMessage
	// at is when the ages in the data were true, and confirmed when a reading last
	// said the same.
	at, confirmed time.Time
	// fault is why the last reading failed, empty if it did not.
	fault string
}

// picture is everything that is known at one instant. It is never changed.
type picture map[string]reading

// instance is an instance, and whether it counts as stale.
type instance struct {
	pgledger.Instance
	Stale bool `json:"stale"`
}

// leader is who leads by each store, and which store does not answer.
type leader struct {
	httpapi.Leader
	RedisFault    string `json:"redis_fault,omitempty"`
	PostgresFault string `json:"postgres_fault,omitempty"`
}

// parts are what is read in each round.
func (o *Options) parts() []part {
	return []part{
		{"leader", o.readLeader},
		{"instances", o.readInstances},
		{"history", func(ctx context.Context) (data, shape any, err error) {
			list, err := o.Source.History(ctx, mostTenures)
			return list, list, err
		}},
		{"control", o.readControl},
		{"doubts", o.readDoubts},
		{"signals", func(ctx context.Context) (data, shape any, err error) {
			list, err := o.Source.Signals(ctx, pgledger.SignalFilter{
				States: []core.SignalState{core.Received, core.Held, core.Submitting, core.Submitted},
				Limit:  mostSignals,
			})
			return list, list, err
		}},
	}
}

func (o *Options) readLeader(ctx context.Context) (data, shape any, err error) {
	found := leader{Leader: o.Source.Leader(ctx)}
	for _, text := range found.Errors {
		if fault, redis := strings.CutPrefix(text, core.Redis.String()+": "); redis {
			found.RedisFault = fault
		} else {
			found.PostgresFault = strings.TrimPrefix(text, core.Postgres.String()+": ")
		}
	}
	return found, found, nil
}

func (o *Options) readInstances(ctx context.Context) (data, shape any, err error) {
	list, err := o.Source.Instances(ctx)
	if err != nil {
		return nil, nil, err
	}
	// Who is stale is the ledger's word, by its own clock.
	stale, err := o.Source.StaleInstances(ctx, o.StaleAfter)
	if err != nil {
		return nil, nil, err
	}
	all := make([]instance, len(list))
	for i := range list {
		all[i].Instance = list[i]
		for k := range stale {
			all[i].Stale = all[i].Stale || stale[k].InstanceID == list[i].InstanceID &&
				stale[k].LastHeartbeat.Equal(list[i].LastHeartbeat)
		}
	}
	return all, all, nil
}

func (o *Options) readControl(ctx context.Context) (data, shape any, err error) {
	c, err := o.Source.Control(ctx)
	same := c
	same.Open = append([]pgledger.OpenCount(nil), c.Open...)
	for i := range same.Open {
		same.Open[i].OldestSeconds = 0
	}
	return c, same, err
}

func (o *Options) readDoubts(ctx context.Context) (data, shape any, err error) {
	list, err := o.Source.InDoubt(ctx, mostDoubts)
	same := append([]httpapi.InDoubt(nil), list...)
	for i := range same {
		same[i].AgeSeconds, same[i].DoubtSeconds = 0, 0
	}
	return list, same, err
}

// round reads every part once, all at the same time.
func round(ctx context.Context, parts []part, before picture) picture {
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	readings := make([]reading, len(parts))
	var all sync.WaitGroup
	for i := range parts {
		all.Go(func() { readings[i] = parts[i].again(ctx, before[parts[i].name]) })
	}
	all.Wait()
	now := make(picture, len(parts))
	for i := range parts {
		now[parts[i].name] = readings[i]
	}
	return now
}

// again reads a part and holds it against what was known.
func (p *part) again(ctx context.Context, last reading) reading {
	// The ages were true when the store answered, which is not before it was asked:
	// counted from here, nothing looks younger than it is.
	began := time.Now()
	data, shape, err := p.read(ctx)
	var text, form []byte
	if err == nil {
		text, err = json.Marshal(data)
	}
	if err == nil {
		form, err = json.Marshal(shape)
	}
	if err != nil {
		last.fault = err.Error()
		if errors.Is(err, context.DeadlineExceeded) {
			last.fault = "no answer within " + readTime.String()
		}
		return last
	}
	if last.version == 0 || !bytes.Equal(form, last.shape) {
		last.version++
		last.data, last.shape, last.at = text, form, began
	}
	last.confirmed, last.fault = began, ""
	return last
}
