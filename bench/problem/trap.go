package problem

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/afina-hpo/afina/space"
	scalar "github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
)

// trap is a problem that does to a search what trainings do, and what functions
// and surrogates from the literature do not: one such thing each. Every
// instance has another optimum.
type trap struct {
	params []space.Param
	// from makes the function of one instance. Its optimum is at best, a
	// configuration in the coordinates of the space, with the value 0.
	from func(best []float64, r *rand.Rand) func(u []float64) float64
	// show is what a trial sees of a value; nil: the value.
	show func(v float64, r *rand.Rand) Outcome
	// decades is set where the values span many, and regrets are logarithmic.
	decades bool
}

// traps returns the problems by name.
func traps() map[string]trap {
	return map[string]trap{
		"chance":   {params: network(), from: chance},
		"cliff":    {params: network(), from: cliff},
		"ratio":    {params: network(), from: ratio},
		"accuracy": {params: network(), from: wrong, show: accuracy},
		"outliers": {params: network(), from: bowl(1), show: outliers},
		"failures": {params: network(), from: bowl(1), show: failures},
		"decades":  {params: network(), from: decades, decades: true},
		"unscaled": {params: unscaled(), from: small},
		"useless":  {params: floats(40), from: useless},
		"switches": {params: switches(24), from: ising},
		"choices":  {params: words(8, letters), from: pairs},
		"boosting": {params: boosting(), from: mixed(boosting())},
		"nested":   {params: nested(), from: mixed(nested())},
	}
}

// trapNames lists them.
func trapNames() string { return strings.Join(slices.Sorted(maps.Keys(traps())), ", ") }

func logarithmic(p space.Param) space.Param { p.Scale = space.Log; return p }

// network is what most people tune first.
func network() []space.Param {
	return []space.Param{
		logarithmic(float("rate", 1e-5, 1)), logarithmic(integer("batch", 8, 512)), float("momentum", 0, 0.99),
		logarithmic(float("decay", 1e-7, 0.1)), float("dropout", 0, 0.9), integer("layers", 1, 8),
	}
}

// unscaled is the same by somebody who forgot the logarithms.
func unscaled() []space.Param {
	return []space.Param{
		float("rate", 0, 1), integer("batch", 1, 512), float("momentum", 0, 0.99), float("decay", 0, 0.1),
	}
}

func floats(n int) []space.Param {
	out := make([]space.Param, n)
	for i := range out {
		out[i] = float("x"+strconv.Itoa(i+1), 0, 1)
	}
	return out
}

func switches(n int) []space.Param {
	out := make([]space.Param, n)
	for i := range out {
		out[i] = toggle("b" + strconv.Itoa(i+1))
	}
	return out
}

func choice(name string, words ...string) space.Param {
	p := space.Param{Name: name, Kind: space.Choice}
	for _, w := range words {
		p.Choices = append(p.Choices, scalar.String(w))
	}
	return p
}

// letters is how many choices each parameter has in the trap of choices.
const letters = 5

func words(n, levels int) []space.Param {
	all := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	out := make([]space.Param, n)
	for i := range out {
		out[i] = choice("c"+strconv.Itoa(i+1), all[:levels]...)
	}
	return out
}

// boosting is the parameters of boosted trees, one of which exists with one
// kind of booster alone.
func boosting() []space.Param {
	return []space.Param{
		logarithmic(float("eta", 1e-3, 1)), logarithmic(integer("rounds", 10, 2000)), integer("depth", 1, 14),
		logarithmic(integer("child", 1, 128)), float("rows", 0.2, 1), float("columns", 0.2, 1),
		logarithmic(float("lambda", 1e-6, 100)), choice("booster", "trees", "dart"),
		under("booster", float("drop", 0, 0.6), scalar.String("dart")), choice("growth", "depth", "leaves", "none"),
	}
}

// nested is a network with its optimizer and schedule: twenty parameters, of
// which from seven to fifteen exist.
func nested() []space.Param {
	adam, sgd := scalar.String("adam"), scalar.String("sgd")
	out := []space.Param{
		choice("optimizer", "sgd", "adam", "lion"), logarithmic(float("rate", 1e-5, 1)), logarithmic(float("decay", 1e-7, 0.1)),
		under("optimizer", float("momentum", 0, 0.99), sgd), under("optimizer", toggle("nesterov"), sgd),
		under("optimizer", float("beta1", 0.5, 0.99), adam), under("optimizer", logarithmic(float("epsilon", 1e-9, 1e-3)), adam),
		choice("schedule", "constant", "cosine", "steps"),
		under("schedule", float("warmup", 0, 0.3), scalar.String("cosine")),
		under("schedule", integer("drops", 1, 5), scalar.String("steps")),
		integer("layers", 1, 5),
	}
	for i := 1; i <= 5; i++ {
		width, kind := logarithmic(integer(fmt.Sprint("width", i), 8, 1024)), choice(fmt.Sprint("activation", i), "relu", "gelu", "tanh")
		if i > 1 {
			var from []space.Value
			for k := i; k <= 5; k++ {
				from = append(from, scalar.Int(int64(k)))
			}
			width, kind = under("layers", width, from...), under("layers", kind, from...)
		}
		out = append(out, width, kind)
	}
	return out
}

