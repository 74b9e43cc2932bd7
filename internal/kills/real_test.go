//go:build !race

// The race detector sees nothing of the programs that this test builds.

package kills

import (
	"context"
	"os"
	"strings"
	"testing"

	"fencepost/internal/mutants"
)

// forgetful tells its senders that a signal is stored and stores it only then, now
// and then a moment later: what a kill -9 in between makes of it is a lost signal.
var forgetful = mutants.Mutant{
	Name: "acknowledges-before-it-stores",
	Edits: []mutants.Edit{{
		Path: "internal/pgledger/admit.go",
		Old:  "\treturn l.admits.add(ctx, o, l.store)\n",
		New: "\tgo func() {\n\t\t<-time.After(500 * time.Millisecond)\n" +
			"\t\t_, _ = l.admits.add(context.WithoutCancel(ctx), o, l.store)\n\t}()\n" +
			"\treturn Admitted{Admission: inbox.Fresh, Signal: 1, State: core.Received}, nil\n",
	}},
}

// TestKilledInstancesLoseNothingAndALossIsSeen plays the same kills with the service
// as it is, and with one that loses what it acknowledged.
func TestKilledInstancesLoseNothingAndALossIsSeen(t *testing.T) {
	tree, err := mutants.FindTree()
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	program, err := tree.BuildService(ctx, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	p := Plan{Kills: 9, Batch: 6, Seed: 1, Nodes: 3, Rate: 50, Dir: t.TempDir()}
	report, err := p.Run(ctx, program, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	if !report.Held || report.Kills != p.Kills || report.Batches != 2 || report.Interrupted {
		t.Errorf("%+v", report)
	}
	if report.Leaders == 0 || len(report.AtPoints) == 0 || report.Resent == 0 || report.Epochs < 4 {
		t.Errorf("%d kills of leaders, %d at points, %d signals sent again, %d epochs: that was no attack",
			report.Leaders, len(report.AtPoints), report.Resent, report.Epochs)
	}
	checkResume(t, p, program)
	broken, err := tree.BuildService(ctx, []mutants.Mutant{forgetful}, "")
	if err != nil {
		t.Fatal(err)
	}
	p.Kills, p.Dir = 6, t.TempDir()
	report, err = p.Run(ctx, broken, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	if report.Held || !strings.Contains(strings.Join(report.Broken, "\n"),
		"was acknowledged and is not in the ledger") {
		t.Errorf("a service that loses signals is told as %+v", report)
	}
	if left, err := os.ReadDir(p.Dir); err != nil || len(left) != 2 {
		t.Errorf("a batch that broke leaves %v, %v; want its report and its logs", left, err)
	}
}

// checkResume: what is kept is not played again, and what was interrupted is not
// kept.
func checkResume(t *testing.T, p Plan, program string) {
	t.Helper()
	ended, end := context.WithCancel(t.Context())
	end()
	report, err := p.Run(ended, program, t.Output())
	if err != nil || !report.Held || report.Kept != p.Kills || report.Interrupted {
		t.Errorf("what was played before is told as %+v, %v", report, err)
	}
	if err := os.Remove(p.file(2)); err != nil {
		t.Fatal(err)
	}
	report, err = p.Run(ended, program, t.Output())
	if err != nil || report.Kept != 6 || report.Kills != 6 || !report.Interrupted {
		t.Errorf("a batch that was interrupted is told as %+v, %v", report, err)
	}
	if _, err := os.Stat(p.file(2)); err == nil {
		t.Error("a batch that was interrupted is kept")
	}
}
