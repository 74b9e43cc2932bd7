// Package replay turns the journal of one process into what a checker is told
// of a node: the records that the simulator tells at the same steps, and each
// call and each answer with its instant.
//
// A process tells the outside less than a simulated node does: its log says what
// it announced, and nothing says until when it believed. The journal holds every
// input, and the same core makes the same node of them, whose belief can be
// looked at after every step.
//
// What the stores know is not told here: that a permit was refused as
// superseded, or a tenure opened, is the ledger's to tell. Nor is the end of the
// process; whoever ended it knows when.
package replay
