package space

import (
	"math"
	"unicode/utf8"

	"github.com/afina-hpo/afina/space/value"
)

const nameHint = "a name starts with a letter or _ and holds at most 128 letters, digits or _ . / -"

// problems checks p by itself.
func (p *Param) problems() []Problem {
	c := check{path: p.Name}
	if !ValidName(p.Name) {
		c.add("", "invalid parameter name %q", nameHint, p.Name)
	}
	switch p.Kind {
	case Float, Int:
		p.checkNumber(&c)
	case Bool, Choice:
		p.checkChoice(&c)
	default:
		c.add("", "has no type", "say float, int, bool or choice")
	}
	for _, b := range p.Branches {
		if len(b.Values) == 0 {
			c.add("when", "the branch under %q has no value", "name at least one value of the parent", b.Parent)
		}
	}
	if p.Context && p.Conditional() {
		c.add("context", "a context cannot hang on a condition", "the world gives it whatever else is chosen: move it to the top, or drop context")
	}
	if p.If != nil && !p.If.IsCondition() {
		c.add("if", "%q is never true or false", "compare it with something, as in x > 0", p.If.Source())
	}
	if len(c.found) == 0 && !p.Default.IsAbsent() {
		if _, err := p.Coerce(p.Default); err != nil {
			c.add("default", "%v", "", err)
		}
	}
	return c.found
}

func (p *Param) checkNumber(c *check) {
	if p.checkBounds(c) {
		p.checkScale(c)
		p.checkStep(c)
		p.checkPrior(c)
	}
	if len(p.Choices) > 0 || p.Ordered || len(p.Weights) > 0 {
		c.add(p.Kind.String(), "has choices, an order or weights, but is %s", "use choice, or drop them", an(p.Kind))
	}
}

// checkBounds reports whether the bounds are an interval, so that the rest can
// be checked against it.
func (p *Param) checkBounds(c *check) bool {
	lo, hi := p.Low, p.High
	where := p.Kind.String()
	switch {
	case math.IsNaN(lo) || math.IsNaN(hi):
		c.add(where, "a bound is not a number", "give [low, high]")
		return false
	case lo > hi:
		c.add(where, "low %s is above high %s", "write [%s, %s]", value.FormatFloat(lo), value.FormatFloat(hi), value.FormatFloat(hi), value.FormatFloat(lo))
		return false
	case math.IsInf(lo, 1) || math.IsInf(hi, -1):
		c.add(where, "there is no number in [%s, %s]", "give finite bounds", value.FormatFloat(lo), value.FormatFloat(hi))
		return false
	}
	if (math.IsInf(lo, 0) || math.IsInf(hi, 0)) && p.Prior == Uniform {
		c.add(where, "the bounds are infinite", "give finite bounds, or a normal or log-normal prior")
		return false
	}
	if !math.IsInf(lo, 0) && !math.IsInf(hi, 0) && math.IsInf(hi-lo, 0) {
		c.add(where, "the interval [%s, %s] is too wide for a float", "narrow it, or use a log scale on a positive interval", value.FormatFloat(lo), value.FormatFloat(hi))
		return false
	}
	if p.Kind == Int {
		for _, b := range []float64{lo, hi} {
			if !math.IsInf(b, 0) && (b != math.Trunc(b) || math.Abs(b) > maxExact) {
				c.add(where, "bound %s is not a whole number within ±2^53", "use float, or whole bounds", value.FormatFloat(b))
			}
		}
	}
	return true
}

func (p *Param) checkScale(c *check) {
	lo, hi := p.Low, p.High
	switch p.Scale {
	case Linear:
	case Log:
		if lo <= 0 {
			c.add("log", "a log scale needs a low bound above 0, not %s", "start at a small positive number (of an int: 1), or drop log", value.FormatFloat(lo))
		}
	case ReverseLog:
		if p.Kind != Float {
			c.add("reverse_log", "a reverse-log scale is for float", "use float")
		} else if lo < 0 || hi >= 1 {
			c.add("reverse_log", "a reverse-log scale needs 0 <= low and high < 1, not [%s, %s]", "it is for numbers just below one, such as a discount", value.FormatFloat(lo), value.FormatFloat(hi))
		}
	default:
		c.add("", "unknown scale %d", "", p.Scale)
	}
}

