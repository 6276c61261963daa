package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/schedule/fixed"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/store"
	"github.com/afina-hpo/afina/store/memory"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/random"
)

// The tests of the loop run in bubbles of testing/synctest: time is virtual,
// "nothing more happens" can be waited for, and a goroutine that is left
// behind fails the test.

// newStore returns a store that holds a study of one parameter.
func newStore(t *testing.T, edit func(*study.Definition)) (*fakeStore, *study.Definition) {
	t.Helper()
	def := floats(t, 1)
	def.Retry = study.Retry{Max: 1, On: []string{"lost"}}
	if edit != nil {
		edit(def)
	}
	s := &fakeStore{Store: memory.New()}
	if err := s.Create(t.Context(), def); err != nil {
		t.Fatal(err)
	}
	return s, def
}

func options(s store.Store, def *study.Definition) Options {
	return Options{Store: s, Study: def.ID, Holder: "test", Search: random.Method(), Schedule: fixed.Method()}
}

// load returns what a store holds of a study.
func load(t *testing.T, s store.Store) *study.Log {
	t.Helper()
	log, err := s.Load(context.Background(), "01")
	if err != nil {
		t.Fatal(err)
	}
	return log
}

func TestManyCallers(t *testing.T) {
	const callers, trials = 64, 1000
	s, def := newStore(t, func(d *study.Definition) { d.Stop.Trials, d.Parallel = trials, callers })
	var observed []*study.Event
	o := options(s, def)
	o.Observe = func(es []*study.Event) { observed = append(observed, es...) }
	e, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- e.Run(ctx) }()
	var mu sync.Mutex
	seen := map[study.Ticket]bool{}
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			worker := fmt.Sprint("w", i)
			for {
				g, err := e.Lease(t.Context(), study.LeaseRequest{Worker: worker, N: 1 + i%3, Wait: true, Expires: true})
				if err != nil {
					t.Error(err)
					return
				}
				if len(g.Trials) == 0 {
					if g.State != study.GrantStopped {
						t.Errorf("told %s", g.State)
					}
					return
				}
				for _, a := range g.Trials {
					mu.Lock()
					if seen[a.Ticket] {
						t.Errorf("%v is handed out twice", a.Ticket)
					}
					seen[a.Ticket] = true
					mu.Unlock()
					if v, err := e.Report(t.Context(), a.Ticket, []study.Report{{Step: 1, Values: loss1(1)}}); v != study.VerdictContinue || err != nil {
						t.Errorf("report: %s, %v", v, err)
					}
					if err := e.Finish(t.Context(), a.Ticket, complete(float64(a.Trial))); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	<-e.Finished()
	cancel()
	if err := <-ran; err != nil {
		t.Fatal(err)
	}
	log := load(t, s)
	if len(seen) != trials || log.Book.EndedLen() != trials || log.Status != study.StatusFinished {
		t.Errorf("%d trials were handed out, %d have ended, the study is %s", len(seen), log.Book.EndedLen(), log.Status)
	}
	if int64(len(observed)) != log.Seq || !slices.IsSortedFunc(observed, func(a, b *study.Event) int { return int(a.Seq - b.Seq) }) {
		t.Errorf("%d of %d events were observed, or not in order", len(observed), log.Seq)
	}
	if _, err := e.View(t.Context()); study.CodeOf(err) != study.Unavailable {
		t.Errorf("after the end: %v", err)
	}
}

// While one commit is under way everything else gathers for the next.
func TestGroupCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const callers = 64
		s, def := newStore(t, nil)
		e := running(t, options(s, def))
		g, err := e.Lease(t.Context(), study.LeaseRequest{Worker: "w", N: callers})
		if err != nil {
			t.Fatal(err)
		}
		before, _ := s.counts()
		s.gate = make(chan struct{})
		var done sync.WaitGroup
		for _, a := range g.Trials {
			done.Go(func() {
				if err := e.Finish(t.Context(), a.Ticket, complete(1)); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		close(s.gate)
		done.Wait()
		after, events := s.counts()
		// One commit takes what has arrived when it begins, which may be all,
		// and one what has gathered behind it.
		if n := after - before; n < 1 || n > 2 || events != 1+3*callers {
			t.Errorf("%d results took %d commits; %d events in all", callers, after-before, events)
		}
	})
}

// No answer overtakes what was decided before it, not even one that stores
// nothing itself.
func TestNothingIsAnsweredBeforeItIsDurable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, def := newStore(t, func(d *study.Definition) { d.Stop.Trials = 1 })
		s.gate = make(chan struct{})
		e := running(t, options(s, def))
		synctest.Wait() // the status is being stored
		var answers []string
		var done sync.WaitGroup
		done.Go(func() {
			if err := roundTrip(t.Context(), e, "w"); err != nil {
				t.Error(err)
			}
			answers = append(answers, "told")
		})
		synctest.Wait()
		s.gate <- struct{}{}
		synctest.Wait() // the trial
		s.gate <- struct{}{}
		synctest.Wait() // the result
		looked := make(chan View, 1)
		done.Go(func() {
			v, err := e.View(t.Context())
			if err != nil {
				t.Error(err)
			}
			looked <- v
		})
		synctest.Wait()
		select {
		case <-looked:
			t.Error("a view shows what is not durable")
		case <-e.Finished():
			t.Error("the study has finished before that is durable")
		default:
		}
		if len(answers) > 0 {
			t.Error("a result is acknowledged before it is durable")
		}
		close(s.gate)
		done.Wait()
		if v := <-looked; v.Status != study.StatusFinished || v.History.EndedLen() != 1 {
			t.Errorf("the view shows %s", v.Status)
		}
		<-e.Finished()
	})
}

