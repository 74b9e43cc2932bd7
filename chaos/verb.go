package chaos

import (
	"context"
	"fmt"

	"fencepost/scenarios"
)

// strike carries a step out. It reports false if nobody holds the role. The
// error is the harness's: what was to be broken did not break.
func (r *run) strike(ctx context.Context, index int) (bool, error) {
	switch v := r.program.scenario.Steps[index].Verb.(type) {
	case scenarios.Kill:
		return r.strikeDown(ctx, index, v.Node, v.As, v.Restart, true)
	case scenarios.Stop:
		return r.strikeDown(ctx, index, v.Node, v.As, v.Restart, false)
	case scenarios.Pause:
		return r.strikePause(ctx, index, v)
	case scenarios.Roll:
		return true, r.strikeRoll(ctx, index, v)
	case scenarios.Clock:
		return r.strikeClock(ctx, index, v)
	case scenarios.Net:
		return r.strikeNet(ctx, index, v)
	case scenarios.Redis:
		return r.strikeRedis(ctx, index, v)
	case scenarios.Postgres:
		return r.strikePostgres(ctx, index, v)
	case scenarios.Broker:
		return true, r.strikeBroker(ctx, index, v)
	case scenarios.Webhook:
		return r.strikeWebhook(ctx, index, v)
	case scenarios.Control:
		return r.told(func() error { return r.strikeControl(ctx, index, v) })
	case scenarios.Operator:
		return r.told(func() error { return r.strikeOperator(ctx, index, v) })
	default:
		return false, fmt.Errorf("%s: real processes know no such verb", v.Word())
	}
}

// told carries out what a person tells the ledger, unless the ledger cannot be
// told anything: then the person tries again a little later.
func (r *run) told(act func() error) (bool, error) {
	if !r.postgresAnswers() {
		return false, nil
	}
	return true, act()
}
