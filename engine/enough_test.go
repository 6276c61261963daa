package engine

import (
	"context"
	"strings"
	"testing"

	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
)

func TestEnough(t *testing.T) {
	for _, c := range []struct {
		name    string
		stop    study.Stop
		outlook suggest.Outlook
		want    string // "" goes on
	}{
		{"gain worth it", study.Stop{Improvement: 0.1}, suggest.Outlook{Gain: 0.1}, ""},
		{"gain too small", study.Stop{Improvement: 0.1}, suggest.Outlook{Gain: 0.0123},
			"one more trial is expected to gain 0.0123, less than 0.1, and 6 trials brought no improvement"},
		{"regret above the noise", study.Stop{Regret: &study.Limit{Auto: true}}, suggest.Outlook{Regret: 0.2, Noise: 0.2}, ""},
		{"regret below the noise", study.Stop{Regret: &study.Limit{Auto: true}}, suggest.Outlook{Gain: 1, Regret: 0.1, Noise: 0.2},
			"nothing is likely to be better than the best by more than 0.1, less than the noise of 0.2, and 6 trials brought no improvement"},
		{"neither regret nor noise", study.Stop{Regret: &study.Limit{Auto: true}}, suggest.Outlook{},
			"nothing is likely to be better than the best, and 6 trials brought no improvement"},
		{"regret above a number", study.Stop{Regret: &study.Limit{Value: 0.1}}, suggest.Outlook{Regret: 0.1, Noise: 9}, ""},
		{"regret below a number", study.Stop{Regret: &study.Limit{Value: 0.1}}, suggest.Outlook{Regret: 0.05},
			"nothing is likely to be better than the best by more than 0.05, less than 0.1, and 6 trials brought no improvement"},
		{"no rule", study.Stop{}, suggest.Outlook{}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlay(t, func(d *study.Definition) { d.Stop = c.stop; d.Stop.Trials = 20 })
			p.outlook = &c.outlook
			n := 0
			for ; p.s.log.Status == study.StatusRunning; n++ {
				call := p.lease(study.LeaseRequest{Worker: "w"})
				if g := p.replies[call].val.(study.Grant); len(g.Trials) == 1 {
					p.tell(g.Trials[0].Ticket, float64(n))
				}
			}
			if c.want == "" {
				if n != 20 {
					t.Fatalf("it ended after %d trials: %s", n, p.s.log.Reason)
				}
				return
			}
			// The first trial is the best; six after it are patience for a
			// space of one parameter.
			if p.s.log.Book.Len() != 7 || p.s.log.Reason != c.want || p.s.log.Status != study.StatusFinished {
				t.Fatalf("it ended after %d trials: %s %s, want: %s", p.s.log.Book.Len(), p.s.log.Status, p.s.log.Reason, c.want)
			}
			// Started once more it makes no trial and ends again.
			p.restart()
			p.lease(study.LeaseRequest{Worker: "w", Wait: true})
			if p.s.log.Book.Len() != 7 || p.s.log.Reason != c.want || p.s.log.Status != study.StatusFinished {
				t.Fatalf("once more: %d trials, %s %s", p.s.log.Book.Len(), p.s.log.Status, p.s.log.Reason)
			}
			// What is added runs, and does not open the study.
			if _, err := p.add(5); err != nil {
				t.Fatal(err)
			}
			a := p.ask()
			call := p.lease(study.LeaseRequest{Worker: "v", Wait: true})
			p.tell(a.Ticket, 100)
			p.wantGrant(call, "stopped")
			if p.s.log.Book.Len() != 8 || p.s.log.Status != study.StatusFinished {
				t.Fatalf("after an addition: %d trials, %s", p.s.log.Book.Len(), p.s.log.Status)
			}
		})
	}
}

