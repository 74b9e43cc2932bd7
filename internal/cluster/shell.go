package cluster

import (
	"fmt"
	"strings"
)

// WriteShell writes the state as variables and functions of a POSIX shell, in one
// step: the commands of the runbooks work there as they stand. It holds secrets and
// is the owner's alone.
//
//	fencepost ARGUMENTS   the service's program, with the first node's configuration
//	WEBHOOKS              where signals go, at each node
//	BROKER                the paper broker's address
//	pid NAME              the process of a node, of the leader, or of the cluster (drill)
func (s State) WriteShell(path string) error {
	var text, hooks, pids strings.Builder
	for i, n := range s.Nodes {
		if i > 0 {
			hooks.WriteByte(' ')
		}
		fmt.Fprintf(&hooks, "%s/webhook/%s", n.URL, s.WebhookToken)
		fmt.Fprintf(&pids, "\t%s) echo %d ;;\n", n.ID, n.PID)
	}
	fmt.Fprintf(&text, "export FENCEPOST_CONFIG=%s\n", quoted(s.Nodes[0].Config))
	fmt.Fprintf(&text, "WEBHOOKS=%s\nBROKER=%s\n", quoted(hooks.String()), quoted(s.BrokerURL))
	fmt.Fprintf(&text, "fencepost() { %s \"$@\"; }\n", quoted(s.Program))
	fmt.Fprintf(&text, "pid() {\n\tcase \"$1\" in\n%s\tdrill) echo %d ;;\n", pids.String(), s.PID)
	text.WriteString("\tleader) pid \"$(fencepost leader show -o json | " +
		`sed -n 's/.*"db_leader": *"\([^"]*\)".*/\1/p')"` + " ;;\n")
	text.WriteString("\t*) echo \"pid: no process is called $1\" >&2; return 1 ;;\n\tesac\n}\n")
	return replace(path, []byte(text.String()))
}

// quoted makes one word of a text for a shell.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
