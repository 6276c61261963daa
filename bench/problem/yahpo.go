package problem

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/afina-hpo/afina/bench/onnx"
	"github.com/afina-hpo/afina/space"
	scalar "github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
)

// scenario says how a surrogate model is to be read; the files do not.
type scenario struct {
	continuous, categories []string // the model's inputs, in order
	instance               string   // the category that is the data set
	outputs                []string
	objective, cost        string // outputs; the objective is maximized
	fidelity               study.Fidelity
	fixed                  map[string]float64 // fidelities that are not chosen
}

var scenarios = map[string]scenario{
	"lcbench": {
		continuous: []string{"epoch", "batch_size", "learning_rate", "momentum", "weight_decay", "num_layers", "max_units", "max_dropout"},
		categories: []string{"OpenML_task_id"}, instance: "OpenML_task_id",
		outputs:   []string{"time", "val_accuracy", "val_cross_entropy", "val_balanced_accuracy", "test_cross_entropy", "test_balanced_accuracy"},
		objective: "val_accuracy", cost: "time",
		fidelity: study.Fidelity{Step: "epoch", Min: 1, Max: 52},
	},
	"rbv2_rpart": {
		continuous: []string{"cp", "maxdepth", "minbucket", "minsplit", "trainsize", "repl"},
		categories: []string{"task_id", "num.impute.selected.cpo"}, instance: "task_id",
		outputs:   []string{"acc", "bac", "auc", "brier", "f1", "logloss", "timetrain", "timepredict", "memory"},
		objective: "acc", cost: "timetrain",
		fidelity: study.Fidelity{Step: "trainsize", Min: 0.03, Max: 1},
		fixed:    map[string]float64{"repl": 10},
	},
}

// surrogate is a scenario's model with its space.
type surrogate struct {
	scenario
	space     *space.Space
	instances []string
	codes     map[string]map[string]int64
	model     *onnx.Model
	sessions  sync.Pool // of *onnx.Session
}

// yahpoProblem is a surrogate on one data set.
type yahpoProblem struct {
	base
	*surrogate
	on int64 // the code of the data set
}

