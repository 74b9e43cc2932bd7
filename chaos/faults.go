package chaos

import (
	"cmp"
	"encoding/json"
	"io"
	"slices"

	"fencepost/core/history"
	"fencepost/internal/shrink/recorded"
	"fencepost/scenarios"
)

// writeFaults writes the run's fault log: the records of what was broken and
// healed, and for each step what it came to, in the order of time. With the
// scenario beside it the log can be played by another engine.
func (r *run) writeFaults(to io.Writer, records []history.Record) error {
	var struck []recorded.Strike
	for i := range r.steps {
		st := &r.steps[i]
		if st.struck == 0 {
			continue
		}
		strike := recorded.Strike{
			At: st.struck, Kind: recorded.StepStruck, Step: i + 1, ID: r.program.scenario.Steps[i].ID,
			Verb: r.program.scenario.Steps[i].Verb.Word(), Since: st.struck - r.begunAt, Healed: st.healed,
		}
		for _, node := range st.hit {
			strike.Nodes = append(strike.Nodes, scenarios.NodeName(node))
		}
		struck = append(struck, strike)
	}
	slices.SortStableFunc(struck, func(a, b recorded.Strike) int { return cmp.Compare(a.At, b.At) })
	encoder := json.NewEncoder(to)
	written := 0
	until := func(at int64) error {
		for ; written < len(struck) && struck[written].At <= at; written++ {
			if err := encoder.Encode(struck[written]); err != nil {
				return err
			}
		}
		return nil
	}
	for i := range records {
		if isFault(&records[i]) {
			if err := until(records[i].At); err != nil {
				return err
			}
			if err := writeRecord(encoder, &records[i]); err != nil {
				return err
			}
		}
	}
	return until(1<<63 - 1)
}

// isFault tells records of what was done to the cluster.
func isFault(r *history.Record) bool {
	switch r.Kind {
	case history.FaultBegan, history.FaultEnded, history.NodeDown, history.NodeUp, history.NodePaused,
		history.NodeResumed:
		return true
	default:
		return false
	}
}

// writeRecords writes records as lines of JSON.
func writeRecords(to io.Writer, records []history.Record) error {
	encoder := json.NewEncoder(to)
	for i := range records {
		if err := writeRecord(encoder, &records[i]); err != nil {
			return err
		}
	}
	return nil
}

// writeRecord writes one of them.
func writeRecord(to *json.Encoder, r *history.Record) error {
	object := map[string]any{"at": r.At, "node": scenarios.NodeName(r.Node), "kind": r.Kind.String()}
	if r.Kind == history.Announced {
		object["event"] = r.Event.String()
	}
	for _, d := range details(r) {
		object[d.name] = d.text
	}
	return to.Encode(object)
}
