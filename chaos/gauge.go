package chaos

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"fencepost/core"
	"fencepost/core/history"
	"fencepost/internal/testbed/scrape"
	"fencepost/scenarios"
)

// sampleEvery is how often gauges are read that the history does not tell.
const sampleEvery = 100 * time.Millisecond

// metricOf names the service's metric behind each gauge of a node.
var metricOf = map[scenarios.Gauge]string{
	scenarios.InFlight:   "fencepost_signals_in_flight",
	scenarios.PoolInUse:  "fencepost_db_connections_in_use",
	scenarios.Goroutines: "go_goroutines",
	scenarios.OpenFiles:  "process_open_fds",
}

// wanted are the gauges that the file asks for and that have to be read.
func (p *Program) wanted() []scenarios.Gauge {
	var judge scenarios.Judge
	judge.Reset(p.file, p.ttl)
	var list []scenarios.Gauge
	for _, g := range scenarios.Gauges() {
		if !g.Derived() && judge.Wants(g) {
			list = append(list, g)
		}
	}
	return list
}

// sampleAgain reads the gauges that somebody asks for, until the run is over.
func (r *run) sampleAgain(ctx context.Context, wanted []scenarios.Gauge) {
	if len(wanted) == 0 || r.done {
		return
	}
	now := r.clock.now()
	for _, g := range wanted {
		if g == scenarios.RedisOperations {
			count := float64(r.redisOperations())
			r.book.tell(now, func(j *scenarios.Judge, at int64) { j.Sample(g, history.None, count, at) })
		}
	}
	if ofNodes := metricsOf(wanted); len(ofNodes) > 0 {
		for _, n := range r.nodes {
			if n.up && n.pauses == 0 {
				r.aside.Go(func() { r.sample(ctx, n, ofNodes) })
			}
		}
	}
	r.after(sampleEvery, func() { r.sampleAgain(ctx, wanted) })
}

// redisOperations counts the calls that Redis has answered.
func (r *run) redisOperations() int64 {
	sum := int64(0)
	for _, wires := range r.links {
		stats := wires[core.Redis].Stats()
		for _, op := range core.Ops() {
			if op.Store() == core.Redis {
				sum += stats.Back.Ops[op]
			}
		}
	}
	return sum
}

// metricsOf returns those of the gauges that a node has, with its metrics. Where
// there is none, no node is asked: fifty that are asked ten times a second have
// no time for anything else.
func metricsOf(wanted []scenarios.Gauge) map[scenarios.Gauge]string {
	list := map[scenarios.Gauge]string{}
	for _, g := range wanted {
		if name, ok := metricOf[g]; ok {
			list[g] = name
		}
	}
	return list
}

// sample reads a node's gauges. One that does not answer shows nothing: it may
// have been struck since.
func (r *run) sample(ctx context.Context, n *instance, wanted map[scenarios.Gauge]string) {
	values, err := n.scrape(ctx, slices.Sorted(maps.Values(wanted)))
	if err != nil {
		return
	}
	now := r.clock.now()
	for _, g := range scenarios.Gauges() {
		value, ok := values[wanted[g]]
		if !ok {
			continue
		}
		r.book.tell(now, func(j *scenarios.Judge, at int64) { j.Sample(g, n.index, value, at) })
	}
}

// scrape reads a node's metrics of these names, and no others, which a node would
// render ten times a second; those with several series are added up.
func (n *instance) scrape(ctx context.Context, names []string) (map[string]float64, error) {
	ctx, cancel := context.WithTimeout(ctx, askBound)
	defer cancel()
	address := "http://" + n.admin + "/metrics?" + url.Values{"name[]": names}.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("scrape %s: %w", n.name, err)
	}
	response, err := n.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("scrape %s: %w", n.name, err)
	}
	defer response.Body.Close()
	return scrape.Read(response.Body)
}
