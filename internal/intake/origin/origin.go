package origin

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// maxHops is how many entries of X-Forwarded-For are read. A longer way through
// proxies of one's own is a mistake or a trick.
const maxHops = 16

// List is a set of networks.
type List []netip.Prefix

// ParseList reads networks such as 10.0.0.0/8; a single address stands for
// itself.
func ParseList(texts []string) (List, error) {
	list := make(List, 0, len(texts))
	for _, text := range texts {
		prefix, err := parsePrefix(text)
		if err != nil {
			return nil, err
		}
		list = append(list, prefix)
	}
	return list, nil
}

func parsePrefix(text string) (netip.Prefix, error) {
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		address, plain := netip.ParseAddr(text)
		if plain != nil || address.Zone() != "" {
			return netip.Prefix{}, fmt.Errorf("%q: must be an address, or a network like 10.0.0.0/8", text)
		}
		address = address.Unmap()
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	if prefix != prefix.Masked() {
		return netip.Prefix{}, fmt.Errorf("%q: the network is %v", text, prefix.Masked())
	}
	if prefix.Addr().Is4In6() {
		return netip.Prefix{}, fmt.Errorf("%q: write an IPv4 network as one", text)
	}
	return prefix, nil
}

// Holds reports whether the address belongs to one of the networks. An address
// that is not known belongs to none.
func (l List) Holds(address netip.Addr) bool {
	return slices.ContainsFunc(l, func(p netip.Prefix) bool { return p.Contains(address) })
}

// Of returns the address that a request came from: remote is the other end of
// the connection as HOST:PORT, forwarded are the values of X-Forwarded-For in
// their order. The result is not valid if the address cannot be known.
func Of(remote string, forwarded []string, trusted List) netip.Addr {
	address := parse(remote)
	if !trusted.Holds(address) {
		return address
	}
	// A chain that is longer than what was cut off ends in an address of a proxy.
	entries := last(strings.Split(strings.Join(forwarded, ","), ","), maxHops)
	if len(forwarded) == 0 {
		return address
	}
	for _, entry := range slices.Backward(entries) {
		address = parse(strings.TrimSpace(entry))
		if !trusted.Holds(address) {
			break
		}
	}
	return address
}

// last returns at most n entries from the end.
func last(entries []string, n int) []string { return entries[max(0, len(entries)-n):] }

// parse reads an address, with a port or without. What is none gives one that
// is not valid.
func parse(text string) netip.Addr {
	if both, err := netip.ParseAddrPort(text); err == nil {
		return both.Addr().WithZone("").Unmap()
	}
	text = strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
	address, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}
	}
	return address.WithZone("").Unmap()
}
