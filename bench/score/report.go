package score

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"
)

// Options says what a report shows.
type Options struct {
	// At is the numbers of trials to look at; nil: a fifth, a half and all of
	// the longest trace. Of traces by steps of training it is hundredths of the
	// budget, and nil: 10, 25, 50 and 100.
	At []int
	// Trainings are how long a whole training may take, for a table of traces
	// by steps of training with the seconds of decisions on the clock; nil: none.
	Trainings []time.Duration
	// Baseline is the peer that the others are compared with; "": the one
	// that came first.
	Baseline string
}

// Report writes everything as Markdown.
func (b *Board) Report(w io.Writer, o Options) error {
	if len(b.peers) == 0 {
		return fmt.Errorf("there are no traces to compare")
	}
	if o.At == nil {
		at := []int{b.most / 5, b.most / 2, b.most}
		if b.fidelity {
			at = []int{b.most / 10, b.most / 4, b.most / 2, b.most}
		}
		for _, n := range at {
			if n > 0 {
				o.At = append(o.At, n)
			}
		}
	}
	if o.Baseline == "" {
		o.Baseline = b.peers[0]
	}
	if !slices.Contains(b.peers, o.Baseline) {
		return fmt.Errorf("no trace is of %q; there are %s", o.Baseline, strings.Join(b.peers, ", "))
	}
	p := &page{board: b, options: o}
	if b.fidelity {
		p.WriteString("Trials need not be trained to the end: where it says trials, hundredths of the resource are meant.\n\n")
	}
	p.summary()
	p.charged()
	p.differences()
	p.curve()
	p.tasks()
	_, err := io.WriteString(w, p.String())
	return err
}

type page struct {
	strings.Builder
	board   *Board
	options Options
}

// table writes a Markdown table.
func (p *page) table(rows [][]string) {
	for i, row := range rows {
		fmt.Fprintf(p, "| %s |\n", strings.Join(row, " | "))
		if i == 0 {
			fmt.Fprintf(p, "| --- |%s\n", strings.Repeat(" ---: |", len(row)-1))
		}
	}
	p.WriteString("\n")
}

// summary compares the peers that have been run on every task.
func (p *page) summary() {
	b := p.board
	whole, part := b.split()
	fmt.Fprintf(p, "## All tasks\n\nMean over %d tasks, then the peers' ranks. Regret is normalised: 0 is the best known value, 1 the median of random configurations; less is better. Anytime is its mean over all trials, solved the share of targets reached.\n\n", len(b.tasks))
	head := []string{"peer", "seeds"}
	last := p.options.At[len(p.options.At)-1]
	for _, n := range p.options.At {
		head = append(head, fmt.Sprintf("regret at %d", n))
	}
	head = append(head, "anytime", fmt.Sprintf("rank at %d", last), fmt.Sprintf("solved at %d", last), "mean s", "max s")
	rows := [][]string{head}
	order := b.byMean(whole, b.tasks, last)
	rank := b.Ranks(order, b.tasks, last)
	for i, peer := range order {
		row := []string{peer, p.seeds(peer)}
		for _, n := range p.options.At {
			row = append(row, number(b.Mean(peer, b.tasks, n)))
		}
		area := 0.0
		for _, task := range b.tasks {
			area += b.Anytime(peer, task, last) / float64(len(b.tasks))
		}
		mean, most := b.Seconds(peer, b.tasks)
		rows = append(rows, append(row, number(area), fmt.Sprintf("%.2f", rank[i]), number(b.Solved(peer, b.tasks, last)), seconds(mean), seconds(most)))
	}
	p.table(rows)
	if len(part) > 0 {
		fmt.Fprintf(p, "Run on some of the tasks only: %s.\n\n", strings.Join(part, ", "))
	}
}

// seeds says how many seeds a peer has been run with on each task.
func (p *page) seeds(peer string) string {
	least, most := math.MaxInt, 0
	for _, task := range p.board.common([]string{peer}) {
		n := len(p.board.traces[cell{peer, task}])
		least, most = min(least, n), max(most, n)
	}
	if least == most {
		return fmt.Sprint(most)
	}
	return fmt.Sprintf("%d–%d", least, most)
}

// differences compares the baseline with each other peer on what both have.
func (p *page) differences() {
	if len(p.board.peers) < 2 {
		return
	}
	fmt.Fprintf(p, "## %s against each\n\nDifference of mean regret on the tasks and seeds that both have been run on, with its 95 %% interval (%d paired resamples of the tasks). Below 0, %s is better; an interval that holds 0 shows nothing.\n\n", p.options.Baseline, Resamples, p.options.Baseline)
	head := []string{"peer", "tasks"}
	for _, n := range p.options.At {
		head = append(head, fmt.Sprintf("at %d", n))
	}
	rows := [][]string{head}
	for _, peer := range p.board.peers {
		if peer == p.options.Baseline {
			continue
		}
		row := []string{peer, ""}
		for _, n := range p.options.At {
			d, tasks := p.board.Difference(p.options.Baseline, peer, n)
			row[1] = fmt.Sprint(tasks)
			row = append(row, fmt.Sprintf("%+.3f (%+.3f to %+.3f)", d.Mean, d.Low, d.High))
		}
		rows = append(rows, row)
	}
	p.table(rows)
}

// split returns the peers that have been run on every task, and the others.
func (b *Board) split() (whole, part []string) {
	for _, peer := range b.peers {
		if len(b.common([]string{peer})) == len(b.tasks) {
			whole = append(whole, peer)
		} else {
			part = append(part, peer)
		}
	}
	return whole, part
}

// curve has the share of solved targets as it grows: the empirical
// distribution of run times.
func (p *page) curve() {
	b := p.board
	whole, _ := b.split()
	if len(whole) == 0 {
		return
	}
	var places []int
	head := []string{"peer"}
	for _, n := range []int{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000} {
		if n <= b.most {
			places = append(places, n)
			head = append(head, fmt.Sprint(n))
		}
	}
	fmt.Fprintf(p, "## Share of targets solved, by trials\n\nAll pairs of task and target together (%d targets of regret, from %v to %v); every seed counts.\n\n", len(Targets), Targets[0], Targets[len(Targets)-1])
	rows := [][]string{head}
	for _, peer := range whole {
		row := []string{peer}
		for _, n := range places {
			row = append(row, number(b.Solved(peer, b.tasks, n)))
		}
		rows = append(rows, row)
	}
	p.table(rows)
}

// tasks has a table of all tasks for each number of trials.
func (p *page) tasks() {
	for _, n := range p.options.At {
		fmt.Fprintf(p, "## Regret at %d, by task\n\n", n)
		rows := [][]string{append([]string{"task"}, p.board.peers...)}
		for _, task := range p.board.tasks {
			row := []string{task}
			for _, peer := range p.board.peers {
				r, seeds := p.board.Regret(peer, task, n)
				cell := "–"
				if seeds > 0 {
					cell = number(r)
				}
				row = append(row, cell)
			}
			rows = append(rows, row)
		}
		p.table(rows)
	}
}

func number(x float64) string { return fmt.Sprintf("%.3f", x) }

func seconds(x float64) string {
	if math.IsNaN(x) {
		return "–"
	}
	return fmt.Sprintf("%.2g", x)
}
