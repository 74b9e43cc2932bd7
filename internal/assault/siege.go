package assault

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"fencepost/internal/crew"
	"fencepost/internal/load"
)

// The bounds of a plan.
const (
	LeastRequests = 100
	mostRequests  = 10_000_000
)

// Plan says how to attack.
type Plan struct {
	Requests int
	Seed     uint64
	// Family and Shot play one family, or one input of it, instead of all; -1 is
	// no shot.
	Family string
	Shot   int
	// Workers is how many connections attack at once, and Rate how many signals a
	// second the genuine source sends.
	Workers int
	Rate    float64
}

// Check says what is wrong with the plan.
func (p Plan) Check() error {
	known := func(f Family) bool { return f.Name == p.Family }
	switch {
	case p.Requests < LeastRequests || p.Requests > mostRequests:
		return fmt.Errorf("--requests %d: give %d to %d", p.Requests, LeastRequests, mostRequests)
	case p.Workers < 1 || p.Workers > 1000:
		return fmt.Errorf("--workers %d: give 1 to 1000", p.Workers)
	case p.Rate < 1 || p.Rate > 1000:
		return fmt.Errorf("--rate %g: give 1 to 1000 signals a second", p.Rate)
	case p.Family != "" && !slices.ContainsFunc(Families(), known):
		var names []string
		for _, f := range Families() {
			names = append(names, f.Name)
		}
		return fmt.Errorf("--family %s: one of %s", p.Family, strings.Join(names, ", "))
	case p.Shot >= 0 && p.Family == "":
		return fmt.Errorf("--shot %d: say of which --family", p.Shot)
	default:
		return nil
	}
}

// siege is an assault under way.
type siege struct {
	plan  Plan
	place Place
	site  Site
	log   *logbook
	// texts are the signals that look like SQL and were taken, by key.
	texts  map[string]string
	report *Report
}

// Run attacks the place. An end of ctx is no error: what was seen by then is
// judged. say is told of each family.
func Run(ctx context.Context, place Place, p Plan, say func(string)) (*Report, error) {
	s := &siege{
		plan: p, place: place, texts: map[string]string{},
		site:   Site{Token: place.Token, Secret: place.Secret, Now: time.Now().Unix()},
		report: &Report{Seed: p.Seed, Broken: []string{}, Genuine: load.Result{Answers: map[string]int{}}},
	}
	if err := s.prepare(ctx); err != nil {
		return nil, fmt.Errorf("prepare the assault: %w", err)
	}
	watch, err := watchProcesses(ctx, &s.place)
	if err != nil {
		return nil, fmt.Errorf("prepare the assault: %w", err)
	}
	before, err := s.stored(ctx)
	if err != nil {
		return nil, err
	}
	sending, stop := context.WithCancel(ctx)
	var genuine sync.WaitGroup
	genuine.Go(func() {
		prefix := fmt.Sprintf("genuine-%d", p.Seed)
		s.report.Genuine = load.Open(sending, place.Genuine, prefix, p.Rate, 24*time.Hour)
	})
	began := time.Now()
	err = s.attack(ctx, say)
	s.report.Seconds = time.Since(began).Seconds()
	stop()
	genuine.Wait()
	s.report.Interrupted = ctx.Err() != nil
	err = errors.Join(err, s.judge(context.WithoutCancel(ctx), watch, before))
	return s.report, err
}

// prepare stores the signal that is replayed, asks whether all nodes are ready, and
// finds the ends of the logs.
func (s *siege) prepare(ctx context.Context) error {
	for i := range s.place.Nodes {
		if err := s.place.Nodes[i].ready(ctx); err != nil {
			return err
		}
	}
	site := s.at(0, false)
	d := newDraw(&site, s.plan.Seed, "stored", 0)
	key := fmt.Sprintf("stored-%d", s.plan.Seed)
	list := set(set(set(d.signal(), "signal_id", quote(key)), "position", quote(key)), "type", `"EXIT"`)
	s.site.Stored = d.object(list)
	shot := d.post(s.site.Stored, Owed{Codes: []int{http.StatusAccepted, http.StatusOK}})
	o := strike(ctx, s.place.Nodes[0].Addr, &shot)
	if text := o.wrong(&shot); text != "" {
		return errors.New("a signal that nothing is wrong with is " + text)
	}
	var err error
	s.log, err = newLogbook(&s.place)
	return err
}

