package problem

import (
	"fmt"
	"math"
	"slices"

	"github.com/afina-hpo/afina/bench/multi"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
)

// multiProblem is judged by the hypervolume between its nadir and what was
// found; its scale's values are negated hypervolumes.
type multiProblem struct {
	exact
	nadir []float64
}

// Nadir is the point that the hypervolume is measured from. Do not modify it.
func (m *multiProblem) Nadir() []float64 { return m.nadir }

func openZDT(_ *Library, name string, n []int, _ []string) (Problem, error) {
	f, err := multi.ZDT(n[0])
	return fromMulti(name, f, err)
}

func openDTLZ(_ *Library, name string, n []int, _ []string) (Problem, error) {
	f, err := multi.DTLZ(n[0], n[1])
	return fromMulti(name, f, err)
}

func openWFG(_ *Library, name string, n []int, _ []string) (Problem, error) {
	f, err := multi.WFG(n[0], n[1])
	return fromMulti(name, f, err)
}

// frontPoints is how many points stand for a true front.
const frontPoints = 2500

func fromMulti(name string, f *multi.Function, err error) (Problem, error) {
	if err != nil {
		return nil, err
	}
	ps := make([]space.Param, len(f.Low))
	for i := range ps {
		ps[i] = space.Param{Name: fmt.Sprintf("x%d", i), Kind: space.Float, Low: f.Low[i], High: f.High[i]}
	}
	s, err := space.New(space.Spec{Params: ps})
	if err != nil {
		return nil, err
	}
	m := &multiProblem{exact: exact{base: base{name: name, space: s}}}
	for i := range f.Objectives {
		m.objectives = append(m.objectives, minimize(fmt.Sprintf("f%d", i+1)))
	}
	m.eval = func(c space.Config) Outcome { return Outcome{Values: f.Eval(coordinates(c))} }
	points := f.Front(frontPoints)
	m.nadir = m.bad(points)
	front := multi.NewFront(m.nadir)
	for _, p := range points {
		front.Add(p)
	}
	m.judged(m, -front.Hypervolume(), false)
	return m, nil
}

// bad returns a point that is worse than the front and than nine tenths of
// random configurations, in every objective: so that search has something to
// show from its beginning.
func (m *multiProblem) bad(front [][]float64) []float64 {
	out := make([]float64, len(m.objectives))
	columns := make([][]float64, len(out))
	for n := range references {
		y := m.eval(m.space.Random(study.Stream(0, n, purposeReference))).Values
		for i, v := range y {
			columns[i] = append(columns[i], v)
		}
	}
	for i, column := range columns {
		slices.Sort(column)
		out[i] = column[references*9/10]
		for _, p := range front {
			out[i] = math.Max(out[i], p[i]+0.1*math.Abs(p[i]))
		}
	}
	return out
}

// loss is the negated hypervolume of one outcome alone.
func (m *multiProblem) loss(o Outcome) float64 {
	volume := 1.0
	for i, v := range o.Values {
		volume *= math.Max(0, m.nadir[i]-v)
	}
	return -volume
}
