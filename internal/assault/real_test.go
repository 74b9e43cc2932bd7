package assault

import (
	"context"
	"os"
	"strings"
	"testing"

	"fencepost/internal/cluster"
	"fencepost/internal/testbed/rundir"
)

func TestMain(m *testing.M) {
	rundir.PreferMemory()
	os.Exit(m.Run())
}

// besieged starts a cluster to attack.
func besieged(t *testing.T) *cluster.Cluster {
	t.Helper()
	ctx := t.Context()
	c, err := cluster.Start(ctx, cluster.Options{Nodes: 2, Settings: Settings})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
	})
	if _, err := c.AwaitReady(ctx); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestAThousandMalformedWebhooksDoNoHarm attacks a real cluster with all families.
func TestAThousandMalformedWebhooksDoNoHarm(t *testing.T) {
	c := besieged(t)
	p := Plan{Requests: 1000, Seed: 1, Shot: -1, Workers: 16, Rate: 10}
	r := siegeOf(t, c, p)
	if !r.Held && r.Genuine.Acknowledged < r.Genuine.Sent {
		p.Seed++ // the machine was not calm
		r = siegeOf(t, c, p)
	}
	if !r.Held || r.Inputs < p.Requests || r.Interrupted {
		t.Errorf("held: %t, %d inputs", r.Held, r.Inputs)
	}
	if r.Genuine.Sent == 0 || r.Ledger == nil || r.Ledger.Texts == 0 || len(r.Processes) != 2 {
		t.Errorf("nobody looked: %+v", r)
	}
}

// siegeOf plays one assault and logs what came of it.
func siegeOf(t *testing.T, c *cluster.Cluster, p Plan) *Report {
	t.Helper()
	r, err := Run(t.Context(), OfCluster(c), p, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	r.Render(&text)
	t.Log("\n" + text.String())
	return r
}
