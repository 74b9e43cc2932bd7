package doorkeeper

import (
	"container/list"
	"net/netip"
	"time"
)

// crowd is a set of connections with a bound.
type crowd struct {
	most int
	// mostEach is the bound for one address, zero if it has none, of connections
	// that are older than the grace.
	mostEach int
	grace    time.Duration

	size    int
	parties map[netip.Prefix]*party
	// ranks holds the parties by how many connections each has, in the order in
	// which they came to have so many; top is the greatest number.
	ranks map[int]*list.List
	top   int
}

// party is what belongs to one address.
type party struct {
	address netip.Prefix
	guests  list.List
	rank    *list.Element
}

func newCrowd(most, mostEach int, grace time.Duration) *crowd {
	return &crowd{
		most: most, mostEach: mostEach, grace: grace,
		parties: map[netip.Prefix]*party{}, ranks: map[int]*list.List{},
	}
}

// add takes a connection in and returns the one that has to go for it, or nil.
func (c *crowd) add(g *guest) *guest {
	var out *guest
	if p := c.parties[g.address]; p != nil && c.mostEach > 0 && p.guests.Len() >= c.mostEach &&
		g.since.Sub(p.oldest().since) >= c.grace {
		out = p.oldest()
	} else if c.size >= c.most {
		out = partyAt(c.ranks[c.top].Front()).oldest()
	}
	if out != nil {
		c.remove(out)
	}
	p := c.parties[g.address]
	if p == nil {
		p = &party{address: g.address}
		c.parties[g.address] = p
	}
	c.unrank(p)
	g.crowd, g.place = c, p.guests.PushBack(g)
	c.rank(p)
	c.size++
	return out
}

// remove takes a connection out.
func (c *crowd) remove(g *guest) {
	p := c.parties[g.address]
	c.unrank(p)
	p.guests.Remove(g.place)
	g.crowd, g.place = nil, nil
	c.rank(p)
	c.size--
}

func (p *party) oldest() *guest { return guestAt(p.guests.Front()) }

// guestAt returns the connection at a place.
func guestAt(e *list.Element) *guest {
	g, ok := e.Value.(*guest)
	if !ok {
		panic("doorkeeper: a list of connections holds nothing else")
	}
	return g
}

// partyAt returns the party at a place.
func partyAt(e *list.Element) *party {
	p, ok := e.Value.(*party)
	if !ok {
		panic("doorkeeper: a rank holds parties alone")
	}
	return p
}

// rank puts a party where its number of connections belongs.
func (c *crowd) rank(p *party) {
	n := p.guests.Len()
	if n == 0 {
		delete(c.parties, p.address)
	} else {
		if c.ranks[n] == nil {
			c.ranks[n] = list.New()
		}
		p.rank = c.ranks[n].PushBack(p)
	}
	c.top = max(c.top, n)
	for c.top > 0 && c.ranks[c.top] == nil {
		c.top--
	}
}

// unrank takes a party out of the order.
func (c *crowd) unrank(p *party) {
	n := p.guests.Len()
	if n == 0 {
		return
	}
	c.ranks[n].Remove(p.rank)
	if c.ranks[n].Len() == 0 {
		delete(c.ranks, n)
	}
}