// at is the site as one node shows it.
func (s *siege) at(node int, signed bool) Site {
	site := s.site
	site.Host = s.place.Nodes[node].Addr
	if signed {
		site.Token, site.Secret = s.place.SignedToken, s.place.SignedSecret
	}
	return site
}

// attack plays the families one after the other, each on many connections: what the
// log says can then be told apart.
func (s *siege) attack(ctx context.Context, say func(string)) error {
	families := Families()
	counts := spread(families, s.plan.Requests, s.place.SignedSecret != "")
	if s.plan.Family != "" {
		for i := range families {
			if families[i].Name != s.plan.Family {
				counts[i] = 0
			} else if counts[i] > 0 {
				counts[i] = s.plan.Requests
			}
		}
	}
	for i := range families {
		if counts[i] == 0 || ctx.Err() != nil {
			continue
		}
		say(fmt.Sprintf("%-16s %5d  %s", families[i].Name, counts[i], families[i].Says))
		row, err := s.play(ctx, &families[i], counts[i])
		if row.Inputs > 0 {
			s.report.Families = append(s.report.Families, row)
			s.report.Inputs += row.Inputs
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// mostExamples is how many wrong answers of a family are kept.
const mostExamples = 5

// play fires so many shots of one family.
func (s *siege) play(ctx context.Context, f *Family, shots int) (Row, error) {
	row := Row{
		Family: f.Name, Says: f.Says, Answers: map[string]int{}, Logged: -1, Examples: []Example{},
		Broken: []string{},
	}
	workers := s.plan.Workers
	if f.Slow {
		workers *= 4 // they do little but wait
	}
	var mu sync.Mutex
	once, unsure := 0, 0
	crew.Share(workers)(shots, func(_, number int) {
		if ctx.Err() != nil || s.plan.Shot >= 0 && number != s.plan.Shot {
			return
		}
		node := number % len(s.place.Nodes)
		site := s.at(node, f.Signed)
		shot := f.Draw(newDraw(&site, s.plan.Seed, f.Name, number))
		o := strike(ctx, site.Host, &shot)
		if ctx.Err() != nil {
			return // the connection was cut from this side
		}
		mu.Lock()
		defer mu.Unlock()
		row.count(number, &shot, &o)
		once += o.refused()
		if o.Open || o.Class == closed || o.Class == reset || o.Class == hang {
			unsure++ // an answer may have been on its way
		}
		if shot.Key != "" && slices.Contains(o.Codes, http.StatusAccepted) {
			s.texts[shot.Key] = shot.Instrument
		}
	})
	if s.log == nil {
		return row, nil
	}
	return row, s.compare(ctx, f, &row, once, once+unsure)
}

// count takes one answer down.
func (r *Row) count(number int, s *Shot, o *Outcome) {
	r.Inputs++
	r.Answers[o.Class]++
	r.Slowest = max(r.Slowest, load.Took(o.Took))
	r.Refused += o.refused()
	text := o.wrong(s)
	if text == "" {
		return
	}
	r.Wrong++
	if len(r.Examples) < mostExamples {
		sent := slices.Concat(s.Pieces...)
		r.Examples = append(r.Examples, Example{Shot: number, Says: text, Sent: fmt.Sprintf("%.600q", sent)})
	}
}

// logBound is how long a log may take to show what was answered.
const logBound = 3 * time.Second

// compare holds the log against the answers: each refusal stands there once. Whoever
// left, was slow, stopped listening or was cut off may have been refused once more, at
// most.
func (s *siege) compare(ctx context.Context, f *Family, row *Row, once, most int) error {
	row.Logged = 0
	deadline := time.Now().Add(logBound)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		n, err := s.log.turn()
		if err != nil {
			return err
		}
		if row.Logged += n; row.Logged >= once && n == 0 || ctx.Err() != nil || time.Now().After(deadline) {
			break
		}
		<-tick.C
	}
	if row.Answers[left] > 0 || f.Slow {
		most = row.Inputs // nobody waited for the answers
	}
	if ctx.Err() == nil && (row.Logged < once || row.Logged > most) {
		row.Broken = append(row.Broken, fmt.Sprintf(
			"%d lines of the log tell of refused requests; %d to %d were refused", row.Logged, once, most))
	}
	return nil
}
