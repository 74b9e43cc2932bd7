package timeline

import (
	"strconv"

	"fencepost/core"
)

// Outside is the ID of the lane of those who are no node and no store: senders
// and operators.
const Outside = "outside"

// NodeID returns the ID of a node's lane, as scenario files call the node; ""
// for no node.
func NodeID(node int16) string {
	if node < 0 {
		return ""
	}
	return "n" + strconv.Itoa(int(node)+1)
}

// LinkID returns the ID of the lane of the link between a node and a store.
func LinkID(node int16, store core.Store) string { return NodeID(node) + "-" + store.String() }

// ClusterLanes returns the lanes of a cluster of so many nodes, still empty: the
// nodes, the stores, those outside, and a link for each node and store.
func ClusterLanes(nodes int) []Lane {
	lanes := make([]Lane, 0, nodes+4+3*nodes)
	for node := range nodes {
		id := NodeID(int16(node))
		lanes = append(lanes, Lane{ID: id, Title: id, Kind: NodeLane})
	}
	lanes = append(lanes,
		Lane{ID: core.Redis.String(), Title: "Redis", Kind: StoreLane},
		Lane{ID: core.Postgres.String(), Title: "PostgreSQL", Kind: StoreLane},
		Lane{ID: core.Broker.String(), Title: "broker", Kind: StoreLane},
		Lane{ID: Outside, Title: "senders, operators", Kind: OutsideLane},
	)
	for node := range nodes {
		for store := core.Redis; store <= core.Broker; store++ {
			title := NodeID(int16(node)) + " – " + store.String()
			lanes = append(lanes, Lane{ID: LinkID(int16(node), store), Title: title, Kind: LinkLane})
		}
	}
	return lanes
}
