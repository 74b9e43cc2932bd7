// Package scenarios holds the format in which failures are written down, and
// the scenarios that ship with the project.
//
// A scenario is one YAML file: a cluster, a workload, what may be assumed,
// faults with their triggers, and what is expected of the run. The same file is
// played by the simulator and by real processes behind proxies; both read it
// through this package, so that a word means one thing.
//
// The package decides what a file may say and what each word is called. It
// does not decide what a fault does: that is the business of the two engines.
// Its contract:
//
//   - Parse refuses whatever it does not understand, and names the line, the
//     column and the words that were possible. Nothing is read and ignored.
//   - A field that is absent has its zero value in the parsed Scenario, so that
//     Format prints what was written; Scenario.WithDefaults fills them in.
//   - Format and Parse are inverse: Parse(Format(s)) equals s, places apart.
//   - The table of words (Vocabulary) is the only home of their meaning: the
//     parser's rules, `drill explain` and the JSON Schema are read from it.
package scenarios