func (p *Param) checkStep(c *check) {
	lo, hi := p.Low, p.High
	openHigh := math.IsInf(hi, 0)
	// A grid is rounded to 15 digits: its values have to differ in them.
	size := math.Abs(lo)
	if !openHigh {
		size = math.Max(size, math.Abs(hi))
	}
	switch {
	case p.Step == 0:
	case !(p.Step > 0) || math.IsInf(p.Step, 0):
		c.add("step", "a step must be above 0", "")
	case math.IsInf(lo, 0):
		c.add("step", "a step needs a finite low bound, from which it is counted", "")
	case p.Step > hi-lo:
		c.add("step", "the step %s is larger than the interval", "a step between 0 and %s", value.FormatFloat(p.Step), value.FormatFloat(hi-lo))
	case p.Kind == Int && p.Step != math.Trunc(p.Step):
		c.add("step", "the step %s of an int is not a whole number", "use float, or a whole step", value.FormatFloat(p.Step))
	case p.Kind == Float && p.Step < 1e-12*size:
		c.add("step", "the step %s is too small for numbers like %s", "a float holds 15 digits; use a larger step or none", value.FormatFloat(p.Step), value.FormatFloat(size))
	}
}

// minMass is the least part of a prior that the bounds may leave: below it the
// unit interval would map to too few different floats.
const minMass = 1e-9

func (p *Param) checkPrior(c *check) {
	switch p.Prior {
	case Uniform:
		return
	case Normal, LogNormal:
	default:
		c.add("", "unknown prior %d", "", p.Prior)
		return
	}
	if p.Scale != Linear {
		c.add("prior", "a %s prior and a %s scale exclude each other", "the prior is the scale: drop one of them", p.Prior, p.Scale)
	}
	switch {
	case !(p.SD > 0) || math.IsInf(p.SD, 0) || math.IsNaN(p.Mean) || math.IsInf(p.Mean, 0):
		c.add("prior", "a %s prior needs a finite mean and a standard deviation above 0", "", p.Prior)
	case p.Prior == LogNormal && p.Low < 0:
		c.add("prior", "a log-normal prior needs a low bound of at least 0, not %s", "set the low bound to 0", value.FormatFloat(p.Low))
	case len(c.found) == 0 && p.Low < p.High:
		if a := newAxis(p); !(a.width > minMass) {
			c.add("prior", "the bounds [%s, %s] cut off practically all of the prior", "move the bounds or the mean closer to each other", value.FormatFloat(p.Low), value.FormatFloat(p.High))
		}
	}
}

func (p *Param) checkChoice(c *check) {
	if p.Low != 0 || p.High != 0 || p.Step != 0 || p.Scale != Linear || p.Prior != Uniform || p.Mean != 0 || p.SD != 0 {
		c.add(p.Kind.String(), "has bounds, a step, a scale or a prior, but is %s", "use float or int, or drop them", an(p.Kind))
	}
	if len(p.Choices) == 0 {
		c.add("choice", "the list of choices is empty", "name at least one value")
	}
	seen := make(map[Value]bool, len(p.Choices))
	for i, v := range p.Choices {
		text, _ := v.AsString()
		switch x := v.AsFloat(); {
		case v.IsAbsent():
			c.add("choice", "choice %d has no value", "", i+1)
		case v.IsNumber() && (math.IsNaN(x) || math.IsInf(x, 0)):
			c.add("choice", "choice %d is not finite", "use a text for it", i+1)
		case !utf8.ValidString(text):
			c.add("choice", "choice %d is not valid UTF-8", "", i+1)
		case seen[canonical(v)]:
			c.add("choice", "the value %v is there twice", "drop one", v)
		}
		seen[canonical(v)] = true
	}
	if p.Weights != nil {
		p.checkWeights(c)
	}
}

// canonical returns the same Value for those that are [value.Equal].
func canonical(v Value) Value {
	if x := v.AsFloat(); v.Kind() == value.KindFloat && x == math.Trunc(x) && x >= -1<<63 && x < 1<<63 {
		return value.Int(int64(x))
	}
	return v
}

// minWeight is the least share of a choice: below it rounding could leave it
// no place in the unit interval.
const minWeight = 1e-9

func (p *Param) checkWeights(c *check) {
	if len(p.Weights) != len(p.Choices) {
		c.add("weights", "%d weights for %d choices", "one weight a choice, in the same order", len(p.Weights), len(p.Choices))
	}
	before, total := len(c.found), 0.0
	for _, w := range p.Weights {
		total += w
		if !(w > 0) || math.IsInf(w, 0) {
			c.add("weights", "the weight %s is not a positive number", "drop the choice if it is never to be drawn", value.FormatFloat(w))
		}
	}
	if len(c.found) > before {
		return
	}
	for _, w := range p.Weights {
		if !(w >= minWeight*total) || math.IsInf(total, 0) {
			c.add("weights", "the weight %s is too small beside their sum %s", "drop the choice if it is hardly ever to be drawn", value.FormatFloat(w), value.FormatFloat(total))
		}
	}
}