// bowl is a valley with the given power of the distance: each coordinate with a
// weight of its own, and the first two act through their sum as well.
func bowl(power float64) func([]float64, *rand.Rand) func([]float64) float64 {
	return func(best []float64, r *rand.Rand) func([]float64) float64 {
		weights := make([]float64, len(best))
		for i := range weights {
			weights[i] = math.Exp2(3 * r.Float64())
		}
		return func(u []float64) float64 {
			sum := 8 * math.Pow((u[0]-best[0])+(u[1]-best[1]), 2)
			for i, w := range weights {
				sum += w * math.Pow(u[i]-best[i], 2)
			}
			return math.Pow(sum, power/2) / 3
		}
	}
}

// wrong is a bowl that ends at 1: a share of examples.
func wrong(best []float64, r *rand.Rand) func([]float64) float64 {
	f := bowl(2)(best, r)
	return func(u []float64) float64 { return -math.Expm1(-f(u)) }
}

// chance is a bowl whose upper part is flat: a network that does not learn is
// as bad as guessing, and says nothing about why.
func chance(best []float64, r *rand.Rand) func([]float64) float64 {
	f := bowl(1)(best, r)
	return func(u []float64) float64 { return math.Min(f(u), 0.7) }
}

// cliff is a bowl beside which values explode: where rate and momentum together
// are a little larger than at the optimum.
func cliff(best []float64, r *rand.Rand) func([]float64) float64 {
	f := bowl(2)(best, r)
	return func(u []float64) float64 {
		over := (u[0] - best[0]) + 0.4*(u[2]-best[2]) - 0.05
		return f(u) + math.Expm1(60*math.Max(over, 0))
	}
}

// ratio is a narrow valley across the coordinates: only rate, batch and
// momentum together decide, and how long the way along it is.
func ratio(best []float64, r *rand.Rand) func([]float64) float64 {
	f := bowl(2)(best, r)
	return func(u []float64) float64 {
		across := (u[0] - best[0]) - 0.6*(u[1]-best[1]) + 0.5*(u[2]-best[2])
		return 0.3*f(u) + 1 - math.Exp(-80*across*across)
	}
}

// decades is the exponential of a bowl: twelve orders of magnitude.
func decades(best []float64, r *rand.Rand) func([]float64) float64 {
	f := bowl(1)(best, r)
	return func(u []float64) float64 { return math.Log1p(1e4*f(u)*f(u)) * math.Expm1(12*f(u)) }
}

// small is a bowl in the logarithms of coordinates that have a linear scale: the
// best rate lies between a thousandth and a hundredth of the range, and of best
// only the momentum is used.
func small(best []float64, r *rand.Rand) func([]float64) float64 {
	at := []float64{-2 - r.Float64(), -0.5 - r.Float64(), 0, -2 - r.Float64()}
	return func(u []float64) float64 {
		sum := 0.0
		for i, v := range u {
			d := v - best[i]
			if i != 2 {
				d = (math.Log10(math.Max(v, 1e-5)) - at[i]) / 3
			}
			sum += d * d
		}
		return sum
	}
}

// useless is a bowl of the first five coordinates, with weak effects of the
// next five and none of the others.
func useless(best []float64, r *rand.Rand) func([]float64) float64 {
	order := r.Perm(len(best))
	f := bowl(2)(make([]float64, 5), r)
	return func(u []float64) float64 {
		var strong [5]float64
		weak := 0.0
		for k := range strong {
			i, j := order[k], order[k+5]
			strong[k] = u[i] - best[i]
			weak += math.Pow(u[j]-best[j], 2)
		}
		return f(strong[:]) + 0.05*weak
	}
}

