package afina_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina"
)

func TestEnds(t *testing.T) {
	boom := errors.New("boom")
	tests := []struct {
		name    string
		f       afina.Objective
		state   afina.State
		failure string
	}{
		{"value", func(*afina.Trial) (float64, error) { return 1, nil }, afina.Complete, ""},
		{"error", func(*afina.Trial) (float64, error) { return 1, boom }, afina.Failed, "told: boom"},
		{"not a number", func(*afina.Trial) (float64, error) { return math.NaN(), nil }, afina.Failed, "non_finite: value is NaN"},
		{"infinite", func(*afina.Trial) (float64, error) { return math.Inf(-1), nil }, afina.Failed, "non_finite: value is -Infinity"},
		{"panic", func(*afina.Trial) (float64, error) { panic("ouch") }, afina.Failed, "loop_test.go:"},
		{"runtime panic", func(t *afina.Trial) (float64, error) { return []float64{}[t.Params().Len()], nil }, afina.Failed, "crash: panic: runtime error: index out of range"},
		{"pruned", func(t *afina.Trial) (float64, error) { return 0, fmt.Errorf("epoch 3: %w", afina.ErrPruned) }, afina.Pruned, ""},
		{"infeasible", func(t *afina.Trial) (float64, error) { return 0, fmt.Errorf("too big: %w", afina.ErrInfeasible) }, afina.Infeasible, "told: too big: the configuration is infeasible"},
		{"absent parameter", func(t *afina.Trial) (float64, error) { return t.Params().Float("x"), nil }, afina.Failed, "has no parameter x"},
		{"wrong type", func(t *afina.Trial) (float64, error) { t.Bool("x"); return t.Params().Float("x"), nil }, afina.Failed, "not a number"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t, nil, afina.Trials(3))
			best, err := s.Optimize(t.Context(), tt.f)
			if d := cmp.Diff([]afina.State{tt.state, tt.state, tt.state}, states(s)); d != "" {
				t.Fatal(d)
			}
			if r := s.Trials()[2]; !strings.Contains(r.Failure, tt.failure) || (tt.failure == "") != (r.Failure == "") {
				t.Errorf("the failure is %q, want %q", r.Failure, tt.failure)
			}
			if tt.state == afina.Complete {
				if err != nil || best == nil || best.Value != 1 || best.Number != 0 {
					t.Errorf("got %v, %v", best, err)
				}
			} else if !errors.Is(err, afina.ErrNoResult) || best != nil || !strings.Contains(err.Error(), tt.failure) {
				t.Errorf("got %v, %v, want ErrNoResult with %q", best, err, tt.failure)
			}
		})
	}
}

func TestNoObjective(t *testing.T) {
	if _, err := afina.Optimize(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "the objective is nil") {
		t.Errorf("Optimize: %v", err)
	}
	if _, err := afina.OptimizeAll(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "the objective is nil") {
		t.Errorf("OptimizeAll: %v", err)
	}
}

func TestCircuitBreaker(t *testing.T) {
	s := open(t, nil, afina.Trials(100), afina.MaxFailures(4))
	best, err := s.Optimize(t.Context(), func(t *afina.Trial) (float64, error) {
		if t.Number() < 2 {
			return float64(t.Number()), nil
		}
		return 0, errors.New("the disk is full")
	})
	if err == nil || err.Error() != "the study was stopped: 4 trials in a row failed, the last with told: the disk is full" {
		t.Errorf("got %v", err)
	}
	if best == nil || best.Number != 0 || len(s.Trials()) != 6 {
		t.Errorf("got %v of %d trials", best, len(s.Trials()))
	}
	if _, err := s.Ask(t.Context()); !errors.Is(err, afina.ErrEnded) || !strings.Contains(err.Error(), "in a row") {
		t.Errorf("ask after the end: %v", err)
	}
}

func TestMaximize(t *testing.T) {
	best, err := afina.Optimize(t.Context(), func(t *afina.Trial) (float64, error) {
		return float64(t.Int("n", 0, 1000)), nil
	}, afina.Maximize(), afina.Trials(200))
	if err != nil || best.Value != float64(best.Params.Int("n")) || best.Value < 900 {
		t.Errorf("got %v, %v", best, err)
	}
}

