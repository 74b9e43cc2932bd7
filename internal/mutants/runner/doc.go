// Command runner plays one scenario in the simulator and prints the report of
// the campaign as JSON. It is what mutants are built as: package mutants writes
// its order on the command line and reads its answer.
package main