// ising is what switches do by themselves, and each with two others.
func ising(best []float64, r *rand.Rand) func([]float64) float64 {
	n := len(best)
	alone, left, right := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range n {
		alone[i], left[i], right[i] = r.Float64(), r.Float64(), r.Float64()
	}
	first, second := r.Perm(n), r.Perm(n)
	return func(u []float64) float64 {
		sum := 0.0
		wrong := func(i int) bool { return u[i] != best[i] }
		for i := range n {
			if wrong(i) {
				sum += alone[i]
			}
			if wrong(i) != wrong(first[i]) {
				sum += left[i]
			}
			if wrong(i) && wrong(second[i]) {
				sum += right[i]
			}
		}
		return sum / float64(n)
	}
}

// pairs is a table of what each choice does, and of what each does with the
// next one.
func pairs(best []float64, r *rand.Rand) func([]float64) float64 {
	n := len(best)
	const levels = 8 // drawn for; the space has the first of them
	alone, together := make([][levels]float64, n), make([][levels][levels]float64, n)
	for i := range n {
		for k := range levels {
			alone[i][k] = r.Float64()
			for l := range levels {
				together[i][k][l] = r.Float64()
			}
		}
	}
	place := func(u float64) int { return min(int(u*letters), letters-1) }
	for i, b := range best {
		alone[i][place(b)] = 0
		together[i][place(b)][place(best[(i+1)%n])] = 0
	}
	return func(u []float64) float64 {
		sum := 0.0
		for i, v := range u {
			sum += alone[i][place(v)] + together[i][place(v)][place(u[(i+1)%n])]
		}
		return sum / float64(n)
	}
}

// mixed is a bowl of the numbers that exist, where another choice than the best
// costs as much as a number that is far away, and a parameter that exists on
// one side alone a little.
func mixed(params []space.Param) func([]float64, *rand.Rand) func([]float64) float64 {
	return func(best []float64, r *rand.Rand) func([]float64) float64 {
		weights := make([]float64, len(best))
		for i := range weights {
			weights[i] = math.Exp2(3*r.Float64()) / 3
		}
		return func(u []float64) float64 {
			sum := 0.0
			for i, w := range weights {
				switch there, wanted := u[i] == u[i], best[i] == best[i]; {
				case there != wanted:
					sum += 0.1 * w
				case there && params[i].IsNumeric():
					sum += w * math.Pow(u[i]-best[i], 2)
				case there && u[i] != best[i]:
					sum += 0.2 * w
				}
			}
			return sum
		}
	}
}

// accuracy is the share of two hundred examples that are wrong: many
// configurations are exactly as good as one another.
func accuracy(v float64, _ *rand.Rand) Outcome {
	return Outcome{Values: []float64{math.Round(200*v) / 200}}
}

// outliers is a value that every tenth trial has by tens to thousands too
// large, for no reason.
func outliers(v float64, r *rand.Rand) Outcome {
	size, odd := math.Pow(10, 1+2*r.Float64()), r.Float64() < 0.1
	if odd {
		v *= size
	}
	return Outcome{Values: []float64{v}}
}

// failures is a value that every sixth trial does not have, for no reason.
func failures(v float64, r *rand.Rand) Outcome {
	if r.Float64() < 1.0/6 {
		return Outcome{Crashed: true}
	}
	return Outcome{Values: []float64{v}}
}

// shown is an exact problem of which trials see something else.
type shown struct {
	exact
	show func(v float64, r *rand.Rand) Outcome
}

// Evaluate implements [Problem].
func (s *shown) Evaluate(c space.Config, _ float64, r *rand.Rand) (Outcome, error) {
	return s.show(s.eval(c).Values[0], r), nil
}

func openTrap(_ *Library, name string, _ []int, words []string) (Problem, error) {
	all := traps()
	t, ok := all[words[0]]
	if !ok {
		return nil, fmt.Errorf("the traps are %s, not %s", trapNames(), words[0])
	}
	instance, err := strconv.Atoi(words[1])
	if err != nil {
		return nil, err
	}
	s, err := space.New(space.Spec{Params: t.params})
	if err != nil {
		return nil, err
	}
	r := study.Stream(uint64(instance), 0, "bench/trap/"+words[0])
	best := s.Encode(s.Random(r), make([]float64, s.Len()))
	f := t.from(best, r)
	p := &shown{show: t.show}
	p.exact = exact{base: base{name: name, space: s, objectives: value}, eval: func(c space.Config) Outcome {
		return Outcome{Values: []float64{f(s.Encode(c, make([]float64, s.Len())))}}
	}}
	if t.show == nil {
		p.show = func(v float64, _ *rand.Rand) Outcome { return Outcome{Values: []float64{v}} }
	}
	p.judged(p, 0, t.decades)
	return p, nil
}