// Trials that run when more are found not to be worth it may finish.
func TestEnoughLeavesRunningTrials(t *testing.T) {
	p := newPlay(t, func(d *study.Definition) { d.Stop.Improvement = 1 })
	p.outlook = &suggest.Outlook{}
	first := p.ask()
	for n := range 7 {
		p.tell(p.ask().Ticket, float64(n))
	}
	call := p.lease(study.LeaseRequest{Worker: "v"})
	p.wantGrant(call, "stopped")
	if v := p.beat("w", first.Ticket)[first.Ticket]; v != "" {
		t.Errorf("the running trial is told %q", v)
	}
	p.tell(first.Ticket, -1)
	if got := p.s.log.Status; got != study.StatusFinished || p.s.best != first.Trial {
		t.Errorf("the study is %s, the best trial %d", got, p.s.best)
	}
}

func TestEnoughIsAskedForInTime(t *testing.T) {
	p := newPlay(t, func(d *study.Definition) { d.Stop.Improvement, d.Stop.Trials = 1, 12 })
	var asked []bool
	p.propose = func(o suggestOrder) ([]suggest.Proposal, error) {
		asked = append(asked, o.forecast)
		return numbered(o)
	}
	for n := range 12 {
		x := float64(n)
		if n == 7 {
			x = -1
		}
		p.tell(p.ask().Ticket, x) // no outlook: it goes on
	}
	for n, is := range asked {
		if want := n == 7; is != want { // the seventh trial after the best comes too late
			t.Errorf("for trial %d a forecast is wanted: %v", n, is)
		}
	}
}

// forecaster is a suggester with an outlook.
type forecaster struct {
	suggestFunc
	outlook suggest.Outlook
	asked   []suggest.Request
}

func (f *forecaster) Forecast(_ context.Context, r suggest.Request) (suggest.Outlook, bool) {
	f.asked = append(f.asked, r)
	return f.outlook, true
}

func TestThinkForecasts(t *testing.T) {
	s := lineSpace()
	h := study.NewBook(s, nil, nil).History()
	f := &forecaster{outlook: suggest.Outlook{Gain: 3}, suggestFunc: func(r suggest.Request) ([]suggest.Proposal, error) {
		return []suggest.Proposal{{Config: at(s, 1)}}, nil
	}}
	e := &Engine{holder: suggest.Holding(f)}
	order := suggestOrder{history: h, n: 1, first: 4, seed: 9}
	if in := e.think(t.Context(), order); in.outlook != nil || len(f.asked) != 0 {
		t.Errorf("nobody wants an outlook, and it is %+v", in.outlook)
	}
	order.forecast = true
	in := e.think(t.Context(), order)
	if in.outlook == nil || in.outlook.Gain != 3 || len(f.asked) != 1 || f.asked[0].First != 4 || f.asked[0].Seed != 9 || f.asked[0].History != h {
		t.Errorf("the outlook is %+v, asked for with %+v", in.outlook, f.asked)
	}
}

func TestRulesThatNeedAForecast(t *testing.T) {
	two := []study.Objective{{Metric: "a", Goal: study.Minimize}, {Metric: "b", Goal: study.Minimize}}
	for _, c := range []struct {
		name       string
		stop       study.Stop
		objectives []study.Objective
		who        suggest.Suggester
		want       string // "": it opens
	}{
		{"none", study.Stop{}, nil, suggestFunc(nil), ""},
		{"can", study.Stop{Improvement: 1}, nil, &forecaster{}, ""},
		{"improvement", study.Stop{Improvement: 1}, nil, suggestFunc(nil), "the stop rule improvement needs to know what more trials would gain, and the search algorithm random cannot say"},
		{"regret", study.Stop{Regret: &study.Limit{Auto: true}}, nil, suggestFunc(nil), "the stop rule regret needs"},
		{"several objectives", study.Stop{Improvement: 1}, two, &forecaster{}, "the stop rule improvement is for one objective, and there are 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, def := newStore(t, func(d *study.Definition) {
				d.Stop = c.stop
				d.Search.Name = "random"
				if c.objectives != nil {
					d.Objectives = c.objectives
				}
			})
			o := options(s, def)
			o.Search.New = func(suggest.Problem, setting.Values) (suggest.Suggester, error) { return c.who, nil }
			_, err := Open(t.Context(), o)
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (study.CodeOf(err) != study.Invalid || !strings.Contains(err.Error(), c.want)):
				t.Errorf("the error is %v", err)
			}
		})
	}
}