func TestMedianPrunes(t *testing.T) {
	s := open(t, nil, afina.Trials(60), afina.Seed(5), afina.Search("random"), afina.Schedule("median", afina.Set("warmup", 3), afina.Set("min_trials", 4)))
	epochs := 0
	best, err := s.Optimize(t.Context(), func(t *afina.Trial) (float64, error) {
		x := t.Float("x", 0, 1)
		for epoch := 1; epoch <= 10; epoch++ {
			epochs++
			t.Report(float64(epoch), x+1/float64(epoch))
			if t.ShouldStop() {
				if epoch < 3 {
					return 0, errors.New("pruned during the warm-up")
				}
				return 0, afina.ErrPruned
			}
		}
		return x + 0.1, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	pruned, bestPruned := 0, math.Inf(1)
	for _, r := range s.Trials() {
		switch r.State {
		case afina.Pruned:
			pruned++
			bestPruned = min(bestPruned, r.Params.Float("x"))
			if n := len(r.Reports); n < 3 || n > 9 || r.Value != r.Params.Float("x")+1/float64(n) {
				t.Errorf("%v has %d reports", r, n)
			}
		case afina.Complete:
		default:
			t.Errorf("%v", r)
		}
	}
	if pruned < 20 || pruned > 50 || epochs > 500 {
		t.Errorf("%d of 60 trials were pruned after %d epochs in all", pruned, epochs)
	}
	if x := best.Params.Float("x"); x > bestPruned {
		t.Errorf("the best is %v, but %v was pruned", x, bestPruned)
	}
}

func TestTwoObjectives(t *testing.T) {
	f := func(t *afina.Trial) ([]float64, error) {
		x := t.Float("x", 0, 1)
		t.ReportMetrics(1, map[string]float64{"loss": x, "speed": x * x, "memory": 3})
		return []float64{x, x * x}, nil
	}
	options := []afina.Option{afina.Minimize("loss"), afina.Maximize("speed"), afina.Trials(30)}
	front, err := afina.OptimizeAll(t.Context(), f, options...)
	if err != nil || len(front) != 30 {
		t.Fatalf("a front of %d, %v; no trial beats another", len(front), err)
	}
	if r := front[3]; r.Metrics["memory"] != 3 || len(r.Values) != 2 || r.Value != r.Values[0] || r.Metrics["speed"] != r.Values[1] {
		t.Errorf("got %+v", r)
	}
	options[1] = afina.Minimize("speed")
	if front, err = afina.OptimizeAll(t.Context(), f, options...); err != nil || len(front) != 1 {
		t.Errorf("a front of %v, %v; one trial beats all", front, err)
	}
	s := open(t, nil, options...)
	if _, err := s.Optimize(t.Context(), func(*afina.Trial) (float64, error) { return 0, nil }); err == nil || !strings.Contains(err.Error(), "OptimizeAll") {
		t.Errorf("Optimize with two objectives: %v", err)
	}
	_, err = s.OptimizeAll(t.Context(), func(*afina.Trial) ([]float64, error) { return []float64{1}, nil })
	if err == nil || err.Error() != "trial 0 returned 1 values for 2 objectives" {
		t.Errorf("one value for two objectives: %v", err)
	}
	if _, err := afina.OptimizeAll(t.Context(), func(*afina.Trial) ([]float64, error) { return nil, errors.New("no") }, afina.Trials(2)); !errors.Is(err, afina.ErrNoResult) {
		t.Errorf("a front of nothing: %v", err)
	}
}

func TestParallel(t *testing.T) {
	var running, most, calls atomic.Int32
	var mu sync.Mutex
	told := map[int]bool{}
	gate := make(chan struct{})
	s := open(t, nil, afina.Trials(200), afina.Parallel(4), afina.OnTrial(func(r afina.Result) {
		if !mu.TryLock() {
			t.Error("two calls at once")
			return
		}
		defer mu.Unlock()
		told[r.Number] = true
	}))
	best, err := s.Optimize(t.Context(), func(t *afina.Trial) (float64, error) {
		if running.Add(1) == 4 && most.CompareAndSwap(0, 4) {
			close(gate)
		}
		<-gate // until four run at once
		defer running.Add(-1)
		calls.Add(1)
		t.Report(1, 2)
		x, err := network(t)
		if t.ShouldStop() {
			return 0, errors.New("told to stop")
		}
		return x, err
	})
	if err != nil || best == nil {
		t.Fatalf("got %v, %v", best, err)
	}
	if calls.Load() != 200 || len(told) != 200 || len(s.Trials()) != 200 || running.Load() != 0 {
		t.Errorf("%d calls, %d told, %d trials", calls.Load(), len(told), len(s.Trials()))
	}
}

// When the context ends, running trials are told, and kept for the next run.
func TestInterrupt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	options := []afina.Option{afina.Store(path), afina.Parallel(3), afina.Trials(30), afina.Seed(2), afina.Search("random")}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	best, err := afina.Optimize(ctx, func(t *afina.Trial) (float64, error) {
		x, err := network(t)
		if t.Number() >= 10 {
			cancel()
			<-t.Context().Done()
			if !t.ShouldStop() {
				return x, nil
			}
			return 0, t.Context().Err()
		}
		return x, err
	}, options...)
	if !errors.Is(err, context.Canceled) || best == nil || best.Number >= 10 {
		t.Fatalf("got %v, %v", best, err)
	}
	s := open(t, nil, options...)
	for _, r := range s.Trials() {
		if r.State != afina.Complete && r.State != afina.Queued || r.State == afina.Complete && r.Number >= 10 {
			t.Errorf("after the interruption: %v", r)
		}
	}
	if _, err := s.Optimize(t.Context(), network); err != nil {
		t.Fatal(err)
	}
	whole := open(t, nil, options[1:]...)
	if _, err := whole.Optimize(t.Context(), network); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(configs(whole.Trials()), configs(s.Trials())); d != "" {
		t.Errorf("interrupted and resumed, the trials differ:\n%s", d)
	}
}

// What an objective returns after the context has ended counts.
func TestLateResult(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	best, err := afina.Optimize(ctx, func(t *afina.Trial) (float64, error) {
		cancel()
		return 7, nil
	})
	if !errors.Is(err, context.Canceled) || best == nil || best.Value != 7 {
		t.Errorf("got %v, %v", best, err)
	}
	if best, err := afina.Optimize(ctx, network); !errors.Is(err, context.Canceled) || best != nil {
		t.Errorf("with a context that has ended: %v, %v", best, err)
	}
}

func TestGoexit(t *testing.T) {
	_, err := afina.Optimize(t.Context(), func(t *afina.Trial) (float64, error) {
		if t.Number() == 5 {
			runtime.Goexit()
		}
		return 0, nil
	}, afina.Parallel(2))
	if err == nil || !strings.Contains(err.Error(), "Goexit") {
		t.Errorf("got %v", err)
	}
}

// In a bubble every goroutine has to end, or the test fails.
func TestNoGoroutineLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, tt := range []struct {
			f    afina.Objective
			well bool
		}{
			{network, true},
			{func(*afina.Trial) (float64, error) { panic("ouch") }, false},
			{func(t *afina.Trial) (float64, error) { t.Int("n", 1, 5+t.Number()); return 0, nil }, false},
		} {
			if _, err := afina.Optimize(t.Context(), tt.f, afina.Parallel(4), afina.Trials(20)); (err == nil) != tt.well {
				t.Errorf("got %v", err)
			}
		}
		s, err := afina.Open(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Ask(t.Context()); err != nil {
			t.Error(err)
		}
		if err := errors.Join(s.Close(), s.Close()); err != nil {
			t.Error(err)
		}
	})
}

