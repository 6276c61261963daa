package engine

import (
	"strings"
	"testing"
	"time"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/expr"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
)

func fixing(x float64) map[string]space.Value { return map[string]space.Value{"y": value.Float(x)} }

// planeSpace is a space of two floats.
func planeSpace(edit func(y *space.Param)) *space.Space {
	ps := []space.Param{{Name: "x", Kind: space.Float, Low: 0, High: 1e6}, {Name: "y", Kind: space.Float, Low: 0, High: 9}}
	edit(&ps[1])
	s, err := space.New(space.Spec{Params: ps})
	if err != nil {
		panic(err)
	}
	return s
}

// obeying proposes x by the number and the history, and y as it is fixed.
func obeying(o suggestOrder) ([]suggest.Proposal, error) {
	var ps []suggest.Proposal
	for i := range o.n {
		y := o.wish.fixed["y"]
		if y.IsAbsent() {
			y = value.Float(0.5)
		}
		c, err := o.history.Space.Config(map[string]space.Value{"x": value.Float(float64(100*o.history.EndedLen() + o.first + i)), "y": y})
		if err != nil {
			return nil, err
		}
		ps = append(ps, suggest.Proposal{Config: c})
	}
	return ps, nil
}

func newPlane(t *testing.T, edit func(*study.Definition)) *play {
	t.Helper()
	p := unopened(t, func(d *study.Definition) {
		d.Space = planeSpace(func(*space.Param) {})
		if edit != nil {
			edit(d)
		}
	})
	p.propose = obeying
	p.boot()
	return p
}

// y returns the second parameter of a trial.
func (p *play) y(n int) float64 { return p.s.log.Book.Trial(n).Config.At(1).AsFloat() }

func TestTrialsHaveWhatIsFixed(t *testing.T) {
	p := newPlane(t, func(d *study.Definition) { d.Fix = fixing(3) })
	for i, want := range []float64{3, 4, 3} { // the request's value comes before the study's
		r := study.LeaseRequest{Worker: "w", N: 1}
		if want != 3 {
			r.Fix = fixing(want)
		}
		p.lease(r)
		tr := p.s.log.Book.Trial(i)
		if p.y(i) != want || tr.Origin.Fixed != suggest.FixedKey(fixing(want)) {
			t.Errorf("trial %d has %v, fixed %s", i, p.y(i), tr.Origin.Fixed)
		}
	}
	p.restart()
	if p.lease(study.LeaseRequest{Worker: "w", N: 1}); p.y(3) != 3 {
		t.Errorf("after a restart trial 3 has %v", p.y(3))
	}
}

// The default and what is added by hand have what is fixed, unless they say
// otherwise themselves.
func TestByHandBesideWhatIsFixed(t *testing.T) {
	p := newPlane(t, func(d *study.Definition) {
		d.Space = planeSpace(func(y *space.Param) { y.Default = value.Float(1) })
		spec := d.Space.Spec()
		spec.Params[0].Default = value.Float(2)
		d.Space, _ = space.New(spec)
		d.Fix = fixing(3)
		d.Enqueue = []map[string]space.Value{{"x": value.Float(7)}, fixing(5)}
	})
	for n, want := range []float64{3, 3, 5} {
		if p.y(n) != want {
			t.Errorf("trial %d has %v, want %v", n, p.y(n), want)
		}
	}
}

// A suggestion that was made early is not for who wants other values.
func TestEarlySuggestionIsForWhatIsFixed(t *testing.T) {
	p := newPlane(t, nil)
	p.took = time.Second
	p.tell(p.ask().Ticket, 1)
	if p.s.early == nil || p.s.early.answer == nil {
		t.Fatal("nothing was prepared")
	}
	for i, y := range []float64{4, 4, 6} { // the second is prepared
		call := p.lease(study.LeaseRequest{Worker: "w", N: 1, Fix: fixing(y)})
		if p.y(1+i) != y {
			t.Errorf("trial %d has %v, want %v: %s", 1+i, p.y(1+i), y, p.granted(call))
		}
		p.tell(study.Ticket{Trial: 1 + i, Attempt: 1}, 1)
	}
}

// Requests with different values wait side by side, and each gets its own.
func TestRequestsOfSeveralValues(t *testing.T) {
	p := newPlane(t, nil)
	p.hold = true
	var calls []int
	for _, y := range []float64{4, 6, 4} {
		calls = append(calls, p.lease(study.LeaseRequest{Worker: "w", N: 1, Wait: true, Fix: fixing(y)}))
	}
	for len(p.pending) > 0 {
		p.deliver()
	}
	for i, call := range calls {
		g := p.replies[call].val.(study.Grant)
		if want := []float64{4, 6, 4}[i]; len(g.Trials) != 1 || p.y(g.Trials[0].Trial) != want {
			t.Errorf("call %d got %+v, want y = %v", i, g, want)
		}
	}
}

