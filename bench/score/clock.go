package score

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/afina-hpo/afina/bench/run"
)

// Charged returns the mean regret of a peer over tasks after n hundredths of
// the time that the budget's trainings take by themselves, when each takes
// training and the optimizer's decisions are on the clock too, while nothing
// else goes on; to the nearest hundredth, which is as fine as traces are.
// Before the first report it is 1. It is NaN where traces do not have the
// seconds.
func (b *Board) Charged(peer string, tasks []string, n int, training time.Duration) float64 {
	sum := 0.0
	for _, task := range tasks {
		traces := b.traces[cell{peer, task}]
		for _, t := range traces {
			if len(t.Decisions) != len(t.Incumbent) {
				return math.NaN()
			}
			whole := training.Seconds() * float64(t.Budget) / float64(max(t.Parallel, 1))
			r := 1.0
			for i, v := range t.Incumbent {
				if whole*float64(i+1)/run.Marks+t.Decisions[i] > whole*(float64(n)+0.5)/run.Marks {
					break
				}
				r = b.scale[task].Regret(v)
			}
			sum += r / float64(len(traces)*len(tasks))
		}
	}
	return sum
}

// charged compares the peers with their decisions on the clock.
func (p *page) charged() {
	b := p.board
	whole, _ := b.split()
	whole = slices.DeleteFunc(whole, func(peer string) bool {
		return math.IsNaN(b.Charged(peer, b.tasks, 1, time.Second))
	})
	if len(p.options.Trainings) == 0 || len(whole) == 0 {
		return
	}
	p.WriteString("## With the seconds of decisions on the clock\n\nAfter so many hundredths of the time that the budget's trainings take by themselves, where a whole training takes as long as it says: what search algorithm and scheduler take is added to it.\n\n")
	head := []string{"peer", "seconds of decisions"}
	for _, d := range p.options.Trainings {
		for _, n := range p.options.At {
			head = append(head, fmt.Sprintf("%s: at %d", brief(d), n))
		}
	}
	rows := [][]string{head}
	for _, peer := range b.byMean(whole, b.tasks, p.options.At[len(p.options.At)-1]) {
		row := []string{peer, seconds(b.Decided(peer, b.tasks))}
		for _, d := range p.options.Trainings {
			for _, n := range p.options.At {
				row = append(row, number(b.Charged(peer, b.tasks, n, d)))
			}
		}
		rows = append(rows, row)
	}
	p.table(rows)
}

// Decided returns the mean seconds of all decisions of a run.
func (b *Board) Decided(peer string, tasks []string) float64 {
	sum, n := 0.0, 0
	for _, task := range tasks {
		for _, t := range b.traces[cell{peer, task}] {
			sum += t.Decisions[len(t.Decisions)-1]
			n++
		}
	}
	return sum / float64(n)
}

// AfterTime is what a peer has reached by a time on the wall.
type AfterTime struct {
	Regret float64 // mean over tasks; 1 before the first trial has ended
	Trials float64 // mean over tasks, of those that have ended
	// Over is set where some trace had no more trials, so that the peer was
	// given less time than that.
	Over bool
}

// ByTime returns what a peer has reached on tasks by a time, when every trial
// takes cost and the suggestions what they took.
func (b *Board) ByTime(peer string, tasks []string, cost, at time.Duration) AfterTime {
	var out AfterTime
	for _, task := range tasks {
		traces := b.traces[cell{peer, task}]
		share := 1 / float64(len(traces)*len(tasks))
		for _, t := range traces {
			clock, n := 0.0, 0
			for n < len(t.Incumbent) {
				if clock += t.Seconds[n] + cost.Seconds(); clock > at.Seconds() {
					break
				}
				n++
			}
			r := 1.0
			if n > 0 {
				r = b.scale[task].Regret(t.Incumbent[n-1])
			}
			out.Regret += r * share
			out.Trials += float64(n) * share
			out.Over = out.Over || n == len(t.Incumbent)
		}
	}
	return out
}

// Longest returns, of the traces of each peer on each task, those with the
// largest budget: others know less of a long time.
func Longest(traces []run.Trace) []run.Trace {
	most := map[cell]int{}
	for _, t := range traces {
		c := cell{t.Peer, t.Task}
		most[c] = max(most[c], t.Budget)
	}
	return slices.DeleteFunc(slices.Clone(traces), func(t run.Trace) bool { return t.Budget < most[cell{t.Peer, t.Task}] })
}

// TimeReport writes a table for each cost of a trial: regret at each time.
func (b *Board) TimeReport(w io.Writer, costs, times []time.Duration) error {
	switch {
	case len(b.peers) == 0:
		return errors.New("there are no traces to compare")
	case b.fidelity:
		return errors.New("these traces are by steps of training: see compare -training")
	}
	for _, traces := range b.traces {
		for _, t := range traces {
			if len(t.Seconds) < len(t.Incumbent) {
				return fmt.Errorf("%s on %s, seed %d: %d seconds of suggestions for %d trials", t.Peer, t.Task, t.Seed, len(t.Seconds), len(t.Incumbent))
			}
		}
	}
	p := &page{board: b}
	whole, part := b.split()
	fmt.Fprintf(p, "Mean normalised regret over %d tasks by a time on the wall, with the mean number of trials by then. ≤: a run was out of trials before.\n\n", len(b.tasks))
	for _, cost := range costs {
		fmt.Fprintf(p, "## A trial takes %s\n\n", brief(cost))
		head := []string{"peer", "seeds"}
		for _, at := range times {
			head = append(head, brief(at))
		}
		rows := [][]string{}
		last := map[string]float64{}
		for _, peer := range whole {
			row := []string{peer, p.seeds(peer)}
			for _, at := range times {
				a := b.ByTime(peer, b.tasks, cost, at)
				text := "–"
				if a.Trials > 0 {
					text = fmt.Sprintf("%.3f (%s)", a.Regret, count(a.Trials))
					if a.Over {
						text = "≤ " + text
					}
				}
				row = append(row, text)
				last[peer] += a.Regret
			}
			rows = append(rows, row)
		}
		slices.SortStableFunc(rows, func(x, y []string) int { return cmp.Compare(last[x[0]], last[y[0]]) })
		p.table(append([][]string{head}, rows...))
	}
	if len(part) > 0 {
		fmt.Fprintf(p, "Run on some of the tasks only: %s.\n", strings.Join(part, ", "))
	}
	_, err := io.WriteString(w, p.String())
	return err
}

// count is a mean number of trials, as far as it says anything.
func count(x float64) string {
	if x < 10 && x != math.Trunc(x) {
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.0f", x)
}

// brief is a duration without the zeros that its own text ends with.
func brief(d time.Duration) string {
	s := d.String()
	for _, zero := range []string{"0s", "0m"} {
		if cut, ok := strings.CutSuffix(s, zero); ok && (strings.HasSuffix(cut, "m") || strings.HasSuffix(cut, "h")) {
			s = cut
		}
	}
	return s
}
