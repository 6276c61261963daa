package engine

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/schedule/fixed"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/qmc"
	"github.com/afina-hpo/afina/suggest/random"
)

// Whatever workers, people and clocks do, in whatever order, the play's own
// checks hold (see play.take and play.check): events are accepted by a log
// that knows nothing else, the state is their fold, the same inputs have the
// same effects, a trial is in the hands of at most one worker, nobody gets two
// answers. Here are those that need a whole story: budgets are kept, what has
// ended never changes, and in the end everybody has an answer.
func TestAnyStory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		budget := rapid.IntRange(0, 12).Draw(t, "budget")
		p := newPlay(t, func(d *study.Definition) {
			d.Stop.Trials = budget
			d.Stop.NoImprovement = rapid.SampledFrom([]int{0, 0, 5}).Draw(t, "no improvement")
			d.Stop.Resource = rapid.SampledFrom([]float64{0, 0, 20}).Draw(t, "resource")
			d.Stop.Time = rapid.SampledFrom([]study.Duration{0, 0, study.Duration(5 * ttl)}).Draw(t, "time")
			d.Stop.Finish = rapid.Bool().Draw(t, "finish")
			d.Retry.Backoff = rapid.SampledFrom([]study.Duration{0, study.Duration(ttl)}).Draw(t, "backoff")
			d.Retry.MaxConsecutiveFailed = rapid.SampledFrom([]int{0, 3}).Draw(t, "breaker")
			d.Ahead = rapid.SampledFrom([]int{0, 0, 1, 3}).Draw(t, "ahead")
			d.Stop.Improvement = rapid.SampledFrom([]float64{0, 0, 1}).Draw(t, "improvement")
			if rapid.Bool().Draw(t, "default") {
				withDefault(d)
			}
			if rapid.IntRange(0, 2).Draw(t, "final") == 0 {
				d.Final = &study.Final{Top: 2, Runs: 2}
			}
		})
		p.outlook = rapid.SampledFrom([]*suggest.Outlook{nil, {Gain: 2}, {Gain: 0.5}}).Draw(t, "outlook")
		switch rapid.IntRange(0, 3).Draw(t, "schedule") {
		case 3: // every third trial is a copy of the one before
			p.sched.next = func(h *study.History) schedule.Order {
				if n := h.Len(); n%3 == 2 {
					return schedule.Order{Config: at(h.Space, float64(n)), CopyFrom: n - 1, From: 1, Until: 3}
				}
				return schedule.Order{CopyFrom: -1}
			}
		case 1:
			p.sched = rungs(8, 2)
		case 2:
			p.sched.judge = func(_ *study.History, t *study.Trial) study.Verdict {
				return []study.Verdict{study.VerdictContinue, study.VerdictPrune}[t.Number%2]
			}
		}
		space := rapid.SampledFrom([]int{1000, 6}).Draw(t, "configurations")
		p.propose = func(o suggestOrder) ([]suggest.Proposal, error) {
			if o.first+o.n > space {
				o.n = max(0, space-o.first)
				ps, _ := numbered(o)
				return ps, suggest.ErrExhausted
			}
			return numbered(o)
		}
		p.took = rapid.SampledFrom([]time.Duration{0, time.Second}).Draw(t, "thinking time")
		ended := map[int]string{}
		byHand := 0
		tickets := []study.Ticket{{}}
		ticket := rapid.Custom(func(t *rapid.T) study.Ticket {
			return tickets[len(tickets)-1-min(rapid.IntRange(0, 5).Draw(t, "back"), len(tickets)-1)]
		})
		worker := rapid.SampledFrom([]string{"a", "b", "c"})
		t.Repeat(map[string]func(*rapid.T){
			"lease": func(t *rapid.T) {
				p.lease(study.LeaseRequest{
					Worker: worker.Draw(t, "worker"), N: rapid.IntRange(1, 4).Draw(t, "n"),
					Wait: rapid.Bool().Draw(t, "wait"), Expires: rapid.Bool().Draw(t, "expires"),
					Request: rapid.SampledFrom([]string{"", "r1", "r2"}).Draw(t, "request"),
				})
			},
			"cancel": func(t *rapid.T) {
				p.do(cancelInput{of: rapid.IntRange(1, p.refs+1).Draw(t, "call")})
			},
			"think":   func(t *rapid.T) { p.hold = !p.hold },
			"deliver": func(t *rapid.T) { p.answerAll() },
			"report": func(t *rapid.T) {
				step := float64(rapid.IntRange(0, 3).Draw(t, "step"))
				_, _ = p.report(ticket.Draw(t, "ticket"), step, step)
			},
			"finish": func(t *rapid.T) {
				o := study.Outcome{
					State:  rapid.SampledFrom([]study.State{study.Complete, study.Complete, study.Complete, study.Pruned, study.Failed, study.Infeasible, study.Cancelled, study.Paused, study.Running, ""}).Draw(t, "state"),
					Values: loss1(rapid.SampledFrom([]float64{1, 2, 3, math.NaN(), math.Inf(1)}).Draw(t, "loss")),
				}
				if o.State == study.Failed {
					o.Failure = &study.Failure{Class: rapid.SampledFrom(study.Classes).Draw(t, "class")}
				}
				k := ticket.Draw(t, "ticket")
				if p.finish(k, o) == nil && k.Attempt > 0 {
					// Sent twice it is no error, unless the next attempt has
					// been started at once.
					if err := p.finish(k, o); study.CodeOf(err) != study.Fenced {
						p.wantCode(err, "")
					}
				}
			},
			"beat": func(t *rapid.T) { p.beat(worker.Draw(t, "worker"), tickets...) },
			"join": func(t *rapid.T) { p.join(worker.Draw(t, "worker")) },
			"time": func(t *rapid.T) { p.later(time.Duration(rapid.IntRange(1, 40).Draw(t, "s")) * time.Second) },
			"add": func(t *rapid.T) {
				if _, err := p.add(float64(rapid.IntRange(0, 200).Draw(t, "x"))); err == nil {
					byHand++
				}
			},
			"stop":    func(t *rapid.T) { p.stop(rapid.Bool().Draw(t, "kill")) },
			"restart": func(t *rapid.T) { p.restart() },
			"": func(t *rapid.T) {
				h := p.s.log.Book.History()
				tickets = tickets[:1]
				made := 0
				for tr := range h.All() {
					for n := range tr.Attempts {
						tickets = append(tickets, study.Ticket{Trial: tr.Number, Attempt: n + 1})
					}
					if was, ok := ended[tr.Number]; ok && was != showTrial(tr) {
						t.Fatalf("a trial that had ended is changed: %s", cmp.Diff(was, showTrial(tr)))
					}
					if tr.State.Ended() {
						ended[tr.Number] = showTrial(tr)
					}
					if tr.Origin.Method == "numbered" && tr.State != study.Cancelled {
						made++
					}
				}
				if budget > 0 && made > budget {
					t.Fatalf("%d trials were made, the budget is %d", made, budget)
				}
				if p.s.log.Status != study.StatusRunning && len(p.open) > 0 {
					t.Fatalf("the study is %s, and calls %v wait", p.s.log.Status, p.open)
				}
			},
		})
		p.answerAll()
		p.stop(true)
		for _, l := range p.s.view().Leases {
			p.wantCode(p.finish(l.Ticket, study.Outcome{State: study.Cancelled}), "")
		}
		if len(p.open) > 0 || p.s.log.Status == study.StatusRunning {
			t.Fatalf("in the end the study is %s, and calls %v wait", p.s.log.Status, p.open)
		}
	})
}

