package halving

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/schedule/scheduletest"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
)

// The first round is Hyperband's; in the second every rung of every bracket
// gets as many new trials as would have been promoted to it, and nobody goes
// up.
func TestDEHBKeepsToItsTable(t *testing.T) {
	for _, workers := range []int{1, 4, 16, 64} {
		d := scheduletest.Setup{Fidelity: &study.Fidelity{Min: 1, Max: 81}, Trials: 143 + 5*206, Workers: workers,
			Program: func(n int, _ space.Config) scheduletest.Program {
				r := study.Stream(3, n, "dehb")
				return scheduletest.Program{Value: scheduletest.Falling(r.Float64(), 5), Duration: 0.5 + r.Float64()}
			}}
		s, err := DEHB().New(d.Problem(), nil)
		if err != nil {
			t.Fatal(err)
		}
		result, err := scheduletest.Simulate(s, d)
		if err != nil {
			t.Fatal(err)
		}
		started, ended := make([]int, 11), make([]map[float64]int, 11)
		for b := range ended {
			ended[b] = map[float64]int{}
		}
		for n := range result.Log.Book.Len() {
			tr := result.Log.Book.Trial(n)
			if tr.Bracket > 10 {
				continue // begun by workers for whom the others had no use
			}
			started[tr.Bracket]++
			ended[tr.Bracket][tr.Until]++
			if tr.Bracket > 5 && len(tr.Attempts) != 1 {
				t.Errorf("%d workers: trial %d of bracket %d has gone on %d times", workers, n, tr.Bracket, len(tr.Attempts)-1)
			}
			if tr.Bracket > 5 && !tr.State.Ended() {
				t.Errorf("%d workers: trial %d of bracket %d is %s", workers, n, tr.Bracket, tr.State)
			}
		}
		if diff := cmp.Diff([]int{0, 81, 34, 15, 8, 5, 121, 49, 21, 10, 5}, started); diff != "" {
			t.Errorf("%d workers: trials begun in each bracket: %s", workers, diff)
		}
		want := []map[float64]int{
			{1: 54, 3: 18, 9: 6, 27: 2, 81: 1}, {3: 23, 9: 8, 27: 2, 81: 1}, {9: 10, 27: 4, 81: 1}, {27: 6, 81: 2}, {81: 5},
			{1: 81, 3: 27, 9: 9, 27: 3, 81: 1}, {3: 34, 9: 11, 27: 3, 81: 1}, {9: 15, 27: 5, 81: 1}, {27: 8, 81: 2}, {81: 5},
		}
		if diff := cmp.Diff(want, ended[1:]); diff != "" {
			t.Errorf("%d workers: trials of each bracket by the step they were let run to: %s", workers, diff)
		}
	}
}
