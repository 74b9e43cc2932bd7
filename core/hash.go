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
	h = mix(h, uint64(n.self)^uint64(n.role)<<56^uint64(n.drain)<<48^uint64(n.leaving)<<40)
	h = mix(h, uint64(n.reqs)<<32|uint64(n.draws))
	for _, l := range [...]*lane{&n.lease, &n.ledger, &n.beat, &n.list} {
		h = l.hash(h)
	}
	h = mix(mix(h, uint64(n.token.Nonce)), uint64(n.token.Acquisition)^uint64(n.epoch)<<32)
	for _, t := range [...]Time{
		n.leaseTrust, n.leaseLapse, n.beatTrust, n.nextTry, n.nextRenew, n.nextBeat, n.nextSweep,
		n.nextReview, n.notBefore, n.giveUp, Time(n.view.Protocol), Time(n.view.Control), Time(n.evictee.Nonce), n.controlAt, n.view.At, n.clocks.last.Boot,
		n.clocks.last.Mono, n.clocks.last.Wall,
	} {
		h = mix(h, uint64(t))
	}
	h = mix(mix(h, uint64(n.view.Epoch)), uint64(n.view.Token.Nonce)^uint64(n.view.Token.Acquisition)<<32)
	h = mix(h, uint64(n.view.Age)^uint64(n.view.Flags)<<56^uint64(n.view.Tenure)<<48^uint64(n.control)<<40)
	h = mix(mix(h, uint64(n.reported)), uint64(n.cursor)^bit(n.backlog)<<63^bit(n.stopping)<<62^bit(n.reviewing)<<61)
	for i := range n.flights[:n.flying] {
		h = n.flights[i].hash(h)
	}
	return h
}

// hash folds the lane into h.
func (l *lane) hash(h uint64) uint64 {
	return mix(mix(h, uint64(l.req)<<8|uint64(l.op)), uint64(l.started)^uint64(l.deadline)<<1)
}

// hash folds the flight into h.
func (f *flight) hash(h uint64) uint64 {
	h = f.lane.hash(h)
	h = mix(h, uint64(f.signal)^uint64(f.state)<<56^uint64(f.outcome)<<48^uint64(f.reason)<<40)
	h = mix(h, uint64(f.attempt)<<32|uint64(f.version))
	h = mix(h, bit(f.resend)|bit(f.alert)<<1|uint64(f.flags)<<8)
	h = mix(mix(h, uint64(f.limit)), uint64(f.age))
	return mix(mix(h, uint64(f.epoch)), uint64(f.token.Nonce)^uint64(f.token.Acquisition)<<32)
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
	h = mix(h, uint64(in.Kind)|uint64(in.Op)<<8|uint64(in.Control)<<16|uint64(in.State)<<24|
		uint64(in.Answer)<<32|uint64(in.Reason)<<40|uint64(in.Flags)<<48|uint64(in.Tenure)<<56)
	h = mix(h, uint64(in.Req)|uint64(in.Attempt)<<32)
	if in.Kind == TimePassed {
		return h
	}
	h = mix(h, uint64(in.Version)^uint64(in.Epoch)<<20^uint64(in.Signal)<<40)
	return mix(h, uint64(in.Token.Nonce)^uint64(in.Token.Acquisition)<<40^uint64(in.Age))
}
