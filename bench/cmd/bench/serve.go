package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"

	"github.com/afina-hpo/afina/bench/problem"
	"github.com/afina-hpo/afina/bench/run"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
)

// question is one line in; answer one line out.
type question struct {
	Op       string                 `json:"op"`
	ID       json.RawMessage        `json:"id"`
	Params   map[string]space.Value `json:"params"`
	Fidelity float64                `json:"fidelity"`
	Trial    *int                   `json:"trial"` // of a run by steps of training
}

type answer struct {
	ID         json.RawMessage    `json:"id,omitempty"`
	Task       string             `json:"task,omitempty"`
	Space      *space.Space       `json:"space,omitempty"`
	Objectives []string           `json:"objectives,omitempty"`
	Fidelity   *study.Fidelity    `json:"fidelity,omitempty"`
	Scale      *problem.Scale     `json:"scale,omitempty"`
	Nadir      []float64          `json:"nadir,omitempty"`
	Values     map[string]float64 `json:"values,omitempty"`
	Violations []float64          `json:"violations,omitempty"`
	Crashed    bool               `json:"crashed,omitempty"`
	Cost       float64            `json:"cost,omitempty"`
	Error      string             `json:"error,omitempty"`
}

func serve(ctx context.Context, s streams, args []string) error {
	f := flags(s, "serve")
	data := dataFlag(f)
	seed := f.Uint64("seed", 0, "seed of the noise: that of the run, to see what afina's runs see")
	if err := parse(f, args); err != nil {
		return err
	}
	if f.NArg() != 1 {
		return usage("name one task")
	}
	p, err := problem.NewLibrary(*data).Open(f.Arg(0))
	if err != nil {
		return err
	}
	return answerAll(ctx, s, p, *seed)
}

// maxQuestion bounds a line in.
const maxQuestion = 16 << 20

func answerAll(ctx context.Context, s streams, p problem.Problem, seed uint64) error {
	lines := bufio.NewScanner(s.in)
	lines.Buffer(nil, maxQuestion)
	trial := 0
	for ctx.Err() == nil && lines.Scan() {
		var q question
		var a answer
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			a.Error = "this is no question: " + err.Error()
		} else {
			a = reply(p, q, seed, &trial)
		}
		a.ID = q.ID
		if err := writeLine(s.out, a); err != nil {
			return err
		}
	}
	return lines.Err()
}

func writeLine(w io.Writer, a answer) error {
	b, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

// reply answers one question. Trials count evaluations, the noise is that of
// the trial's number.
func reply(p problem.Problem, q question, seed uint64, trial *int) (a answer) {
	switch q.Op {
	case "space":
		a.Task, a.Space, a.Fidelity = p.Name(), p.Space(), p.Fidelity()
		for _, o := range p.Objectives() {
			a.Objectives = append(a.Objectives, o.Metric)
		}
		if sc := p.Scale(); sc.Known() {
			a.Scale = &sc
		}
		if m, ok := p.(interface{ Nadir() []float64 }); ok {
			a.Nadir = m.Nadir()
		}
		return a
	case "evaluate", "true":
	default:
		a.Error = fmt.Sprintf("there is no op %q; there are space, evaluate and true", q.Op)
		return a
	}
	c, err := p.Space().Config(q.Params)
	if err == nil {
		err = p.Space().Check(c)
	}
	if err != nil {
		a.Error = err.Error()
		return a
	}
	var o problem.Outcome
	switch {
	case q.Op == "true":
		o, err = p.True(c)
	case q.Trial != nil:
		o, err = p.Evaluate(c, q.Fidelity, run.StepNoise(seed, *q.Trial, q.Fidelity))
	default:
		o, err = p.Evaluate(c, q.Fidelity, study.Stream(seed, *trial, problem.PurposeNoise))
		*trial++
	}
	if err != nil {
		a.Error = err.Error()
		return a
	}
	named := map[string]float64{}
	for i, v := range o.Values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			a.Error = fmt.Sprintf("the value %s is not finite", value.FormatFloat(v))
			return a
		}
		named[p.Objectives()[i].Metric] = v
	}
	a.Values = named
	a.Violations, a.Crashed, a.Cost = o.Violations, o.Crashed, o.Cost
	return a
}
