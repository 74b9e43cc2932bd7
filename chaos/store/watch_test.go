package store

import (
	"strings"
	"sync"
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/history"
)

func TestWatchTellsEveryWriteOfTheService(t *testing.T) {
	r := startRedis(t, RedisOptions{})
	n, other := nodeAt(t, r.Addr(), "", 1), nodeAt(t, r.Addr(), "", 2)
	begin := time.Now().UnixNano()
	n.redis(core.Acquire, 0)
	other.redis(core.Acquire, 0) // denied: no write
	n.redis(core.Renew, 1)
	n.redis(core.Renew, 1)
	n.redis(core.Release, 0)
	other.redis(core.Acquire, 0)
	n.redis(core.Release, 0) // another's: no write
	other.redis(core.Evict, 0)
	must(t, r.SetLease(t.Context(), n.text(), time.Minute), r.Flush(t.Context()))
	end := time.Now().UnixNano()

	want := []Write{
		{Found: true},
		{Op: core.Acquire, Keys: Keys{Holder: n.text(), Until: int64(ttl)}},
		{Op: core.Renew, Keys: Keys{Holder: n.text(), Until: int64(ttl)}},
		{Op: core.Renew, Raise: true, Keys: Keys{Holder: n.text(), Until: int64(ttl), Witness: 1}},
		{Op: core.Renew, Keys: Keys{Holder: n.text(), Until: int64(ttl), Witness: 1}},
		{Op: core.Release, Keys: Keys{Witness: 1}},
		{Op: core.Acquire, Keys: Keys{Holder: other.text(), Until: int64(ttl), Witness: 1}},
		{Op: core.Evict, Keys: Keys{Witness: 1}},
		{Keys: Keys{Holder: n.text(), Until: int64(time.Minute), Witness: 1}},
		{},
	}
	writes := writesOf(t, r)
	if len(writes) != len(want) {
		t.Fatalf("%d writes, want %d: %+v", len(writes), len(want), writes)
	}
	for i, got := range writes {
		if i > 0 && (got.At < begin || got.At > end || got.At < writes[i-1].At) {
			t.Errorf("write %d is at %d, not between %d and %d", i, got.At, begin, end)
		}
		left := Keys{Holder: got.Holder, Witness: got.Witness}
		w, since := want[i], got.At
		if w.Raise {
			since = writes[i-1].At // the witness rises, and the lease stands as it was renewed
		}
		if got.Until != 0 {
			left.Until = got.Until - since
		}
		kind := got.Op == w.Op && got.Found == w.Found && got.Raise == w.Raise
		if got.Server != r.Addr() || !kind || !left.same(w.Keys) {
			t.Errorf("write %d is %+v (%v left), want %+v", i, got, time.Duration(left.Until), w)
		}
	}
	if rest := r.Watch().Writes(len(want) - 1); len(rest) != 1 || rest[0] != writes[len(want)-1] {
		t.Errorf("after all but one come %+v", rest)
	}
}