// A store that fails ends the engine: everybody who waits hears of it, and
// nobody is told that anything was kept.
func TestStoreFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, def := newStore(t, func(d *study.Definition) { d.Stop.Trials = 2 })
		e, err := Open(t.Context(), options(s, def))
		if err != nil {
			t.Fatal(err)
		}
		ran := make(chan error, 1)
		go func() { ran <- e.Run(t.Context()) }()
		g, err := e.Lease(t.Context(), study.LeaseRequest{Worker: "w", N: 2})
		if err != nil {
			t.Fatal(err)
		}
		full := errors.New("disk full")
		s.fail(full)
		errs := make(chan error, 8)
		for range 4 { // who waits for a trial
			go func() {
				_, err := e.Lease(t.Context(), study.LeaseRequest{Worker: "v", N: 1, Wait: true})
				errs <- err
			}()
		}
		synctest.Wait()
		for i := range 4 {
			go func() {
				if i%2 == 0 {
					errs <- e.Finish(t.Context(), g.Trials[0].Ticket, complete(1))
				} else {
					_, err := e.Report(t.Context(), g.Trials[1].Ticket, []study.Report{{Step: 1}})
					errs <- err
				}
			}()
		}
		for range 8 {
			if err := <-errs; !errors.Is(err, full) || study.CodeOf(err) != study.Unavailable {
				t.Errorf("a caller was told %v", err)
			}
		}
		if err := <-ran; !errors.Is(err, full) {
			t.Errorf("run: %v", err)
		}
		if err := e.Join(t.Context(), "w"); !errors.Is(err, full) {
			t.Errorf("later: %v", err)
		}
	})
}

