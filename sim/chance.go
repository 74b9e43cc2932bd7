package sim

// site names a kind of decision that is left to chance. Sites are part of the
// key of every draw: a new one is added at the end, so that old seeds keep
// their meaning.
type site uint8

// The sites.
const (
	siteRequest site = iota // delay and fate of a request, by operation
	siteReply               // delay and fate of a reply, by operation
	siteClock
	siteStart
	siteWake
	siteArrival
	siteTarget
	siteOffer
	siteAck
	siteRole
	siteSpan
	siteStore
	siteNemesis
	siteDuplicate
	sitePublish
	siteCount
)

// chance draws by key: hash(seed, site, actor, n-th use). Taking one fault
// away leaves the rest of a run in place, which a sequential generator cannot
// do. Zero is always the benign choice.
type chance struct {
	seed uint64
	uses []uint32 // by site and actor
}

// reset starts a new run.
func (c *chance) reset(seed uint64) {
	if c.uses == nil {
		c.uses = make([]uint32, int(siteCount)*actorsPerSite)
	}
	clear(c.uses)
	c.seed = scramble(seed ^ 0x6a09e667f3bcc909)
}

// actorsPerSite is the size of the table of uses for one site; actors that
// share a slot still differ by their key.
const actorsPerSite = 256

// draw returns the next 64 bits of the site and actor.
func (c *chance) draw(s site, actor uint32) uint64 {
	slot := &c.uses[uint32(s)*actorsPerSite+actor%actorsPerSite]
	*slot++
	return scramble(c.seed ^ uint64(s)<<56 ^ uint64(actor)<<32 ^ uint64(*slot))
}

// between returns a value of [low, high] drawn from the bits.
func between(bits uint64, low, high int64) int64 {
	if high <= low {
		return low
	}
	return low + int64(bits%uint64(high-low+1))
}

// scramble is the SplitMix64 finaliser.
func scramble(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