func TestDrainMissesNoWriteThatWasAnswered(t *testing.T) {
	r := startRedis(t, RedisOptions{})
	const nodes, rounds = 4, 100
	var all sync.WaitGroup
	for i := range nodes {
		n := nodeAt(t, r.Addr(), "", core.Nonce(i+1))
		all.Go(func() {
			for range rounds {
				if err := r.SetLease(t.Context(), n.text(), time.Minute); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if got := len(writesOf(t, r)); got != nodes*rounds+1 {
		t.Errorf("%d writes, want %d and what was found", got, nodes*rounds)
	}
}

func TestShiftedTimesAreWatchedAndMayLapseALease(t *testing.T) {
	r := startRedis(t, RedisOptions{})
	n := nodeAt(t, r.Addr(), "", 1)
	n.holdThrough(1)
	before := keysOf(t, r)
	must(t, r.ShiftTTL(t.Context(), -10*time.Second))
	want := before
	want.Until -= int64(10 * time.Second)
	if after := keysOf(t, r); !after.same(want) {
		t.Errorf("%+v after the jump, want %+v", after, want)
	}
	must(t, r.ShiftTTL(t.Context(), -time.Minute))
	if after := keysOf(t, r); after != (Keys{Witness: 1}) {
		t.Errorf("%+v is left", after)
	}
	writes := writesOf(t, r)
	if last := writes[len(writes)-1]; last.Holder != "" || last.Until != 0 {
		t.Errorf("the lapse was seen as %+v", last)
	}
	if last := writes[len(writes)-2]; !last.same(want) || last.Op != core.NoOp {
		t.Errorf("the jump was seen as %+v", last)
	}
}

func TestOlderServersAreReadAsWell(t *testing.T) {
	r := startRedis(t, RedisOptions{})
	n := nodeAt(t, r.Addr(), "", 1)
	ask := func(script string) (expiry int64) {
		keys := []string{r.keys.lease, r.keys.witness}
		list, err := r.primary.client.Eval(t.Context(), script, keys, newMark()).Slice()
		must(t, err)
		expiry, ok := list[1].(int64)
		if !ok {
			t.Fatalf("answer %v", list)
		}
		return expiry
	}
	older := strings.Replace(readLua, "PEXPIRETIME", "NOSUCHCOMMAND", 1)
	if now, then := ask(readLua), ask(older); now != -2 || then != -2 {
		t.Errorf("without a lease: %d and %d, want -2", now, then)
	}
	n.holdThrough(1)
	// The older way counts from a later instant if the server was kept waiting.
	if now, then := ask(readLua), ask(older); then < now-1 || then > now+ttl.Milliseconds() {
		t.Errorf("the lease expires at %d, or at %d", now, then)
	}
}

func TestCommandThatMayHaveDoneAnythingIsAnError(t *testing.T) {
	r := startRedis(t, RedisOptions{})
	must(t, r.primary.client.Append(t.Context(), "somebody's", "value").Err(), r.Watch().Drain(t.Context()))
	must(t, r.primary.client.Append(t.Context(), r.keys.lease, "value").Err())
	if err := r.Watch().Drain(t.Context()); err == nil || !strings.Contains(err.Error(), "append") {
		t.Errorf("error %v does not name the command", err)
	}
}

func TestLinesOfMonitorAreRead(t *testing.T) {
	l, err := parseLine(`1339518083.107412 [0 127.0.0.1:60866] "set" "a\"b]\\" "\x00\xff\n"`)
	must(t, err)
	if l.at != 1339518083107412000 || l.lua || strings.Join(l.words, ";") != "set;a\"b]\\;\x00\xff\n" {
		t.Errorf("read %+v", l)
	}
	if l, err = parseLine(`1339518083.107412 [0 lua] "GET" "k"`); err != nil || !l.lua {
		t.Errorf("read %+v, %v", l, err)
	}
	for _, text := range []string{
		"", "OK", `1.107412 [0 x] `, `1.107412 [0 x] "unfinished`, `1.1 [0 x] "a"`, `x.107412 [0 x] "a"`,
	} {
		if l, err := parseLine(text); err == nil {
			t.Errorf("%q was read as %+v", text, l)
		}
	}
}

func TestLeaseHistoryTellsWhoHadTheLeaseAndUntilWhen(t *testing.T) {
	one, two := core.Token{Nonce: 1, Acquisition: 1}, core.Token{Nonce: 2, Acquisition: 1}
	first, second := "n1|0000000000000001|1", "n2|0000000000000002|1"
	const ms = int64(time.Millisecond)
	writes := []Write{
		{At: 1 * ms, Server: "a", Found: true},
		{At: 10 * ms, Server: "a", Op: core.Acquire, Keys: Keys{Holder: first, Until: 40 * ms}},
		{At: 20 * ms, Server: "a", Op: core.Renew, Keys: Keys{Holder: first, Until: 50 * ms}},
		{At: 20 * ms, Server: "a", Op: core.Renew, Keys: Keys{Holder: first, Until: 50 * ms, Witness: 1}},
		{At: 25 * ms, Server: "b", Found: true, Keys: Keys{Holder: first, Until: 51 * ms, Witness: 1}},
		{At: 60 * ms, Server: "a", Op: core.Acquire, Keys: Keys{Holder: second, Until: 90 * ms, Witness: 1}},
		{At: 70 * ms, Server: "a", Keys: Keys{Holder: first, Until: 99 * ms, Witness: 1}},
		{At: 80 * ms, Server: "a", Op: core.Release, Keys: Keys{Witness: 1}},
	}
	type told struct {
		kind      history.Kind
		at, until int64
		token     core.Token
		op        core.Op
	}
	want := []told{
		{history.LeaseSet, 11, 41, one, core.NoOp},
		{history.LeaseSet, 21, 51, one, core.NoOp},
		{history.LeaseSet, 26, 52, one, core.NoOp},
		{history.LeaseGone, 51, 51, one, core.NoOp},
		{history.LeaseGone, 52, 52, one, core.NoOp},
		{history.LeaseSet, 61, 91, two, core.NoOp},
		{history.LeaseGone, 71, 71, two, core.NoOp},
		{history.LeaseSet, 71, 100, one, core.NoOp},
		{history.LeaseGone, 81, 81, one, core.Release},
	}
	list := LeaseHistory(writes, 100*ms, func(at int64) int64 { return at + ms },
		func(n core.Nonce) int16 { return int16(n) })
	if len(list) != len(want) {
		t.Fatalf("%d records, want %d: %+v", len(list), len(want), list)
	}
	for i, r := range list {
		got := told{r.Kind, r.At / ms, r.Until / ms, r.Token, r.Op}
		if got != want[i] || r.Node != int16(r.Token.Nonce) || r.Subject != history.None {
			t.Errorf("record %d is %+v, want %+v", i, r, want[i])
		}
	}
}
