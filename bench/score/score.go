// Package score judges traces: normalised regret, ranks, intervals and the
// report that people read.
//
// It knows no method and runs nothing; the same traces give the same report,
// random resampling included. A [Board] holds traces by peer, task and seed.
// The unit of every comparison is the task: seeds of one are averaged first,
// and intervals come from resampling tasks, because it is to other tasks that
// a result is to carry over.
package score

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/afina-hpo/afina/bench/problem"
	"github.com/afina-hpo/afina/bench/run"
)

// Board is the traces to be compared.
type Board struct {
	peers  []string
	tasks  []string
	scale  map[string]problem.Scale
	traces map[cell][]run.Trace
	most   int // trials of the longest trace
	// fidelity says that traces count hundredths of a budget, not trials.
	fidelity bool
}

type cell struct{ peer, task string }

// NewBoard sorts traces. Scale says how the values of a task are judged. Runs
// with k trials at once count as a peer of their own, "NAME ×k".
func NewBoard(traces []run.Trace, scale func(task string) (problem.Scale, error)) (*Board, error) {
	b := &Board{scale: map[string]problem.Scale{}, traces: map[cell][]run.Trace{}}
	seen := map[string]bool{}
	for i, t := range traces {
		if i == 0 {
			b.fidelity = t.Fidelity
		} else if t.Fidelity != b.fidelity {
			return nil, fmt.Errorf("traces by trials and traces by steps of training cannot be compared: %s on %s is not as those before", t.Peer, t.Task)
		}
		if t.Parallel > 1 { // another thing to be measured
			t.Peer += fmt.Sprintf(" ×%d", t.Parallel)
		}
		id := fmt.Sprint(t.Peer, "\x00", t.Task, "\x00", t.Seed)
		if seen[id] {
			return nil, fmt.Errorf("%s on %s with seed %d is there twice", t.Peer, t.Task, t.Seed)
		}
		seen[id] = true
		if _, ok := b.scale[t.Task]; !ok {
			s, err := scale(t.Task)
			if err != nil {
				return nil, err
			}
			if !s.Known() {
				return nil, fmt.Errorf("nobody knows how good the values of %s are: commit its scale", t.Task)
			}
			b.scale[t.Task] = s
			b.tasks = append(b.tasks, t.Task)
		}
		if !slices.Contains(b.peers, t.Peer) {
			b.peers = append(b.peers, t.Peer)
		}
		c := cell{t.Peer, t.Task}
		b.traces[c] = append(b.traces[c], t)
		b.most = max(b.most, len(t.Incumbent))
	}
	slices.Sort(b.tasks)
	return b, nil
}

// Peers returns the peers in the order in which they came.
func (b *Board) Peers() []string { return b.peers }

// Tasks returns the tasks in order of name.
func (b *Board) Tasks() []string { return b.tasks }

// Most returns the length of the longest trace.
func (b *Board) Most() int { return b.most }

// Tasks on which every one of peers has been run: only there can they be
// compared.
func (b *Board) common(peers []string) []string {
	var out []string
	for _, task := range b.tasks {
		if !slices.ContainsFunc(peers, func(p string) bool { return len(b.traces[cell{p, task}]) == 0 }) {
			out = append(out, task)
		}
	}
	return out
}

// Regret returns the mean normalised regret over the seeds of a peer on a task
// after n trials, and the number of seeds. A trace that ended earlier keeps
// its last value.
func (b *Board) Regret(peer, task string, n int) (mean float64, seeds int) {
	ts := b.traces[cell{peer, task}]
	if len(ts) == 0 {
		return math.NaN(), 0
	}
	for _, t := range ts {
		mean += b.scale[task].Regret(t.Incumbent[min(n, len(t.Incumbent))-1])
	}
	return mean / float64(len(ts)), len(ts)
}

// Anytime returns the regret of a peer on a task averaged over trials 1 to n:
// the area under its curve.
func (b *Board) Anytime(peer, task string, n int) float64 {
	sum := 0.0
	for k := 1; k <= n; k++ {
		r, _ := b.Regret(peer, task, k)
		sum += r
	}
	return sum / float64(n)
}

// Mean returns the mean of [Board.Regret] over tasks.
func (b *Board) Mean(peer string, tasks []string, n int) float64 {
	sum := 0.0
	for _, task := range tasks {
		r, _ := b.Regret(peer, task, n)
		sum += r
	}
	return sum / float64(len(tasks))
}

