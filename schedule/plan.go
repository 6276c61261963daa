package schedule

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
)

// Plan is a schedule of values: from a step on use these, from a later one
// those. Population-based training finds such.
type Plan struct {
	// Study and Trial say where it is from; Values what came of it.
	Study  string        `json:"study,omitempty"`
	Trial  *int          `json:"trial,omitempty"`
	Values study.Metrics `json:"values,omitempty"`
	// Steps is in order; the first is at step 0.
	Steps []PlanStep `json:"steps"`
}

// PlanStep says which values to use from a step on.
type PlanStep struct {
	At     float64         `json:"step"`
	Params json.RawMessage `json:"params"`
}

// PlanOf returns the plan that trial t has followed.
func PlanOf(h *study.History, t *study.Trial) Plan {
	n := t.Number
	p := Plan{Trial: &n, Values: t.Metrics}
	var last space.Config
	for _, one := range Lineage(h, t) {
		if !last.IsZero() && one.Config.Equal(last) {
			continue
		}
		last = one.Config
		at := 0.0
		if one.Copy != nil && len(p.Steps) > 0 {
			at = one.Copy.Step
		}
		p.Steps = append(p.Steps, PlanStep{At: at, Params: one.Config.AppendJSON(nil)})
	}
	return p
}

// MaxPlan bounds what [ParsePlan] reads.
const MaxPlan = 100_000

// ParsePlan reads a plan: the JSON of a [Plan], without anything behind it. The
// error says which step is wrong.
func ParsePlan(text string) (Plan, error) {
	var p Plan
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return Plan{}, fmt.Errorf("read schedule: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return Plan{}, fmt.Errorf("read schedule: something follows its end")
	}
	switch n := len(p.Steps); {
	case n == 0:
		return Plan{}, fmt.Errorf("read schedule: it has no steps")
	case n > MaxPlan:
		return Plan{}, fmt.Errorf("read schedule: it has %d steps, more than %d", n, MaxPlan)
	case p.Steps[0].At != 0:
		return Plan{}, fmt.Errorf("read schedule: the first step is %v; begin at 0", p.Steps[0].At)
	}
	for i, s := range p.Steps {
		if i > 0 && !(s.At > p.Steps[i-1].At) || math.IsInf(s.At, 0) {
			return Plan{}, fmt.Errorf("read schedule: step %v comes after %v; give them in order, each once", s.At, p.Steps[i-1].At)
		}
		if len(s.Params) == 0 {
			return Plan{}, fmt.Errorf("read schedule: step %v has no params", s.At)
		}
	}
	return p, nil
}

// Configs returns the configurations of the steps in a space. The error
// says which are not allowed there.
func (p *Plan) Configs(s *space.Space) ([]space.Config, error) {
	list := make([]space.Config, len(p.Steps))
	for i, step := range p.Steps {
		c, err := s.ParseConfig(step.Params)
		if err == nil {
			err = s.Check(c)
		}
		if err != nil {
			return nil, fmt.Errorf("read schedule: the values from step %v on: %w", step.At, err)
		}
		list[i] = c
	}
	return list, nil
}

// Lineage returns the trials that led to t, the first of them first and t
// last: each but the first is a copy of the one before.
func Lineage(h *study.History, t *study.Trial) []*study.Trial {
	list := []*study.Trial{t}
	for t.Copy != nil {
		t = h.Trial(t.Copy.Trial)
		list = append(list, t)
	}
	slices.Reverse(list)
	return list
}
