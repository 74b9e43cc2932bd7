// Command runner carries out one errand in the simulator: it plays a scenario,
// or searches. It is what mutants are built as, so it links the core, the
// simulator, the scenarios and what searches with them, and nothing else: no
// server, no network, no text of a mutant. Package errand says how it is spoken
// to.
package main