func openYAHPO(l *Library, name string, _ []int, words []string) (Problem, error) {
	sc, ok := scenarios[words[0]]
	if !ok {
		return nil, fmt.Errorf("the scenarios are lcbench and rbv2_rpart, not %s", words[0])
	}
	if l.dir == "" {
		return nil, ErrNoData
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	m := l.models[words[0]]
	if m == nil {
		var err error
		if m, err = readSurrogate(filepath.Join(l.dir, "yahpo", words[0]), sc); err != nil {
			return nil, fmt.Errorf("read the surrogate %s: %w", words[0], err)
		}
		l.models[words[0]] = m
	}
	if !slices.Contains(m.instances, words[1]) {
		return nil, fmt.Errorf("%s has no instance %s; it has %v", words[0], words[1], m.instances)
	}
	fidelity := sc.fidelity
	p := &yahpoProblem{
		base:      base{name: name, space: m.space, objectives: value, fidelity: &fidelity},
		surrogate: m, on: m.codes[sc.instance][words[1]],
	}
	p.judged(p, math.NaN(), false)
	return p, nil
}

// Evaluate implements [Problem]. There is no noise: the surrogate is a mean.
func (y *yahpoProblem) Evaluate(c space.Config, fidelity float64, _ *rand.Rand) (Outcome, error) {
	if fidelity == 0 {
		fidelity = y.scenario.fidelity.Max
	}
	s, ok := y.sessions.Get().(*onnx.Session)
	if !ok {
		var err error
		if s, err = y.model.Session(1); err != nil {
			return Outcome{}, err
		}
	}
	defer y.sessions.Put(s)
	numbers := s.Floats("x_cont")
	for i, name := range y.continuous {
		x, fixed := y.fixed[name]
		switch {
		case name == y.scenario.fidelity.Step:
			x = fidelity
		case !fixed:
			if v, active := c.Get(name); active {
				x = v.AsFloat()
			}
		}
		numbers[i] = float32(x)
	}
	codes := s.Ints("x_cat")
	for i, name := range y.categories {
		codes[i] = 0
		if name == y.instance {
			codes[i] = y.on
		} else if v, active := c.Get(name); active {
			codes[i] = y.codes[name][v.Text()]
		}
	}
	if err := s.Run(); err != nil {
		return Outcome{}, fmt.Errorf("evaluate %s: %w", y.name, err)
	}
	out := s.Output()
	return Outcome{
		Values: []float64{-float64(out[slices.Index(y.outputs, y.objective)])},
		Cost:   math.Max(0, float64(out[slices.Index(y.outputs, y.cost)])),
	}, nil
}

// True implements [Problem].
func (y *yahpoProblem) True(c space.Config) (Outcome, error) { return y.Evaluate(c, 0, nil) }

func readSurrogate(dir string, sc scenario) (*surrogate, error) {
	files := map[string][]byte{}
	for _, name := range []string{"config_space.json", "encoding.json", "model.onnx"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%w; it has no %s", ErrNoData, name)
		}
		if err != nil {
			return nil, err
		}
		files[name] = b
	}
	m := &surrogate{scenario: sc}
	if err := json.Unmarshal(files["encoding.json"], &m.codes); err != nil {
		return nil, fmt.Errorf("encoding.json: %w", err)
	}
	var err error
	if m.model, err = onnx.Parse(files["model.onnx"]); err != nil {
		return nil, err
	}
	if m.space, m.instances, err = configSpace(files["config_space.json"], sc); err != nil {
		return nil, fmt.Errorf("config_space.json: %w", err)
	}
	// A model of another shape must be found now and not by a panic later.
	s, err := m.model.Session(1)
	if err != nil {
		return nil, err
	}
	if len(s.Floats("x_cont")) != len(sc.continuous) || len(s.Ints("x_cat")) != len(sc.categories) || len(s.Output()) != len(sc.outputs) {
		return nil, errors.New("model.onnx has other inputs or outputs than the scenario")
	}
	m.sessions.Put(s)
	return m, nil
}

// configSpace reads the part of ConfigSpace's JSON that the scenarios use: a
// flat list of parameters. The data set and the fidelities are not among what
// is searched.
func configSpace(b []byte, sc scenario) (*space.Space, []string, error) {
	var in struct {
		Hyperparameters []struct {
			Name, Type   string
			Log          bool
			Lower, Upper float64
			Choices      []string
		}
		Conditions, Forbiddens []json.RawMessage
	}
	if err := json.Unmarshal(b, &in); err != nil {
		return nil, nil, err
	}
	if len(in.Conditions)+len(in.Forbiddens) > 0 {
		return nil, nil, errors.New("conditions and forbidden clauses are not known here")
	}
	var ps []space.Param
	var instances []string
	for _, h := range in.Hyperparameters {
		p := space.Param{Name: h.Name, Low: h.Lower, High: h.Upper}
		if h.Log {
			p.Scale = space.Log
		}
		switch h.Type {
		case "uniform_float":
			p.Kind = space.Float
		case "uniform_int":
			p.Kind = space.Int
		case "categorical":
			p.Kind = space.Choice
			for _, c := range h.Choices {
				p.Choices = append(p.Choices, scalar.String(c))
			}
		default:
			return nil, nil, fmt.Errorf("parameter %s has the unknown type %q", h.Name, h.Type)
		}
		if h.Name == sc.instance {
			instances = h.Choices
			continue
		}
		if _, fixed := sc.fixed[h.Name]; !fixed && h.Name != sc.fidelity.Step {
			ps = append(ps, p)
		}
	}
	s, err := space.New(space.Spec{Params: ps})
	return s, instances, err
}
