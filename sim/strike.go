package sim

// Strike is what became of one step of the file in a run. Instants are
// nanoseconds of the run.
type Strike struct {
	// Step is the step's place in the file, from 0.
	Step int
	// At is when it took effect, Healed when that was over; zero if it never was.
	At, Healed int64
	// Nodes are those that it struck; none where it is about a store.
	Nodes []int16
}

// Strikes appends what the file's steps came to in the last run, in the order
// of the file; a step that struck nobody is left out. The nodes are the
// caller's own.
func (w *World) Strikes(into []Strike) []Strike {
	for i := range w.program.verbs {
		if st := &w.steps[i]; st.done {
			nodes := make([]int16, 0, len(st.hit))
			for _, node := range st.hit {
				if node >= 0 {
					nodes = append(nodes, node)
				}
			}
			into = append(into, Strike{Step: i, At: st.struck, Healed: st.healed, Nodes: nodes})
		}
	}
	return into
}

// Elected returns when the last run's first leader was elected, in nanoseconds
// of the run: from there on `at` counts. It is zero if nobody ever was.
func (w *World) Elected() int64 { return w.elected }
