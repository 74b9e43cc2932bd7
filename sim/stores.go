package sim

import (
	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/history"
	"fencepost/core/inbox"
	"fencepost/scenarios"
	"fencepost/sim/model"
)

// server is the outside of a store: whether it answers, and how fast.
type server struct {
	down   int32
	stalls int32
	slow   int64 // added to each call
	// waiting are the requests that a stalled server has accepted.
	waiting []int32
}

// up reports whether the server takes requests and answers them.
func (s *server) up() bool { return s.down == 0 && s.stalls == 0 }

// serverOf returns what a node's request meets: in a split each of the two primaries
// has an outside of its own.
func (w *World) serverOf(node int16, store core.Store) *server {
	if store == core.Redis && w.replica.split && !w.hosts[node].old {
		store = replicaStore
	}
	return &w.servers[store]
}

// serve is what happens when a request reaches its store.
func (w *World) serve(i int32, s *slot) {
	srv := w.serverOf(s.node, s.store)
	switch {
	case srv.down > 0:
		w.bounceBack(i)
		return
	case srv.stalls > 0:
		srv.waiting = append(srv.waiting, i)
		return
	case srv.slow > 0 && !s.slowed:
		s.slowed = true
		w.queue.push(w.now+srv.slow, i)
		return
	}
	w.events++
	w.hash = scramble(w.hash ^ uint64(w.now)<<8 ^ uint64(s.op))
	switch s.store {
	case core.Redis:
		w.serveRedis(i, s)
	case core.Postgres:
		w.servePostgres(i, s)
	case core.Broker:
		w.serveBroker(i, s)
	case core.NoStore:
		panic("sim: a request has a store")
	default:
		panic("sim: a request has a store")
	}
}

// bounceBack answers "connection refused", if that answer can get through.
func (w *World) bounceBack(i int32) {
	s := w.slots.list[i]
	bits := w.draw(siteReplies[s.op], int(s.node))
	f, delay := w.travel(w.link(s.node, s.store), back, s.op, bits)
	w.endSession(s, sessionGone)
	if s.life == 0 || f == vanishes || f == waits {
		w.slots.give(i)
		return
	}
	w.bounce(i, s, delay)
}

// reply sends one input back to the node, in a slot of its own. The fate was
// drawn for the whole answer.
func (w *World) reply(s *slot, in *core.Input, f fate, delay int64) {
	j, r := w.slots.take(replyArrives, s.node)
	r.op, r.store, r.life, r.effect.Req, r.input = s.op, s.store, s.life, s.effect.Req, *in
	w.lastReply(j, r, f, delay)
}

// lastReply makes the request, whose input is the answer or the last part of it,
// that answer, and sends it back to the node.
func (w *World) lastReply(i int32, s *slot, f fate, delay int64) {
	s.what, s.left = replyArrives, w.now
	s.input.Req, s.input.Op = s.effect.Req, s.op
	switch f {
	case arrives:
		w.queue.push(w.now+delay, i)
	case waits:
		l := w.link(s.node, s.store)
		l.held = append(l.held, i)
	case bounces, resets:
		s.input = core.Input{Kind: core.OutcomeUnknown, Op: s.op, Req: s.effect.Req}
		w.queue.push(w.now+delay, i)
	case vanishes:
		w.slots.give(i)
	}
}

// wayBack draws the answer's fate.
func (w *World) wayBack(s *slot) (fate, int64) {
	if s.life == 0 {
		return vanishes, 0
	}
	if s.cut {
		return resets, 0
	}
	bits := w.draw(siteReplies[s.op], int(s.node))
	l := w.link(s.node, s.store)
	f, delay := w.travel(l, back, s.op, bits)
	if d := l.top(back, w.now); f == resets && d.effect == scenarios.CutReply {
		w.steps[d.step].cut = true
	}
	return f, delay
}

// serveRedis carries out one script.
func (w *World) serveRedis(i int32, s *slot) {
	if w.replica.split {
		w.lapseLease() // nobody watches the clock of the promoted one
	}
	w.askRedis(s)
	w.drain()
	w.redisCalls++
	if w.judge.Wants(scenarios.RedisOperations) {
		w.judge.Sample(scenarios.RedisOperations, history.None, float64(w.redisCalls), w.now)
	}
	f, delay := w.wayBack(s)
	asker, deleted := s.node, (s.op == core.Release || s.op == core.Evict) && s.input.Flags.Has(core.Done)
	w.lastReply(i, s, f, delay)
	if deleted {
		w.publishFrom(asker, core.ReleaseHeard)
	}
}

// askRedis carries out the script and makes its answer the slot's input.
func (w *World) askRedis(s *slot) {
	now, redis, token := core.Time(w.now), w.redisOf(s.node), s.effect.Token
	switch s.op {
	case core.Acquire:
		s.input = redis.Acquire(now, token, w.program.config.TTL)
	case core.Renew:
		s.input = redis.Renew(now, token, w.program.config.TTL, s.effect.Epoch)
	case core.Release:
		s.input = redis.Release(now, token)
	case core.Evict:
		s.input = redis.Evict(now, token)
	default:
		panic("sim: Redis has no such operation")
	}
}

