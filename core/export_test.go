package core

// Sending reports whether an order of this node may be under way.
func (n *Node) Sending() bool {
	for i := range n.flights[:n.flying] {
		if n.flights[i].op == Submit {
			return true
		}
	}
	return false
}
