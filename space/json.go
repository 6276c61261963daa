package space

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/afina-hpo/afina/space/expr"
	"github.com/afina-hpo/afina/space/value"
)

// The JSON of a space is what stores keep. It says everything, in the order
// of the spec, and is read with unknown fields refused, so that a space
// written by a later version is never half understood.

type specJSON struct {
	Params      []paramJSON     `json:"parameters"`
	Constraints []*expr.Program `json:"constraints,omitempty"`
	Derived     []derivedJSON   `json:"derived,omitempty"`
	Open        bool            `json:"open,omitempty"`
}

type derivedJSON struct {
	Name string        `json:"name"`
	Expr *expr.Program `json:"value"`
}

type paramJSON struct {
	Name     string        `json:"name"`
	Type     string        `json:"type"`
	Low      number        `json:"low,omitzero"`
	High     number        `json:"high,omitzero"`
	Scale    string        `json:"scale,omitempty"`
	Step     float64       `json:"step,omitempty"`
	Prior    string        `json:"prior,omitempty"`
	Mean     float64       `json:"mean,omitempty"`
	SD       float64       `json:"sd,omitempty"`
	Choices  []Value       `json:"choices,omitempty"`
	Ordered  bool          `json:"ordered,omitempty"`
	Weights  []float64     `json:"weights,omitempty"`
	Context  bool          `json:"context,omitempty"`
	Default  Value         `json:"default,omitzero"` // null is a value like any other
	Branches []branchJSON  `json:"when,omitempty"`
	If       *expr.Program `json:"if,omitempty"`
}

type branchJSON struct {
	Parent string  `json:"parameter"`
	Values []Value `json:"is"`
}

// number is a float whose JSON may be "Infinity" or "-Infinity".
type number float64

func (n number) MarshalJSON() ([]byte, error) {
	return value.AppendJSONFloat(nil, float64(n), false), nil
}

func (n *number) UnmarshalJSON(b []byte) error {
	f, err := value.ParseFloat(b)
	*n = number(f)
	return err
}

// MarshalJSON writes the space's spec; [Parse] reads it.
func (s *Space) MarshalJSON() ([]byte, error) {
	out := specJSON{Params: []paramJSON{}, Constraints: s.spec.Constraints, Open: s.spec.Open}
	for _, d := range s.spec.Derived {
		out.Derived = append(out.Derived, derivedJSON(d))
	}
	for i := range s.spec.Params {
		p := &s.spec.Params[i]
		j := paramJSON{
			Name: p.Name, Type: p.Kind.String(), Low: number(p.Low), High: number(p.High),
			Step: p.Step, Mean: p.Mean, SD: p.SD, Ordered: p.Ordered, Weights: p.Weights,
			Context: p.Context, Default: p.Default, If: p.If,
		}
		if p.Scale != Linear {
			j.Scale = p.Scale.String()
		}
		if p.Prior != Uniform {
			j.Prior = p.Prior.String()
		}
		if p.Kind == Choice {
			j.Choices = p.Choices
		}
		for _, b := range p.Branches {
			j.Branches = append(j.Branches, branchJSON(b))
		}
		out.Params = append(out.Params, j)
	}
	return json.Marshal(out)
}

// Parse builds the space whose JSON [Space.MarshalJSON] wrote.
func Parse(b []byte) (*Space, error) {
	var in specJSON
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return nil, fmt.Errorf("read space: %w", err)
	}
	if dec.More() {
		return nil, errors.New("read space: there is something behind the space")
	}
	spec := Spec{Open: in.Open}
	for k, e := range in.Constraints {
		if e == nil {
			return nil, fmt.Errorf("read space: constraint %d is null", k+1)
		}
		spec.Constraints = append(spec.Constraints, e)
	}
	for _, d := range in.Derived {
		if d.Expr == nil {
			return nil, fmt.Errorf("read space: derived value %q has no expression", d.Name)
		}
		spec.Derived = append(spec.Derived, Derived(d))
	}
	for _, j := range in.Params {
		p := Param{
			Name: j.Name, Low: float64(j.Low), High: float64(j.High), Step: j.Step,
			Mean: j.Mean, SD: j.SD, Choices: j.Choices, Ordered: j.Ordered, Weights: j.Weights,
			Context: j.Context, Default: j.Default, If: j.If,
		}
		var ok bool
		if p.Kind, ok = kindNames.parse(j.Type); !ok {
			return nil, fmt.Errorf("read space: parameter %q has the unknown type %q", j.Name, j.Type)
		}
		if p.Scale, ok = scaleNames.parse(j.Scale); !ok && j.Scale != "" {
			return nil, fmt.Errorf("read space: parameter %q has the unknown scale %q", j.Name, j.Scale)
		}
		if p.Prior, ok = priorNames.parse(j.Prior); !ok && j.Prior != "" {
			return nil, fmt.Errorf("read space: parameter %q has the unknown prior %q", j.Name, j.Prior)
		}
		if math.IsNaN(p.Low) || math.IsNaN(p.High) {
			return nil, fmt.Errorf("read space: parameter %q has a bound that is not a number", j.Name)
		}
		for _, b := range j.Branches {
			p.Branches = append(p.Branches, Branch(b))
		}
		spec.Params = append(spec.Params, p)
	}
	s, err := New(spec)
	if err != nil {
		return nil, fmt.Errorf("read space: %w", err)
	}
	return s, nil
}
