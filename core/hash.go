package core

// mix folds v into h. It is a finaliser of the SplitMix64 family: fast, and
// good enough to tell states and runs apart; it is no cryptographic hash.
func mix(h, v uint64) uint64 {
	h ^= v + 0x9e3779b97f4a7c15 + h<<6 + h>>2
	h ^= h >> 30
	h *= 0xbf58476d1ce4e5b9
	h ^= h >> 27
	h *= 0x94d049bb133111eb
	return h ^ h>>31
}

// Hash folds the node's whole state, but not its configuration, into h. Equal
// nodes have equal hashes on every machine and in every run.
func (n *Node) Hash(h uint64) uint64 {
	for _, l := range [...]*lane{&n.lease, &n.ledger, &n.beat, &n.list} {
		h = l.hash(h)
	}
	v, last, health, past := &n.view, &n.last, &n.health, &n.past
	for _, field := range [...]uint64{
		uint64(n.self), uint64(n.role)<<24 | uint64(n.drain)<<16 | uint64(n.leaving)<<8 | uint64(n.control),
		bit(n.backlog) | bit(n.stopping)<<1 | bit(n.reviewing)<<2 | bit(n.claimed)<<3,
		uint64(n.reqs)<<32 | uint64(n.draws),
		n.token.bits(), n.evictee.bits(), uint64(n.epoch), uint64(n.reported), uint64(n.cursor),
		uint64(n.leaseTrust), uint64(n.leaseLapse), uint64(n.beatTrust), uint64(n.nextTry),
		uint64(n.nextRenew), uint64(n.nextBeat), uint64(n.nextSweep), uint64(n.nextReview),
		uint64(n.notBefore), uint64(n.giveUp), uint64(n.controlAt),
		uint64(v.At), uint64(v.Epoch), v.Token.bits(), uint64(v.Age),
		uint64(v.Flags)<<48 | uint64(v.Tenure)<<40 | uint64(v.Control)<<32 | uint64(v.Protocol),
		uint64(last.Boot), uint64(last.Mono), uint64(last.Wall),
		uint64(n.tenure)<<16 | uint64(health.flaps)<<8 | bit(past.barred), uint64(n.redisGone),
		uint64(health.electedAt), uint64(health.driftedAt), uint64(past.witness), uint64(past.vouched),
		uint64(past.lineage)<<32 | uint64(past.accepted),
	} {
		h = mix(h, field)
	}
	for store := range health.paces {
		p := &health.paces[store]
		h = mix(mix(h, uint64(p.server)), uint64(p.sent))
		h = mix(h, uint64(p.heard)^uint64(health.degradedAt[store])<<1)
	}
	for i := range n.flights[:n.flying] {
		h = n.flights[i].hash(h)
	}
	return h
}

// bits are the token in one word; tokens of one process differ in them.
func (t Token) bits() uint64 { return uint64(t.Nonce) ^ uint64(t.Acquisition)<<40 }

// hash folds the lane into h.
func (l *lane) hash(h uint64) uint64 {
	h = mix(h, uint64(l.req)<<16|bit(l.early)<<8|uint64(l.op))
	return mix(h, uint64(l.started)^uint64(l.deadline)<<1)
}

// hash folds the flight into h.
func (f *flight) hash(h uint64) uint64 {
	h = f.lane.hash(h)
	h = mix(h, uint64(f.signal)^uint64(f.state)<<56^uint64(f.outcome)<<48^uint64(f.reason)<<40)
	h = mix(h, uint64(f.attempt)<<32|uint64(f.version))
	h = mix(h, bit(f.resend)|bit(f.alert)<<1|bit(f.refused)<<2|uint64(f.flags)<<8)
	h = mix(mix(h, uint64(f.limit)), uint64(f.age))
	return mix(mix(h, uint64(f.epoch)), f.token.bits())
}

// bit is one for true.
func bit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// Hash folds the input into h.
func (in *Input) Hash(h uint64) uint64 {
	h ^= (uint64(in.Req) | uint64(in.Attempt)<<32) * 0xd6e8feb86659fd93
	// In the order of the fields, which makes it one load; the kind is its first byte.
	words := uint64(in.Kind) | uint64(in.Op)<<8 | uint64(in.Control)<<16 | uint64(in.State)<<24 |
		uint64(in.Answer)<<32 | uint64(in.Reason)<<40 | uint64(in.Flags)<<48 | uint64(in.Tenure)<<56
	h = mix(h, words)
	if InputKind(words) == TimePassed {
		return h
	}
	// Products with different odd numbers do not wait for one another.
	rest := (uint64(in.Version)|uint64(in.Protocol)<<32)*0xff51afd7ed558ccd +
		(uint64(in.Epoch)^uint64(in.Signal)<<32)*0xc4ceb9fe1a85ec53 +
		(in.Token.bits()^uint64(in.Age)<<1)*0x9fb21c651e98df25 +
		(uint64(in.Lineage)|uint64(in.Accepted)<<32)*0xa24baed4963ee407
	return mix(h, rest^rest>>32)
}