// answerAll lets the suggester answer until it is not asked any more.
func (p *play) answerAll() {
	hold := p.hold
	p.hold = false
	if len(p.pending) > 0 {
		p.deliver()
	}
	p.hold = hold
}

// A study that is killed at any point and goes on makes the same trials, with
// the same results, as one that was never interrupted, however many run at
// once, with suggesters that draw each trial from a stream of its own.
func TestRestartAtAnyPoint(t *testing.T) {
	for name, search := range map[string]*suggest.Method{"numbered": nil, "random": methodOf(random.Method()), "qmc": methodOf(qmc.Method())} {
		for _, parallel := range []int{1, 4} {
			t.Run(fmt.Sprintf("%s, %d at once", name, parallel), func(t *testing.T) {
				steps, want := simulate(t, search, parallel, -1)
				for cut := range steps {
					if _, got := simulate(t, search, parallel, cut); !cmp.Equal(got, want) {
						t.Fatalf("killed after input %d:\n%s", cut, cmp.Diff(want, got))
					}
				}
			})
		}
	}
}

func methodOf(m suggest.Method) *suggest.Method { return &m }

// simulate runs a study of 10 trials with a process that is killed after the
// cut-th input, and returns the number of inputs and the result of each trial.
func simulate(t *testing.T, search *suggest.Method, parallel, cut int) (inputs int, results []string) {
	p := newPlay(t, func(d *study.Definition) {
		withDefault(d)
		d.Stop.Trials = 10
		d.Final = &study.Final{Top: 2, Runs: 2}
	})
	var err error
	if p.s.sched, err = fixed.Method().New(schedule.Problem{Objectives: p.def.Objectives, Parallel: parallel}, nil); err != nil {
		t.Fatal(err)
	}
	renew := func() {
		if search == nil {
			return
		}
		s, err := search.New(suggest.Problem{Objectives: 1, Parallel: parallel}, nil)
		if err != nil {
			t.Fatal(err)
		}
		p.propose = func(o suggestOrder) ([]suggest.Proposal, error) {
			return s.Suggest(t.Context(), suggest.Request{History: o.history, N: o.n, First: o.first, Seed: o.seed})
		}
	}
	renew()
	var held []study.Assignment
	step := func() bool { // reports whether the process was killed
		if inputs++; inputs-1 != cut {
			return false
		}
		p.restart()
		renew()
		held = nil
		p.join("w")
		return true
	}
	for p.s.log.Status == study.StatusRunning {
		if n := parallel - len(held); n > 0 {
			r, ok := p.replies[p.lease(study.LeaseRequest{Worker: "w", N: n, Expires: true})]
			if !ok {
				t.Fatal("the request is not answered")
			}
			held = append(held, r.val.(study.Grant).Trials...)
			if step() {
				continue
			}
		}
		if len(held) > 0 {
			a := held[0]
			held = held[1:]
			p.tell(a.Ticket, a.Config.At(0).AsFloat()*3)
			step()
		}
	}
	for tr := range p.s.log.Book.History().All() {
		results = append(results, fmt.Sprintf("%d %s %v %s", tr.Number, tr.Config, tr.Values, tr.State))
	}
	return inputs, results
}
