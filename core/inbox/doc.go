// Package inbox decides about signals on their way in: what makes a signal
// itself, what the ledger's answer means for its sender, and how an attempt is
// named at the broker. It is pure, like core, and the service and the simulator
// call the same functions. Whether an instance may take a signal in at all is
// the node's to say: core.Node.MayTakeIn.
package inbox
