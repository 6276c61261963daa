package problem

import (
	"fmt"
	"math"

	"github.com/afina-hpo/afina/bench/bbob"
	"github.com/afina-hpo/afina/space"
	scalar "github.com/afina-hpo/afina/space/value"
)

// tree is a conditional space with its function.
type tree struct {
	params []space.Param
	best   float64
	eval   func(get func(string) float64, word func(string) string) float64
}

// under returns p as a parameter that exists where parent has one of values.
func under(parent string, p space.Param, values ...space.Value) space.Param {
	p.Branches = append(p.Branches, space.Branch{Parent: parent, Values: values})
	return p
}

func toggle(name string) space.Param { return space.Param{Name: name, Kind: space.Bool} }

// trees returns the conditional problems.
func trees() (map[string]tree, error) {
	cash, err := cash()
	return map[string]tree{"jenatton": jenatton(), "layers": layers(), "cash": cash}, err
}

// jenatton is the tree of Jenatton, Archambeau, González and Seeger,
// "Bayesian optimization with tree-structured dependencies", ICML 2017: three
// decisions, of which two are met on each path, four leaves, and two numbers
// that two leaves share.
func jenatton() tree {
	no, yes := scalar.Bool(false), scalar.Bool(true)
	return tree{
		params: []space.Param{
			toggle("x1"), under("x1", toggle("x2"), no), under("x1", toggle("x3"), yes),
			under("x2", float("x4", -1, 1), no), under("x2", float("x5", -1, 1), yes),
			under("x3", float("x6", -1, 1), no), under("x3", float("x7", -1, 1), yes),
			under("x1", float("r8", 0, 1), no), under("x1", float("r9", 0, 1), yes),
		},
		best: 0.1,
		eval: func(get func(string) float64, _ func(string) string) float64 {
			square := func(x string) float64 { return get(x) * get(x) }
			switch {
			case get("x1") == 0 && get("x2") == 0:
				return square("x4") + 0.1 + get("r8")
			case get("x1") == 0:
				return square("x5") + 0.2 + get("r8")
			case get("x3") == 0:
				return square("x6") + 0.3 + get("r9")
			default:
				return square("x7") + 0.4 + get("r9")
			}
		},
	}
}

// layers is a network's shape: as many sizes and dropouts as layers, the best
// at two layers of 64 and 32 units with dropouts of 0.2 and 0.4.
func layers() tree {
	t := tree{params: []space.Param{integer("layers", 1, 3), {Name: "rate", Kind: space.Float, Low: 1e-5, High: 1, Scale: space.Log}}}
	for i := 1; i <= 3; i++ {
		units := integer(fmt.Sprintf("units%d", i), 8, 512)
		units.Scale = space.Log
		dropout := float(fmt.Sprintf("dropout%d", i), 0, 0.9)
		if i > 1 {
			var from []space.Value
			for k := i; k <= 3; k++ {
				from = append(from, scalar.Int(int64(k)))
			}
			units, dropout = under("layers", units, from...), under("layers", dropout, from...)
		}
		t.params = append(t.params, units, dropout)
	}
	t.eval = func(get func(string) float64, _ func(string) string) float64 {
		n := int(get("layers"))
		rate := math.Log10(get("rate")) + 3
		loss := 0.3*math.Abs(float64(n-2)) + 0.1*rate*rate
		for i := 1; i <= n; i++ {
			size := math.Log2(get(fmt.Sprintf("units%d", i))) - float64(7-i)
			drop := get(fmt.Sprintf("dropout%d", i)) - 0.2*float64(i)
			loss += (0.1*size*size + drop*drop) / float64(n)
		}
		return loss
	}
	return t
}

// cash is the choice of an algorithm together with its settings: three
// functions of bbob of four variables each, of which the hardest reaches
// lowest.
func cash() (tree, error) {
	kinds := []struct {
		name     string
		function int
		least    float64
	}{{"linear", 1, 0.3}, {"trees", 8, 0.15}, {"net", 15, 0}}
	const d = 4
	t := tree{params: []space.Param{{Name: "model", Kind: space.Choice}}}
	functions := map[string]*bbob.Function{}
	least := map[string]float64{}
	for _, k := range kinds {
		f, err := bbob.New(k.function, d, 1)
		if err != nil {
			return tree{}, err
		}
		functions[k.name], least[k.name] = f, k.least
		t.params[0].Choices = append(t.params[0].Choices, scalar.String(k.name))
		for i := range d {
			t.params = append(t.params, under("model", float(fmt.Sprintf("%s.x%d", k.name, i), -5, 5), scalar.String(k.name)))
		}
	}
	t.eval = func(get func(string) float64, word func(string) string) float64 {
		k := word("model")
		x := make([]float64, d)
		for i := range x {
			x[i] = get(fmt.Sprintf("%s.x%d", k, i))
		}
		_, low := functions[k].Best()
		return least[k] + 0.2*math.Log10(1+functions[k].Eval(x)-low)
	}
	return t, nil
}

func openConditional(_ *Library, name string, _ []int, words []string) (Problem, error) {
	all, err := trees()
	if err != nil {
		return nil, err
	}
	t, ok := all[words[0]]
	if !ok {
		return nil, fmt.Errorf("the conditional tasks are cash, jenatton and layers, not %s", words[0])
	}
	s, err := space.New(space.Spec{Params: t.params})
	if err != nil {
		return nil, err
	}
	p := &exact{base: base{name: name, space: s, objectives: value}}
	p.eval = func(c space.Config) Outcome {
		get := func(name string) float64 {
			v, _ := c.Get(name)
			if b, ok := v.AsBool(); ok {
				if b {
					return 1
				}
				return 0
			}
			return v.AsFloat()
		}
		word := func(name string) string {
			v, _ := c.Get(name)
			return v.Text()
		}
		return Outcome{Values: []float64{t.eval(get, word)}}
	}
	p.judged(p, t.best, false)
	return p, nil
}