// A trial that has to run again goes to who asks for its values, or for none.
func TestRetriedTrialGoesToItsContext(t *testing.T) {
	p := newPlane(t, nil)
	p.lease(study.LeaseRequest{Worker: "w", N: 1, Fix: fixing(4)})
	p.wantCode(p.finish(study.Ticket{Trial: 0, Attempt: 1}, failure(study.ClassTemporary)), "")
	p.later(time.Hour)
	p.wantGrant(p.lease(study.LeaseRequest{Worker: "w", N: 1, Fix: fixing(6)}), "1/1 running")
	p.wantGrant(p.lease(study.LeaseRequest{Worker: "w", N: 1, Fix: fixing(4)}), "0/2 running")
}

// A trial that a scheduler lets go on waits for who can run it.
func TestResumedTrialWaitsForItsContext(t *testing.T) {
	p := newPlane(t, nil)
	p.sched = fakeSchedule{next: func(h *study.History) schedule.Order {
		if h.Len() > 0 && h.Trial(0).State == study.Paused {
			return schedule.Order{Action: schedule.Resume, Trial: 0, From: 1, CopyFrom: -1}
		}
		return schedule.Order{CopyFrom: -1}
	}, judge: func(*study.History, *study.Trial) study.Verdict { return study.VerdictPause }}
	p.lease(study.LeaseRequest{Worker: "w", N: 1, Fix: fixing(4)})
	if v, err := p.report(study.Ticket{Trial: 0, Attempt: 1}, 1, 0.5); err != nil || v != study.VerdictPause {
		t.Fatalf("%v, %v", v, err)
	}
	p.wantCode(p.finish(study.Ticket{Trial: 0, Attempt: 1}, study.Outcome{State: study.Paused}), "")
	p.wantGrant(p.lease(study.LeaseRequest{Worker: "w", N: 1, Fix: fixing(6)}), "waiting")
	p.wantGrant(p.lease(study.LeaseRequest{Worker: "w", N: 1, Fix: fixing(4)}), "0/2 running")
}

// The end of one part of the space is not the end of the study.
func TestUsedUpForSomeValues(t *testing.T) {
	p := newPlane(t, nil)
	p.propose = func(o suggestOrder) ([]suggest.Proposal, error) {
		if v := o.wish.fixed["y"]; v.AsFloat() == 4 {
			return nil, suggest.ErrExhausted
		}
		return obeying(o)
	}
	p.wantGrant(p.lease(study.LeaseRequest{Worker: "w", N: 1, Fix: fixing(4)}), "exhausted")
	p.wantGrant(p.lease(study.LeaseRequest{Worker: "w", N: 1, Fix: fixing(6)}), "0/1 running")
	p.wantGrant(p.lease(study.LeaseRequest{Worker: "w", N: 1}), "1/1 running")
}

// A context has to be said, or has a default.
func TestContextHasToBeSaid(t *testing.T) {
	contextual := func(y value.Value) func(*study.Definition) {
		return func(d *study.Definition) {
			d.Space = planeSpace(func(p *space.Param) { p.Context, p.Default = true, y })
		}
	}
	p := newPlane(t, contextual(value.Value{}))
	if got := p.granted(p.lease(study.LeaseRequest{Worker: "w", N: 1})); !strings.Contains(got, "the context y has no value") {
		t.Errorf("without a context: %s", got)
	}
	p.wantGrant(p.lease(study.LeaseRequest{Worker: "w", N: 1, Fix: fixing(4)}), "0/1 running")
	p = newPlane(t, contextual(value.Float(2)))
	if p.lease(study.LeaseRequest{Worker: "w", N: 1}); p.y(0) != 2 {
		t.Errorf("the context is %v, not its default", p.y(0))
	}
}

func TestFixedValuesThatCannotBe(t *testing.T) {
	for name, c := range map[string]struct {
		values     map[string]space.Value
		constraint string
		want       string
	}{
		"out of range":  {values: fixing(10), want: "10.0 is outside [0, 9]"},
		"a text":        {values: map[string]space.Value{"y": value.String("a")}, want: "not a number"},
		"no parameter":  {values: map[string]space.Value{"yy": value.Float(1)}, want: "yy: is no parameter"},
		"a constraint":  {values: fixing(8), constraint: "y < 5", want: "the fixed values leave nothing"},
		"two, one fits": {values: map[string]space.Value{"y": value.Float(1), "x": value.Float(-1)}, want: "x: -1.0 is outside"},
	} {
		edit := func(d *study.Definition) {
			if c.constraint != "" {
				e, err := expr.Compile(c.constraint)
				if err != nil {
					t.Fatal(err)
				}
				spec := d.Space.Spec()
				spec.Constraints = []*expr.Program{e}
				d.Space, _ = space.New(spec)
			}
		}
		p := newPlane(t, edit)
		call := p.lease(study.LeaseRequest{Worker: "w", N: 1, Fix: c.values})
		if err := p.replies[call].err; err == nil || study.CodeOf(err) != study.Invalid || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if p.s.log.Book.Len() > 0 {
			t.Errorf("%s: a trial was made", name)
		}
		// In the study itself they keep it from starting.
		q := unopened(t, func(d *study.Definition) { d.Space = planeSpace(func(*space.Param) {}); edit(d); d.Fix = c.values })
		if _, err := q.fresh().start(nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s, in the study: %v, want %q", name, err, c.want)
		}
	}
}
