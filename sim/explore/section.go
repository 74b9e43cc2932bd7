package explore

import (
	"reflect"
	"unsafe"

	"fencepost/core"
	"fencepost/sim/model"
)

// Private parts that are reached by their place.
var (
	nodeType     = reflect.TypeFor[core.Node]()
	postgresType = reflect.TypeFor[model.Postgres]()
	brokerType   = reflect.TypeFor[model.Broker]()
	redisType    = reflect.TypeFor[model.Redis]()

	atSelf     = place(nodeType, "self")
	atConfig   = place(nodeType, "cfg")
	atReqs     = place(nodeType, "reqs")
	atToken    = place(nodeType, "token")
	atLast     = place(nodeType, "last")
	atHealth   = place(nodeType, "health")
	healthSize = member(nodeType, "health").Type.Size()
	atFlying   = place(nodeType, "flying")
	atFlights  = place(nodeType, "flights")
	flightType = member(nodeType, "flights").Type.Elem()

	atTenures  = place(postgresType, "tenures")
	atSignals  = place(postgresType, "signals")
	atAttempts = place(postgresType, "attempts")
	atKeys     = place(postgresType, "byKey")
	atOrders   = place(brokerType, "orders")
	atNewest   = place(brokerType, "newest")
	atRecords  = place(redisType, "out")
)

// The layouts. An exception is a field whose sense does not follow from its
// type, each with its reason.
var (
	nodeLayout = layoutOf(nodeType, map[string]sense{
		"cfg":  ignored, // the same in every node
		"self": ignored, // follows from the node and its life
		"reqs": ignored, // only says that requests differ
		// Without jitter nothing is drawn. The clocks of the search agree, so
		// that the last reading is always now.
		"draws": ignored, "last": ignored,
		// How stores answer and how often leadership was lost is not part of the
		// world that is searched: see doc.go.
		"health":        neutral,
		"lease.req":     busy,
		"ledger.req":    busy,
		"beat.req":      busy,
		"list.req":      busy,
		"flights":       ignored, // each a section of its own
		"flying":        ignored,
		"lease.started": started, "ledger.started": started, "beat.started": started, "list.started": started,
		"lease.deadline": due, "ledger.deadline": due, "beat.deadline": due,
		"list.deadline": due,
		"leaseTrust":    deadline, "leaseLapse": deadline, "beatTrust": deadline,
		"nextTry": due, "nextRenew": due, "nextBeat": due, "nextSweep": due, "nextReview": due,
		"notBefore": due, "giveUp": due, "wake": due,
		"view.At": ancient, "controlAt": ancient,
	}).older(place(nodeType, "view")+place(reflect.TypeFor[core.View](), "At"), core.Time(configOf(0).Renew))
	flightLayout = layoutOf(flightType, map[string]sense{
		"lane.req": busy, "lane.started": started, "lane.deadline": due, "limit": limit,
	})
	effectLayout = layoutOf(reflect.TypeFor[core.Effect](), map[string]sense{
		"Req": ignored, "Timeout": ignored, "NotAfter": limit,
	})
	inputLayout = layoutOf(reflect.TypeFor[core.Input](), map[string]sense{
		"Req": ignored, "Server": ignored, // the clocks agree
	})
	redisLayout = layoutOf(redisType, map[string]sense{
		"past": ignored, "out": ignored, // writes are never undone one by one here
		"lease.expiresAt": deadline,
	})
	postgresLayout = layoutOf(postgresType, map[string]sense{
		"cfg": ignored, "out": ignored,
		"beats":    ignored,                      // only a crash of the server reads them
		"fenceSeq": ignored, "refusals": ignored, // they only rise
		"authority.TakenAt":    ignored, // BeatAt is never earlier
		"authority.LeaseUntil": deadline,
		// Slices have codes of their own.
		"tenures": ignored, "signals": ignored, "attempts": ignored, "byKey": ignored,
	})
	tenureLayout = layoutOf(reflect.TypeFor[model.Tenure](), map[string]sense{
		"OpenedAt": ignored, "ClosedAt": ignored, "Seq": ignored, "began": ignored, // only told
	})
	signalLayout = layoutOf(reflect.TypeFor[model.Signal](), map[string]sense{
		"Version": ignored, // others are relative to it
		"Key":     ignored, "Payload": ignored, "ReceivedAt": ignored, "ValidUntil": deadline,
	})
	attemptLayout = layoutOf(reflect.TypeFor[model.Attempt](), map[string]sense{
		"Seq": ignored, "SendBy": limit,
	})
	brokerLayout = layoutOf(brokerType, map[string]sense{
		"cfg": ignored, "out": ignored, "conduct": ignored, // it behaves well
		"orders": ignored, "newest": ignored,
	})
	orderLayout = layoutOf(reflect.TypeFor[model.Order](), map[string]sense{
		"PlacedAt": ignored, "FillAt": ignored, // filled at once
	})
	watchLayout = layoutOf(reflect.TypeFor[watch](), map[string]sense{"excused": deadline})
)

// member returns a field of a struct that must be there.
func member(t reflect.Type, name string) reflect.StructField {
	f, ok := t.FieldByName(name)
	if !ok {
		panic("explore: " + t.String() + " has no field " + name + " any more")
	}
	return f
}

// place is where a field of a struct stands.
func place(t reflect.Type, name string) uintptr { return member(t, name).Offset }

// older sets from what age on an instant is ancient.
func (l *layout) older(at uintptr, age core.Time) *layout {
	for i := range l.fields {
		if l.fields[i].at == at {
			l.fields[i].aux = int64(age)
		}
	}
	return l
}

// inside returns the address of a private field.
func inside[T, S any](s *S, at uintptr) *T { return (*T)(unsafe.Add(unsafe.Pointer(s), at)) }

// redisRecords lets a Redis that was copied tell its own world.
func redisRecords(r *model.Redis, to *model.Records) { *inside[*model.Records](r, atRecords) = to }

// flightAt is the place of a node's flight.
func flightAt(n *core.Node, i int) unsafe.Pointer {
	return unsafe.Add(unsafe.Pointer(n), atFlights+uintptr(i)*flightType.Size())
}

// flying is how many flights a node has.
func flying(n *core.Node) int { return int(*inside[int32](n, atFlying)) }
