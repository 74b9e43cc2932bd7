package explore

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"fencepost/core"
)

// sense is what a field means to two states that are to be compared.
type sense uint8

// The senses.
const (
	// ignored: left out, since it is constant, derived, or no behaviour follows.
	ignored sense = iota
	// neutral: as ignored, and set to zero after each step, so that no behaviour
	// can follow.
	neutral
	// number: as it is; raw: so many bytes as they are.
	number
	raw
	// instant: the time since or until then, up to the horizon.
	instant
	// deadline: the time until then, in half steps; zero is none, and every one
	// that has come is alike.
	deadline
	// limit: as deadline, but it has not passed at its own instant.
	limit
	// due: the step at which it falls due; zero is past.
	due
	// ancient: the time since then, unless it lies before the start of every
	// call under way and is older than aux: then nothing can tell how much.
	ancient
	// started: as instant, if the call of the same lane is under way.
	started
	// busy: whether a call is under way, of its request's number.
	busy
	// span: a duration, up to the horizon.
	span
	// epoch: how far behind the ledger's.
	epoch
	// version: how far behind that of the signal's row.
	version
	// token, nonce: whose, of which process, and how many acquisitions ago.
	token
	nonce
)

// field is one leaf of a flat struct.
type field struct {
	sense sense
	size  uint8
	at    uintptr
	// aux belongs to the sense: where the signal or the request stands, or a time.
	aux int64
}

// layout is a flat struct, leaf by leaf. The types of the core and of the
// models are read once, by reflection, private fields and all: a field that
// they gain is compared from then on without anybody remembering it.
type layout struct {
	size   uintptr
	fields []field
	// requests are where the numbers of calls under way stand, and starts where
	// their starts do.
	requests []uintptr
	starts   []uintptr
}

// foreign are fields that the search cannot compare: it refuses to search then.
var foreign []error

// layoutOf reads a type. Of its exceptions, each names the end of a field's path.
func layoutOf(t reflect.Type, exceptions map[string]sense) *layout {
	l := &layout{size: t.Size()}
	used := map[string]bool{}
	l.walk(t, 0, "", exceptions, used)
	if len(used) < len(exceptions) {
		foreign = append(foreign, fmt.Errorf("%v lacks a field that sim/explore excepts", t))
	}
	l.join()
	// Which row a version belongs to must be known when it is read.
	slices.SortStableFunc(l.fields, func(a, b field) int {
		return int(bitOf(a.sense == version)) - int(bitOf(b.sense == version))
	})
	return l
}

// join makes one field of numbers of one byte each that lie side by side: they
// are written and read at once.
func (l *layout) join() {
	joined := l.fields[:0]
	for _, f := range l.fields {
		if f.sense == number && f.size == 1 {
			f.sense, f.aux = raw, 1
			n := len(joined) - 1
			if n >= 0 && joined[n].sense == raw && joined[n].at+uintptr(joined[n].aux) == f.at {
				joined[n].aux++
				continue
			}
		}
		joined = append(joined, f)
	}
	l.fields = joined
}

// walk adds the leaves of a struct.
func (l *layout) walk(
	t reflect.Type, at uintptr, path string, exceptions map[string]sense, used map[string]bool,
) {
	var signal, request int64 = -1, -1
	for i := range t.NumField() {
		f := t.Field(i)
		switch {
		case f.Type == reflect.TypeFor[core.SignalID]() && strings.EqualFold(f.Name, "signal"):
			signal = int64(at + f.Offset)
		case f.Name == "req":
			request = int64(at + f.Offset)
		}
	}
	for i := range t.NumField() {
		f := t.Field(i)
		name := strings.TrimPrefix(path+"."+f.Name, ".")
		l.leaf(f.Type, at+f.Offset, name, exceptions, used, signal, request)
	}
}

// leaf adds one field, or, of a struct or an array, all of its own.
func (l *layout) leaf(
	t reflect.Type, at uintptr, name string, exceptions map[string]sense, used map[string]bool,
	signal, request int64,
) {
	if s, ok := exceptions[name]; ok {
		used[name] = true
		l.add(field{sense: s, size: uint8(min(t.Size(), 255)), at: at, aux: int64(t.Size())}, signal, request)
		return
	}
	s := senseOf(t, name)
	switch {
	case s == token || s == nonce:
	case t.Kind() == reflect.Struct:
		l.walk(t, at, name, exceptions, used)
		return
	case t.Kind() == reflect.Array:
		for i := range t.Len() {
			l.leaf(t.Elem(), at+uintptr(i)*t.Elem().Size(), name, nil, used, signal, request)
		}
		return
	case s == ignored:
		foreign = append(foreign, fmt.Errorf("it is not known how %s, a %v, is to be compared", name, t))
		return
	}
	l.add(field{sense: s, size: uint8(t.Size()), at: at}, signal, request)
}

// add keeps a field, with what its sense needs.
func (l *layout) add(f field, signal, request int64) {
	switch f.sense {
	case ignored:
		return
	case busy:
		l.requests = append(l.requests, f.at)
	case started:
		f.aux = request
		l.starts = append(l.starts, f.at)
	case version:
		f.aux = signal
	case neutral, number, raw, instant, deadline, limit, due, ancient, span, epoch, token, nonce:
	default:
	}
	l.fields = append(l.fields, f)
}

// senseOf is what a type means unless an exception says otherwise.
func senseOf(t reflect.Type, name string) sense {
	switch t {
	case reflect.TypeFor[core.Time]():
		return instant
	case reflect.TypeFor[time.Duration]():
		return span
	case reflect.TypeFor[core.Epoch]():
		return epoch
	case reflect.TypeFor[core.Token]():
		return token
	case reflect.TypeFor[core.Nonce]():
		return nonce
	}
	switch t.Kind() {
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if last := name[strings.LastIndexByte(name, '.')+1:]; strings.EqualFold(last, "version") {
			return version
		}
		return number
	default:
		return ignored
	}
}