// A process that takes the study over shuts the other out.
func TestSecondOwnerFencesTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, def := newStore(t, nil)
		first, err := Open(t.Context(), options(s, def))
		if err != nil {
			t.Fatal(err)
		}
		ran := make(chan error, 1)
		go func() { ran <- first.Run(t.Context()) }()
		if err := roundTrip(t.Context(), first, "w"); err != nil {
			t.Fatal(err)
		}
		second := running(t, options(s, def))
		if err := roundTrip(t.Context(), second, "w"); err != nil {
			t.Fatal(err)
		}
		if err := roundTrip(t.Context(), first, "w"); study.CodeOf(err) != study.Fenced {
			t.Errorf("the first owner's caller is told %v", err)
		}
		if err := <-ran; study.CodeOf(err) != study.Fenced {
			t.Errorf("the first owner ends with %v", err)
		}
		if n := load(t, s).Book.Len(); n != 2 {
			t.Errorf("there are %d trials", n)
		}
	})
}

// searchOf is a search method made of a function.
func searchOf(f suggestFunc) suggest.Method {
	return suggest.Method{Name: "fake", Version: "1", New: func(suggest.Problem, setting.Values) (suggest.Suggester, error) { return f, nil }}
}

// A caller that gives up leaves no trial behind that nobody runs.
func TestCancelledLeaseLeaksNoTrial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, def := newStore(t, nil)
		o := options(s, def)
		think := make(chan struct{})
		o.Search = searchOf(func(r suggest.Request) ([]suggest.Proposal, error) {
			<-think
			var ps []suggest.Proposal
			for range r.N {
				ps = append(ps, suggest.Proposal{Config: r.History.Space.Random(r.Rand(0))})
			}
			return ps, nil
		})
		e := running(t, o)
		ctx, cancel := context.WithCancel(t.Context())
		got := make(chan study.Grant, 1)
		lease := func(ctx context.Context) {
			g, err := e.Lease(ctx, study.LeaseRequest{Worker: "w", N: 1, Wait: true})
			if err != nil {
				t.Error(err)
			}
			got <- g
		}
		go lease(ctx)
		synctest.Wait()
		cancel()
		if g := <-got; len(g.Trials) != 0 || g.State != study.GrantWaiting {
			t.Errorf("who gave up got %+v", g)
		}
		think <- struct{}{}
		synctest.Wait()
		if v, err := e.View(t.Context()); err != nil || v.History.Len() != 0 {
			t.Errorf("%d trials, %v", v.History.Len(), err)
		}

		// And one whose trial was just being stored gets it.
		s.gate = make(chan struct{})
		ctx, cancel = context.WithCancel(t.Context())
		go lease(ctx)
		synctest.Wait()
		think <- struct{}{}
		synctest.Wait()
		cancel()
		synctest.Wait()
		close(s.gate)
		if g := <-got; len(g.Trials) != 1 {
			t.Errorf("who gave up too late got %+v", g)
		}

		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if err := e.Join(gone, "w"); !errors.Is(err, context.Canceled) {
			t.Errorf("join: %v", err)
		}
	})
}

// The loop wakes up by itself for leases and time limits.
func TestTheLoopKeepsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, def := newStore(t, func(d *study.Definition) { d.Stop.Time = study.Duration(time.Hour) })
		o := options(s, def)
		o.Lease = 10 * time.Second
		e := running(t, o)
		lease := func(worker string) study.Grant {
			t.Helper()
			g, err := e.Lease(t.Context(), study.LeaseRequest{Worker: worker, N: 1, Wait: true, Expires: true})
			if err != nil || len(g.Trials) != 1 {
				t.Fatalf("leased %+v, %v", g, err)
			}
			return g
		}
		first := lease("a").Trials[0]
		time.Sleep(o.Lease + time.Second) // virtual
		if log := load(t, s); log.Book.Trial(0).State != study.Queued {
			t.Fatalf("the trial of a silent worker is %s", log.Book.Trial(0).State)
		}
		second := lease("b").Trials[0]
		if second.Ticket != (study.Ticket{Trial: 0, Attempt: 2}) {
			t.Fatalf("then %v is leased", second.Ticket)
		}
		if orders, err := e.Beat(t.Context(), "a", []study.Ticket{first.Ticket}); err != nil || orders[first.Ticket] != study.VerdictStop {
			t.Errorf("the worker that was away is told %v, %v", orders, err)
		}
		for range 60 {
			time.Sleep(time.Minute / 2)
			if _, err := e.Beat(t.Context(), "b", nil); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Hour)
		if log := load(t, s); log.Status != study.StatusFinished || log.Spent != time.Hour {
			t.Errorf("after two hours the study is %s, and %v are spent", log.Status, log.Spent)
		}
		<-e.Finished()
		n, err := e.Add(t.Context(), map[string]space.Value{"x0": value.Float(0.5)})
		if err != nil {
			t.Fatal(err)
		}
		select {
		case <-e.Finished():
			t.Error("a study that goes on has finished")
		default:
		}
		g, err := e.Lease(t.Context(), study.LeaseRequest{Worker: "c", N: 1, Wait: true})
		if err != nil || len(g.Trials) != 1 || g.Trials[0].Trial != n {
			t.Fatalf("leased %+v, %v", g, err)
		}
	})
}