// lapseLease lets the lease go if its time has come.
func (w *World) lapseLease() {
	w.redis.Expire(core.Time(w.now))
	if w.replica.split {
		w.replica.promoted.Expire(core.Time(w.now))
	}
	w.drain()
}

// publish tells every node that can hear the primary of Redis.
func (w *World) publish(kind core.InputKind) { w.publishFrom(history.None, kind) }

// publishFrom tells every node that can hear the asker's Redis. Such messages
// may be lost.
func (w *World) publishFrom(asker int16, kind core.InputKind) {
	redis := w.redisOf(asker)
	for node := range w.hosts {
		h := &w.hosts[node]
		if !h.up || kind == core.WorkHeard && h.node.Role() != core.Leader ||
			w.redisOf(int16(node)) != redis {
			continue
		}
		bits := w.draw(sitePublish, node)
		f, delay := w.travel(w.link(int16(node), core.Redis), back, core.NoOp, bits)
		if f != arrives {
			continue
		}
		i, s := w.slots.take(hintArrives, int16(node))
		s.life, s.input = h.life, core.Input{Kind: kind}
		w.queue.push(w.now+delay, i)
	}
}

// servePostgres carries out one statement or transaction.
func (w *World) servePostgres(i int32, s *slot) {
	if w.ledger.troubled() && w.hinder(i) {
		return
	}
	if s.op == core.Admit {
		w.serveAdmit(i, s)
		return
	}
	w.postgres.Do(core.Time(w.now), &s.effect, nonceOf(s.node, s.life), &w.answer)
	w.drain()
	f, delay := w.wayBack(s)
	w.endSession(s, endOf(f))
	answer := w.answer.All()
	last := len(answer) - 1
	for k := range last {
		w.reply(s, &answer[k], f, delay)
	}
	s.input = answer[last]
	w.lastReply(i, s, f, delay)
}

// serveAdmit stores a signal, durably, before anybody is told.
func (w *World) serveAdmit(i int32, s *slot) {
	offer := &w.offers[s.index]
	admission, signal, state := w.postgres.Admit(core.Time(w.now), model.Offer{
		Key: int64(offer.key) + 1, Payload: offer.payload, ValidFor: offer.validFor,
		Instrument: offer.key % w.program.instruments, Exit: w.signals[offer.key].exit,
	})
	w.drain()
	w.bindSignal(signal, offer.key)
	what := event.SignalReceived
	if admission != inbox.Fresh {
		what = event.SignalDuplicate
	}
	w.tell(&history.Record{
		Kind: history.Announced, Event: what, Node: s.node, Subject: s.node, Signal: signal, State: state,
	})
	f, delay := w.wayBack(s)
	w.endSession(s, endOf(f))
	j, r := w.slots.take(replyArrives, s.node)
	r.op, r.store, r.life, r.index, r.admit = core.Admit, core.Postgres, s.life, s.index, admission
	switch f {
	case arrives:
		w.queue.push(w.now+delay, j)
	case waits:
		l := w.link(r.node, r.store)
		l.held = append(l.held, j)
	case bounces, resets:
		r.admit = inbox.AdmissionUnknown
		w.queue.push(w.now+delay, j)
	case vanishes:
		w.slots.give(j)
	}
	w.slots.give(i)
}

// serveBroker takes an order, or answers a question about one. The order
// exists from now on; the answer takes the broker's time.
func (w *World) serveBroker(i int32, s *slot) {
	e := &s.effect
	now := core.Time(w.now)
	if late := w.broker.Late(); late > 0 && s.op == core.Submit && !s.slowed {
		s.slowed = true
		w.queue.push(w.now+int64(late), i)
		return
	}
	in := core.Input{Signal: e.Signal, Attempt: e.Attempt}
	think := int64(0)
	silent := false
	switch s.op {
	case core.Submit:
		in.Kind = core.OrderAnswered
		in.Answer, silent = w.broker.Submit(now, e.Signal, e.Attempt, core.Time(s.left))
		p := w.program
		think = between(w.draw(siteAck, int(s.node)), p.ackMin, p.ackMax)
	case core.Lookup:
		in.Kind = core.OrderLookedUp
		in.Answer, silent = w.broker.Lookup(now, e.Signal, e.Attempt)
	default:
		panic("sim: the broker has no such operation")
	}
	w.drain()
	f, delay := w.wayBack(s)
	if silent {
		f = vanishes
	}
	if after, twice := w.broker.SecondAnswer(); twice && in.Kind == core.OrderAnswered {
		w.reply(s, &in, f, delay+think)
		think += int64(after)
	}
	s.input = in
	w.lastReply(i, s, f, delay+think)
}

// setServer changes a server's state and tells who can reach it.
func (w *World) setServer(store core.Store, change func(*server)) {
	srv := &w.servers[store]
	change(srv)
	if srv.up() {
		gap := int64(0)
		for _, i := range srv.waiting {
			gap += 10_000
			w.queue.push(w.now+gap, i)
		}
		srv.waiting = srv.waiting[:0]
	}
	if srv.down > 0 {
		w.dropAll(&srv.waiting)
		if store == core.Postgres {
			w.endEverySession()
		}
	}
	w.reachAllChanged()
}
