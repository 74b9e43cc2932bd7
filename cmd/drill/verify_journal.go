package main

import (
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/journal"
	"fencepost/internal/identity"
	"fencepost/internal/recorder"
	"fencepost/scenarios"
)

// verified is what `drill verify-journal --json` prints of one file.
type verified struct {
	File     string `json:"file"`
	Verdict  string `json:"verdict"`
	Instance string `json:"instance"`
	Group    string `json:"group"`
	Nonce    string `json:"nonce"`
	// Build and Core are the recording program's; ThisCore is this one's.
	Build    string `json:"build"`
	Core     int    `json:"core"`
	ThisCore int    `json:"this_core"`
	// Inputs counts what was compared, from First over Seconds of the node's clock.
	Inputs  int     `json:"inputs"`
	First   string  `json:"first"`
	Seconds float64 `json:"seconds"`
	// Closed says that the recording was ended in order, TornBytes how much of an
	// unfinished step stands at the end.
	Closed    bool `json:"closed"`
	TornBytes int  `json:"torn_bytes"`
	// EndedIn is the input in whose step the process ended, Assertion what this
	// build's core stumbles over there.
	EndedIn    string      `json:"ended_in,omitempty"`
	Assertion  string      `json:"assertion,omitempty"`
	Difference *difference `json:"difference"`
	// Damage says where the file is not as it was written, Refused why it was not
	// read at all.
	Damage  string `json:"damage,omitempty"`
	Refused string `json:"refused,omitempty"`
}

// difference is the first step with other effects.
type difference struct {
	Step  int    `json:"step"`
	At    int64  `json:"at"`
	Input string `json:"input"`
	// Recorded and Wanted count the effects; the journal holds a sum of them.
	Recorded    int    `json:"recorded"`
	RecordedSum string `json:"recorded_sum"`
	Wanted      int    `json:"wanted"`
	WantedSum   string `json:"wanted_sum"`
	// Effects are those that this build wants.
	Effects   []string `json:"effects"`
	Assertion string   `json:"assertion,omitempty"`
}