// Run stores what was decided before it returns, and who waits for a trial is
// told that the study was closed.
func TestRunEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, def := newStore(t, func(d *study.Definition) { d.Stop.Trials = 1 })
		e, err := Open(t.Context(), options(s, def))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ran := make(chan error, 1)
		go func() { ran <- e.Run(ctx) }()
		g, err := e.Lease(t.Context(), study.LeaseRequest{Worker: "w", N: 1})
		if err != nil {
			t.Fatal(err)
		}
		waits := make(chan error, 1)
		go func() {
			_, err := e.Lease(t.Context(), study.LeaseRequest{Worker: "v", N: 1, Wait: true})
			waits <- err
		}()
		synctest.Wait()
		s.gate = make(chan struct{})
		told := make(chan error, 1)
		go func() {
			_, err := e.Report(t.Context(), g.Trials[0].Ticket, []study.Report{{Step: 1, Values: loss1(1)}})
			told <- err
		}()
		synctest.Wait()
		cancel()
		synctest.Wait()
		close(s.gate)
		if err := <-ran; err != nil {
			t.Errorf("run: %v", err)
		}
		if err := <-told; err != nil {
			t.Errorf("what was decided is not acknowledged: %v", err)
		}
		if err := <-waits; study.CodeOf(err) != study.Unavailable {
			t.Errorf("who waits is told %v", err)
		}
		if n := len(load(t, s).Book.Trial(0).Reports); n != 1 {
			t.Errorf("%d reports are stored", n)
		}
	})
}

func TestOpen(t *testing.T) {
	s, def := newStore(t, nil)
	o := options(s, def)
	o.Study = "02"
	if _, err := Open(t.Context(), o); study.CodeOf(err) != study.NotFound {
		t.Errorf("a study that is not there: %v", err)
	}
	no := errors.New("no")
	o = options(s, def)
	o.Search.New = func(suggest.Problem, setting.Values) (suggest.Suggester, error) { return nil, no }
	if _, err := Open(t.Context(), o); !errors.Is(err, no) {
		t.Errorf("a search that cannot be: %v", err)
	}
	o = options(s, def)
	o.Schedule.New = func(schedule.Problem, setting.Values) (schedule.Scheduler, error) { return nil, no }
	if _, err := Open(t.Context(), o); !errors.Is(err, no) {
		t.Errorf("a schedule that cannot be: %v", err)
	}
}

