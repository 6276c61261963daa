package afina_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/afina-hpo/afina"
)

// An objective that keeps its model in the checkpoint folder is paused, resumed
// and copied, whether it stops by itself at the step up to which it is to run
// or looks whether it should, with a store and without.
func TestCheckpointDir(t *testing.T) {
	const last = 6
	for _, byItself := range []bool{true, false} {
		for _, stored := range []bool{true, false} {
			t.Run(fmt.Sprintf("by itself %v, stored %v", byItself, stored), func(t *testing.T) {
				options := []afina.Option{
					afina.Schedule("pbt", afina.Set("population", 5), afina.Set("interval", 2.0), afina.Set("quantile", 0.4)),
					afina.Search("random"), afina.Seed(4), afina.Fidelity(1, last), afina.Parallel(3), afina.Trials(50),
				}
				if stored {
					options = append(options, afina.Store(filepath.Join(t.TempDir(), "study.db")))
				}
				var mu sync.Mutex
				stories := map[int][]string{}
				resumed, copied, dirs := 0, 0, map[string]bool{}
				s, err := afina.Open(t.Context(), nil, options...)
				if err != nil {
					t.Fatal(err)
				}
				best, err := s.Optimize(t.Context(), func(tr *afina.Trial) (float64, error) {
					x := tr.Float("x", 0, 1)
					path := filepath.Join(tr.CheckpointDir(), "model")
					text, err := os.ReadFile(path)
					if err != nil && !errors.Is(err, os.ErrNotExist) {
						return 0, err
					}
					model := strings.Fields(string(text))
					if float64(len(model)) != tr.Resume() {
						t.Errorf("trial %d goes on from %v with %v", tr.Number(), tr.Resume(), model)
					}
					mu.Lock()
					if before, again := stories[tr.Number()]; again {
						resumed++
						if !slices.Equal(before, model) {
							t.Errorf("trial %d was left as %v and found as %v", tr.Number(), before, model)
						}
					} else if len(model) > 0 {
						copied++
					}
					dirs[tr.CheckpointDir()] = true
					mu.Unlock()
					defer func() {
						mu.Lock()
						defer mu.Unlock()
						stories[tr.Number()] = model
					}()
					until := last
					if byItself {
						until = int(tr.Until())
					}
					for len(model) < until {
						model = append(model, fmt.Sprint(x))
						if err := os.WriteFile(path, []byte(strings.Join(model, "\n")), 0o600); err != nil {
							return 0, err
						}
						tr.Report(float64(len(model)), x)
						if !byItself && tr.ShouldStop() {
							return 0, afina.ErrPruned
						}
					}
					return x, nil
				})
				if err != nil || best == nil {
					t.Fatal(best, err)
				}
				complete := 0
				for _, r := range s.Trials() {
					if r.State == afina.Complete {
						complete++
						if n := len(stories[r.Number]); n != last {
							t.Errorf("trial %d is complete after %d steps", r.Number, n)
						}
					}
				}
				if complete != 5 || copied != 4 || resumed == 0 {
					t.Errorf("%d trials are complete, %d copies, %d resumptions", complete, copied, resumed)
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				for dir := range dirs {
					if _, err := os.Stat(dir); (err == nil) != stored {
						t.Errorf("after the end %s is there: %v", dir, err)
					}
				}
			})
		}
	}
}

func TestResource(t *testing.T) {
	steps := 0
	_, err := afina.Optimize(t.Context(), func(tr *afina.Trial) (float64, error) {
		x := tr.Float("x", 0, 1)
		for step := 1; step <= 10; step++ {
			steps++
			tr.Report(float64(step), x)
			if tr.ShouldStop() {
				return 0, afina.ErrPruned
			}
		}
		return x, nil
	}, afina.Resource(34))
	if err != nil || steps != 34 {
		t.Errorf("%d steps, %v", steps, err)
	}
	if _, err := afina.Optimize(t.Context(), nil, afina.Resource(-1)); err == nil {
		t.Error("a negative resource is taken")
	}
}

// With a fidelity and no word about the scheduler there is one that saves, and
// the best is trained to the end.
func TestFidelitySchedules(t *testing.T) {
	const last = 27
	for _, c := range []struct {
		name    string
		more    []afina.Option
		pruning bool
	}{
		{"fidelity", []afina.Option{afina.Fidelity(1, last), afina.Search("random")}, true},
		{"fixed before", []afina.Option{afina.Schedule("fixed"), afina.Fidelity(1, last)}, false},
		{"fixed after", []afina.Option{afina.Fidelity(1, last), afina.Schedule("fixed")}, false},
		{"no fidelity", []afina.Option{afina.Search("random")}, false},
		{"the search brings it", []afina.Option{afina.Search("bohb"), afina.Fidelity(1, last)}, true},
		{"the search brings none", []afina.Option{afina.Search("bohb")}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t, nil, append(c.more, afina.Seed(1), afina.Trials(20))...)
			best, err := s.Optimize(t.Context(), func(tr *afina.Trial) (float64, error) {
				x := tr.Float("x", 0, 1)
				for step := 1.0; step <= last; step++ {
					tr.Report(step, x+1/step)
					if tr.ShouldStop() {
						return 0, afina.ErrPruned
					}
				}
				return x + 1.0/last, nil
			})
			if err != nil {
				t.Fatal(err)
			}
			rs, complete := s.Trials(), 0
			for _, r := range rs {
				if r.State == afina.Complete {
					complete++
				}
			}
			if pruning := complete < len(rs); best.State != afina.Complete || pruning != c.pruning {
				t.Errorf("%d of %d trials are complete, the best is %s", complete, len(rs), best.State)
			}
		})
	}
}