func newVerifyJournal() *cobra.Command {
	asJSON := false
	c := &cobra.Command{
		Use:   "verify-journal [--json] FILE…",
		Short: "Feed the journals of a service to the core again, and demand the same effects",
		Long: "Reads what a service has recorded (its setting `journal`) and tells every input to\n" +
			"the core of this program. It must want the same each time, byte for byte. A file that\n" +
			"was torn when its process was killed is compared as far as it goes. The exit code is 0,\n" +
			"or 1 for other effects and for a damaged file, 2 if the effects differ and another\n" +
			"version of the core recorded them, 64 for a file that this program cannot read.",
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, files []string) error {
			worst, refused := scenarios.Pass, ""
			for _, file := range files {
				result, v := verifyJournal(file)
				if v.WorseThan(worst) {
					worst = v
				}
				var err error
				switch {
				case asJSON:
					err = json.NewEncoder(c.OutOrStdout()).Encode(result)
				case result.Refused == "":
					err = result.print(c.OutOrStdout())
				}
				if err != nil {
					return broke(err)
				}
				if result.Refused != "" {
					refused += "drill: " + result.Refused + "\n"
				}
			}
			if refused != "" && worst == scenarios.Pass {
				return &exit{scenarios.ExitRefused, refused}
			}
			if refused != "" {
				return &exit{worst.ExitCode(), refused}
			}
			return verdict(worst)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object for each file")
	return c
}

// verifyJournal compares one file.
func verifyJournal(file string) (*verified, scenarios.RunVerdict) {
	v := &verified{File: file, ThisCore: journal.CoreVersion}
	j, err := recorder.Open(file)
	if err != nil {
		v.Verdict, v.Refused = "refused", fmt.Sprintf("%s: %v", file, err)
		return v, scenarios.Pass
	}
	h, r := j.Header(), recorder.Verify(j)
	v.Instance, v.Group, v.Nonce = h.Instance, h.Group, identity.NonceText(h.Nonce)
	v.Build, v.Core = h.Build, h.Core
	v.Inputs, v.Seconds = r.Steps, r.Last.Boot.Sub(r.First.Boot).Seconds()
	if r.Steps > 0 {
		v.First = time.Unix(0, int64(r.First.Wall)).UTC().Format(time.RFC3339Nano)
	}
	v.Closed, v.TornBytes, v.Assertion = r.End.Closed, r.End.Torn, r.Assertion
	if r.EndedIn.Number > 0 {
		v.EndedIn = inputText(&r.EndedIn.Input)
	}
	judged := scenarios.Pass
	if r.Difference != nil {
		v.Difference, judged = differenceOf(r.Difference), scenarios.Fail
		if h.Core != journal.CoreVersion {
			judged = scenarios.Unknown
		}
	}
	if r.Damage != nil {
		v.Damage, judged = r.Damage.Error(), scenarios.Fail
	}
	v.Verdict = judged.String()
	return v, judged
}

func differenceOf(d *recorder.Difference) *difference {
	said := &difference{
		Step: d.Step.Number, At: int64(d.Step.Now.Boot), Input: inputText(&d.Step.Input),
		Recorded: d.Step.Effects, RecordedSum: fmt.Sprintf("%016x", d.Step.Sum),
		Wanted: len(d.Wanted), WantedSum: fmt.Sprintf("%016x", d.Sum), Effects: []string{},
		Assertion: d.Assertion,
	}
	for i := range d.Wanted {
		said.Effects = append(said.Effects, effectText(&d.Wanted[i]))
	}
	return said
}

// inputText is an input on one line: its sentence, and what is not zero.
func inputText(in *core.Input) string {
	rest := *in
	rest.Kind = 0
	return in.Kind.String() + fields(reflect.ValueOf(rest))
}

// effectText is an effect on one line: what it is, and what is not zero.
func effectText(e *core.Effect) string {
	rest := *e
	rest.Op, rest.Event = core.NoOp, event.None
	if e.Op == core.NoOp {
		return "announce " + e.Event.String() + fields(reflect.ValueOf(rest))
	}
	return e.Op.String() + fields(reflect.ValueOf(rest))
}

// fields lists what is not zero in a flat value.
func fields(value reflect.Value) string {
	var b strings.Builder
	for i := range value.NumField() {
		if field := value.Field(i); !field.IsZero() {
			fmt.Fprintf(&b, " %s=%v", strings.ToLower(value.Type().Field(i).Name), field.Interface())
		}
	}
	return b.String()
}

// print writes one file's result for people.
func (v *verified) print(out io.Writer) error {
	var b strings.Builder
	who := "no first line"
	if v.Core != 0 {
		who = fmt.Sprintf("%s of group %s, nonce %s, build %s", v.Instance, v.Group, v.Nonce, v.Build)
	}
	fmt.Fprintf(&b, "%s %s: %s: %d inputs over %.3f s", v.Verdict, v.File, who, v.Inputs, v.Seconds)
	if v.First != "" {
		b.WriteString(" from " + v.First)
	}
	b.WriteString("\n")
	switch {
	case v.EndedIn != "":
		fmt.Fprintf(&b, "  the process ended in the step after them: %s\n", v.EndedIn)
	case !v.Closed && v.Difference == nil && v.Damage == "":
		fmt.Fprintf(&b, "  torn: the process was killed, or still runs; %d bytes of an unfinished step\n",
			v.TornBytes)
	}
	if v.Assertion != "" {
		fmt.Fprintf(&b, "  there this build stumbles: %s\n", v.Assertion)
	}
	if v.Damage != "" {
		fmt.Fprintf(&b, "  %s\n", v.Damage)
	}
	if d := v.Difference; d != nil {
		d.print(&b, v)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// print writes where the effects differ, and what this build wants there.
func (d *difference) print(b *strings.Builder, v *verified) {
	fmt.Fprintf(b, "  step %d, at %d: %s\n", d.Step, d.At, d.Input)
	fmt.Fprintf(b, "  recorded: %d effects, sum %s; this build: %d effects, sum %s\n",
		d.Recorded, d.RecordedSum, d.Wanted, d.WantedSum)
	for _, effect := range d.Effects {
		b.WriteString("    " + effect + "\n")
	}
	if d.Assertion != "" {
		fmt.Fprintf(b, "  this build stumbles: %s\n", d.Assertion)
	}
	if v.Core != v.ThisCore {
		fmt.Fprintf(b, "  recorded by core version %d, this is %d: the difference need not be a fault\n",
			v.Core, v.ThisCore)
	}
}
