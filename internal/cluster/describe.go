package cluster

import (
	"fmt"
	"io"
	"os"
	"text/tabwriter"
)

// Describe writes where everything is and who leads.
func (c *Cluster) Describe(out io.Writer, leader Leader) {
	servers := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(servers, "PostgreSQL %s\t%s\n", c.postgres.Version(), c.dsn)
	fmt.Fprintf(servers, "%s\t%s\n", c.redis.Kind(), c.redis.Addr())
	fmt.Fprintf(servers, "paper broker, class %s\t%s\n", c.options.Class, c.broker.URL())
	servers.Flush()
	fmt.Fprintln(out)
	nodes := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(nodes, "NODE\tPROCESS\tSIGNALS\tADMIN\tCONFIGURATION")
	for _, n := range c.nodes {
		fmt.Fprintf(nodes, "%s\t%d\t%s\t%s\t%s\n", n.id, n.PID(), n.URL(), n.AdminURL(), n.config)
	}
	nodes.Flush()
	fmt.Fprintf(out, "\n%s leads under epoch %d\n\n", leader.Node.id, leader.Epoch)
}

// suggestion is what to try; its arguments are those of Suggest, in order.
const suggestion = `Try, in another terminal:
  1. send a signal to any node, and look into the broker's book
     curl -sS %[1]s/webhook/%[2]s -H 'Content-Type: application/json' \
       -d '{"type": "BASE_ENTRY", "instrument": "BANK_NIFTY", "position": "Long_1",
            "timestamp": "'$(date +%%s)'", "lots": 2}'
     curl -sS %[3]s/orders
  2. kill the leader
     kill -9 %[4]d
  3. watch the takeover: it is told here, and each node says who leads
     curl -sS %[5]s/coordinator/leader
     %[7]s leader history --config %[8]s
Killed nodes are started again by kill -USR1 %[6]d; Ctrl-C ends everything.

`

// Suggest writes what to try, as commands to paste.
func (c *Cluster) Suggest(out io.Writer, leader Leader) {
	other := leader.Node
	for _, n := range c.nodes {
		if n != leader.Node {
			other = n
		}
	}
	fmt.Fprintf(out, suggestion, other.URL(), c.webhookToken, c.broker.URL(), leader.Node.PID(),
		other.AdminURL(), os.Getpid(), c.program, other.config)
}