// Ranks returns the mean rank of each of peers over tasks after n trials: 1 is
// best, ties share the mean of their places.
func (b *Board) Ranks(peers, tasks []string, n int) []float64 {
	out := make([]float64, len(peers))
	for _, task := range tasks {
		regrets := make([]float64, len(peers))
		for i, p := range peers {
			regrets[i], _ = b.Regret(p, task, n)
		}
		for i, r := range ranks(regrets) {
			out[i] += r / float64(len(tasks))
		}
	}
	return out
}

// ranks returns the places of values in ascending order, from 1, ties shared.
func ranks(values []float64) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		below, same := 0, 0
		for _, w := range values {
			switch {
			case w < v:
				below++
			case w == v:
				same++
			}
		}
		out[i] = float64(below) + float64(same+1)/2
	}
	return out
}

// Interval is a difference with its 95 % interval.
type Interval struct{ Mean, Low, High float64 }

// Resamples is how many times tasks are drawn for an interval.
const Resamples = 10_000

// Bootstrap returns the mean of differences, one a task, with the interval
// that the percentile bootstrap over tasks gives. The draws are fixed.
func Bootstrap(differences []float64) Interval {
	n := len(differences)
	r := rand.New(rand.NewPCG(2009, 1993))
	means := make([]float64, Resamples)
	for k := range means {
		sum := 0.0
		for range n {
			sum += differences[r.IntN(n)]
		}
		means[k] = sum / float64(n)
	}
	slices.Sort(means)
	sum := 0.0
	for _, d := range differences {
		sum += d
	}
	return Interval{sum / float64(n), means[Resamples*25/1000], means[Resamples*975/1000-1]}
}

// Difference compares two peers after n trials on the tasks that both have
// been run on, with the seeds that both have: the regret of a less that of
// b, so that below 0 a is better. It also returns the number of tasks.
func (b *Board) Difference(peer, other string, n int) (Interval, int) {
	var ds []float64
	for _, task := range b.common([]string{peer, other}) {
		theirs := map[uint64]run.Trace{}
		for _, t := range b.traces[cell{other, task}] {
			theirs[t.Seed] = t
		}
		sum, pairs := 0.0, 0
		at := func(t run.Trace) float64 {
			return b.scale[task].Regret(t.Incumbent[min(n, len(t.Incumbent))-1])
		}
		for _, t := range b.traces[cell{peer, task}] {
			if o, ok := theirs[t.Seed]; ok {
				sum += at(t) - at(o)
				pairs++
			}
		}
		if pairs > 0 {
			ds = append(ds, sum/float64(pairs))
		}
	}
	if len(ds) == 0 {
		return Interval{math.NaN(), math.NaN(), math.NaN()}, 0
	}
	return Bootstrap(ds), len(ds)
}

// Targets are the regrets that [Board.Solved] counts.
var Targets = []float64{0.5, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.001}

// Solved returns the share of triples of task, seed and target that a peer has
// reached after n trials: the empirical distribution of run times at n.
func (b *Board) Solved(peer string, tasks []string, n int) float64 {
	reached, all := 0, 0
	for _, task := range tasks {
		for _, t := range b.traces[cell{peer, task}] {
			best := 1.0
			for _, v := range t.Incumbent[:min(n, len(t.Incumbent))] {
				best = min(best, b.scale[task].Regret(v))
			}
			for _, target := range Targets {
				all++
				if best <= target {
					reached++
				}
			}
		}
	}
	return float64(reached) / float64(all)
}

// Seconds returns the mean and the largest of a peer's suggestion times on
// tasks, NaN where there are none.
func (b *Board) Seconds(peer string, tasks []string) (mean, most float64) {
	n := 0
	for _, task := range tasks {
		for _, t := range b.traces[cell{peer, task}] {
			for _, s := range t.Seconds {
				mean += s
				most = max(most, s)
				n++
			}
		}
	}
	if n == 0 {
		return math.NaN(), math.NaN()
	}
	return mean / float64(n), most
}

// byMean sorts peers by their mean regret on tasks after n trials.
func (b *Board) byMean(peers, tasks []string, n int) []string {
	out := slices.Clone(peers)
	slices.SortStableFunc(out, func(p, q string) int {
		return cmp.Compare(b.Mean(p, tasks, n), b.Mean(q, tasks, n))
	})
	return out
}
