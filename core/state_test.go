package core

import (
	"reflect"
	"testing"
	"time"
	"unsafe"

	"fencepost/core/order"
)

// PROTOCOL 3.7: a node is a flat value: what it holds is copied with it.
func TestNodeInputAndEffectAreFlat(t *testing.T) {
	for _, value := range []any{Node{}, Input{}, Effect{}, Status{}} {
		leaves(reflect.ValueOf(&value).Elem().Elem().Type(), "", func(path string, kind reflect.Kind) {
			switch kind {
			case reflect.Pointer, reflect.Map, reflect.Slice, reflect.String, reflect.Interface, reflect.Func,
				reflect.Chan, reflect.UnsafePointer:
				t.Errorf("%T%s is a %v", value, path, kind)
			default:
			}
		})
	}
	if size := unsafe.Sizeof(Input{}); size != 80 {
		t.Errorf("an input has %d bytes; its comment says 80", size)
	}
}

// leaves walks the fields of a type.
func leaves(typ reflect.Type, path string, visit func(path string, kind reflect.Kind)) {
	switch typ.Kind() {
	case reflect.Struct:
		for i := range typ.NumField() {
			leaves(typ.Field(i).Type, path+"."+typ.Field(i).Name, visit)
		}
	case reflect.Array:
		leaves(typ.Elem(), path+"[0]", visit)
	default:
		visit(path, typ.Kind())
	}
}

// PROTOCOL 3.7: the hash covers the whole state: no field can change unseen.
func TestHashSeesEveryField(t *testing.T) {
	node := New(Default(), 7, Now{})
	node.flying = 1
	// The configuration never changes, and the wake follows from the rest.
	unseen := map[string]bool{".cfg": true, ".wake": true, ".flying": true}
	seen := 0
	flip(reflect.ValueOf(&node).Elem(), "", unseen, func(path string, change func()) {
		seen++
		before := node.Hash(0)
		change()
		if node.Hash(0) == before {
			t.Errorf("node%s can change unseen", path)
		}
	})
	if seen < 70 {
		t.Fatalf("%d fields: the test is blind", seen)
	}
}

// PROTOCOL 3.7: two runs that differ in any input differ in their hash.
func TestInputHashSeesEveryField(t *testing.T) {
	in := Input{Kind: SignalFound}
	unseen := map[string]bool{".Server": true} // the core does not read it
	flip(reflect.ValueOf(&in).Elem(), "", unseen, func(path string, change func()) {
		before := in.Hash(0)
		change()
		if in.Hash(0) == before {
			t.Errorf("input%s can change unseen", path)
		}
	})
}

// flip offers to change each leaf below v by one, and changes it back.
func flip(v reflect.Value, path string, skip map[string]bool, offer func(path string, change func())) {
	if skip[path] {
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			flip(v.Field(i), path+"."+v.Type().Field(i).Name, skip, offer)
		}
	case reflect.Array:
		flip(v.Index(0), path+"[0]", skip, offer)
	default:
		leaf := reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Elem()
		was := reflect.New(v.Type()).Elem()
		was.Set(leaf)
		offer(path, func() {
			switch {
			case leaf.Kind() == reflect.Bool:
				leaf.SetBool(!leaf.Bool())
			case leaf.CanUint():
				leaf.SetUint(leaf.Uint() + 1)
			default:
				leaf.SetInt(leaf.Int() + 1)
			}
		})
		leaf.Set(was)
	}
}

// full returns a leader with as many orders on their way as there can be, and
// a call in every lane.
func full(t *testing.T) (*Node, Now) {
	t.Helper()
	cfg := Default()
	cfg.Broker = order.ClassC.Capability()
	now := Now{Boot: Time(time.Hour)}
	node := New(cfg, 7, now)
	n := &node
	n.role, n.epoch, n.control = Leader, 3, Run
	n.extendLease(now.Boot)
	n.beatTrust = now.Boot.Add(cfg.Window())
	var out Effects
	n.call(now.Boot, &n.ledger, Observe, cfg.StoreTimeout, &out)
	n.Step(now, &Input{}, &out)
	for id := SignalID(1); id <= MaxFlights; id++ {
		n.Step(now, &Input{Kind: SignalFound, Req: n.list.req, Signal: id, State: Received, Version: 1}, &out)
	}
	for i := range n.flights {
		n.Step(now, &Input{Kind: PermitWasGranted, Req: n.flights[i].req, Control: Run}, &out)
	}
	for i := range n.flights {
		if n.flights[i].op != Submit {
			t.Fatalf("flight %d waits for %v", i, n.flights[i].op)
		}
	}
	return n, now
}

// after is that much later on all three clocks.
func after(now Now, d time.Duration) Now {
	return Now{Boot: now.Boot.Add(d), Mono: now.Mono.Add(d), Wall: now.Wall.Add(d)}
}

// PROTOCOL 3.8: everything that can end at once, ending at once, has fewer
// effects than there is room for.
func TestEverythingEndingAtOnceHasRoom(t *testing.T) {
	n, now := full(t)
	for _, gap := range []time.Duration{0, time.Minute} {
		node, later := *n, after(now, time.Hour)
		later.Wall = later.Wall.Add(gap)
		var out Effects
		node.Step(later, &Input{Kind: HeartbeatWasRefused, Req: node.beat.req, Epoch: 9}, &out)
		if node.role != Draining || len(out.All()) < 3*MaxFlights {
			t.Fatalf("a %v with %d effects: not everything ended", node.role, len(out.All()))
		}
		if spare := MaxEffects - len(out.All()); spare < MaxEffects/4 {
			t.Errorf("%d of %d effects: too close to the bound", len(out.All()), MaxEffects)
		}
	}
}

// PROTOCOL 3.8: a step allocates nothing.
func TestStepAllocatesNothing(t *testing.T) {
	n, now := full(t)
	var out Effects
	inputs := []Input{
		{},
		{Kind: WorkHeard},
		{Kind: StepDownRequested},
		{Kind: OutcomeUnknown, Req: 1 << 30},
		{Kind: OrderAnswered, Req: n.flights[3].req, Answer: order.Filled},
		{Kind: LeaseRenewed, Req: n.lease.req},
		{Kind: WorkListed, Req: n.list.req, Flags: Done},
		{Kind: HeartbeatConfirmed, Req: n.beat.req, Epoch: 3, Control: Run},
	}
	for _, in := range inputs {
		for _, later := range []time.Duration{0, 3 * time.Second, time.Hour} {
			at := after(now, later)
			got := testing.AllocsPerRun(10, func() {
				node := *n
				node.Step(at, &in, &out)
				_ = node.Hash(0)
				_ = node.Status(at.Boot)
			})
			if got != 0 {
				t.Errorf("%v after %v: %v allocations", in.Kind, later, got)
			}
		}
	}
}