func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, nil, afina.Timeout(time.Minute), afina.Parallel(2))
		begin := time.Now()
		best, err := s.Optimize(t.Context(), func(t *afina.Trial) (float64, error) {
			for range 25 {
				time.Sleep(time.Second) // of the bubble's clock
				if t.ShouldStop() {
					return 0, afina.ErrPruned
				}
			}
			return 1, nil
		})
		if err != nil || best == nil {
			t.Fatalf("got %v, %v", best, err)
		}
		if d := time.Since(begin); d < time.Minute || d > 62*time.Second {
			t.Errorf("it took %s", d)
		}
		want := []afina.State{afina.Complete, afina.Complete, afina.Complete, afina.Complete, afina.Cancelled, afina.Cancelled}
		if d := cmp.Diff(want, states(s)); d != "" {
			t.Error(d)
		}
	})
}

func TestBounds(t *testing.T) {
	down := func(t *afina.Trial) (float64, error) { return -float64(min(t.Number(), 5)), nil }
	for _, tt := range []struct {
		name   string
		option afina.Option
		trials int
	}{
		{"target", afina.Target(-3), 4},
		{"no improvement", afina.NoImprovement(4), 10},
		{"trials", afina.Trials(3), 3},
		{"nothing", nil, 50},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := 0
			_, err := afina.Optimize(t.Context(), down, tt.option, afina.OnTrial(func(afina.Result) { n++ }))
			if err != nil || n != tt.trials {
				t.Errorf("ended after %d trials, %v; want %d", n, err, tt.trials)
			}
		})
	}
}

// An objective may use its trial from several goroutines.
func TestTrialConcurrent(t *testing.T) {
	s := open(t, nil, afina.Trials(20), afina.Parallel(2))
	_, err := s.Optimize(t.Context(), func(tr *afina.Trial) (float64, error) {
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				x := tr.Float(fmt.Sprint("x", i), 0, 1) + tr.Float("x", 0, 1)
				tr.Report(float64(i), x)
				if tr.ShouldStop() || tr.Params().Len() < 2 {
					t.Errorf("told to stop, or no parameters: %v", tr.Err())
				}
			})
		}
		wg.Wait()
		return tr.Float("x", 0, 1), tr.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range s.Trials() {
		if r.Params.Len() != 5 || len(r.Reports) != 4 {
			t.Errorf("%v has %d reports", r, len(r.Reports))
		}
	}
}