// A definition is stored again only where it has changed, and what never
// changes stays.
func TestRedefine(t *testing.T) {
	known := []study.Earlier{{Name: "old", Metrics: []string{"loss"}, Params: []string{"x0"}}}
	s, def := newStore(t, func(def *study.Definition) { def.WarmStart, def.Earlier = []string{"old"}, known })
	kinds := func() []study.Kind {
		var ks []study.Kind
		for e, err := range s.Events(t.Context(), def.ID, 0) {
			if err != nil {
				t.Fatal(err)
			}
			if e.Def != nil && e.Def.Earlier != nil {
				t.Error("what is known of earlier studies is written again")
			}
			ks = append(ks, e.Kind)
		}
		return ks
	}
	for _, trials := range []int{0, 7, 7} {
		synctest.Test(t, func(t *testing.T) {
			o := options(s, def)
			again := *def
			again.ID, again.Name, again.Objectives, again.Stop.Trials = "99", "other", nil, trials
			again.Earlier = nil
			o.Redefine = &again
			e := running(t, o)
			v, err := e.View(t.Context())
			if err != nil || v.Definition.Stop.Trials != trials || v.Definition.Name != def.Name || len(e.Objectives()) != 1 || !cmp.Equal(v.Definition.Earlier, known) {
				t.Errorf("%+v, %v", v.Definition, err)
			}
		})
	}
	want := []study.Kind{study.EventStatus, study.EventRedefined, study.EventStatus, study.EventStatus}
	if diff := cmp.Diff(want, kinds()); diff != "" {
		t.Error(diff)
	}
}

func TestLeaseOfNothing(t *testing.T) {
	if _, err := opened(t, floats(t, 1)).Lease(t.Context(), study.LeaseRequest{}); study.CodeOf(err) != study.Invalid {
		t.Error(err)
	}
}

// believer is a suggester with an opinion.
type believer struct{ suggestFunc }

func (believer) Estimate(_ *study.History, c space.Config) (mean, se []float64, ok bool) {
	return []float64{c.At(0).AsFloat()}, []float64{1}, true
}

func TestEstimate(t *testing.T) {
	s, def := newStore(t, nil)
	c, err := def.Space.Config(map[string]space.Value{"x0": value.Float(0.5)})
	if err != nil {
		t.Fatal(err)
	}
	h := load(t, s).Book.History()
	if _, _, ok := running(t, options(s, def)).Estimate(h, c); ok {
		t.Error("random search believes something")
	}
	s, def = newStore(t, nil)
	o := options(s, def)
	o.Search.New = func(suggest.Problem, setting.Values) (suggest.Suggester, error) { return believer{}, nil }
	e, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if mean, se, ok := e.Estimate(h, c); !ok || mean[0] != 0.5 || se[0] != 1 {
		t.Errorf("%v, %v, %v", mean, se, ok)
	}
}

// A define-by-run program reveals parameters while it runs, and tells at the
// end which configuration it was.
func TestDefineByRun(t *testing.T) {
	s, def := newStore(t, func(d *study.Definition) {
		var err error
		if d.Space, err = space.New(space.Spec{Open: true, Params: d.Space.Params()}); err != nil {
			t.Fatal(err)
		}
	})
	e := running(t, options(s, def))
	g, err := e.Lease(t.Context(), study.LeaseRequest{Worker: "w", N: 1})
	if err != nil {
		t.Fatal(err)
	}
	bigger, err := e.Extend(t.Context(), space.Param{Name: "y", Kind: space.Float, High: 1})
	if err != nil || bigger.Lookup("y") != 1 {
		t.Fatal(bigger, err)
	}
	ran, err := bigger.Config(map[string]space.Value{"x0": g.Trials[0].Config.At(0), "y": value.Float(0.25)})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.FinishAs(t.Context(), g.Trials[0].Ticket, complete(1), ran); err != nil {
		t.Fatal(err)
	}
	if err := e.Stop(t.Context(), "enough", false); err != nil {
		t.Fatal(err)
	}
	log := load(t, s)
	if got := log.Book.Trial(0).Config; !got.Equal(ran) || log.Status != study.StatusStopped || log.Reason != "enough" {
		t.Errorf("it ran %s; the study is %s: %s", got, log.Status, log.Reason)
	}
	if _, err := e.Add(t.Context(), nil); study.CodeOf(err) != study.Conflict {
		t.Errorf("add to a stopped study: %v", err)
	}
}
