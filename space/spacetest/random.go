package spacetest

import (
	"fmt"
	"math"

	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/expr"
	"github.com/afina-hpo/afina/space/value"
)

// Spaces draws spaces of one to eight parameters: numbers on every scale, with
// steps and with priors whose bounds may be infinite, choices of any scalar,
// weights, defaults, conditions up to three deep (several branches, if
// expressions), constraints that a fair part of the space satisfies, derived
// values, and now and then an open space. Parents may stand behind their
// children.
func Spaces() *rapid.Generator[*space.Space] {
	return rapid.Custom(func(t *rapid.T) *space.Space { return draw(t, false) })
}

// FiniteSpaces draws spaces like those of [Spaces] in which every parameter has
// at most five values, so that all configurations can be looked at.
func FiniteSpaces() *rapid.Generator[*space.Space] {
	return rapid.Custom(func(t *rapid.T) *space.Space { return draw(t, true) })
}

// Points draws points of the unit cube of s, with corners and the boundaries
// between values more often than chance has it.
func Points(s *space.Space) *rapid.Generator[[]float64] {
	coordinate := rapid.OneOf(
		rapid.Float64Range(0, 1),
		rapid.SampledFrom([]float64{0, 1, 0.5, 0.25, 1.0 / 3, 1e-17, 1 - 1.0/(1<<53)}),
	)
	return rapid.SliceOfN(coordinate, s.Len(), s.Len())
}

// Configs draws configurations of s, whether or not they satisfy its
// constraints.
func Configs(s *space.Space) *rapid.Generator[space.Config] {
	return rapid.Map(Points(s), s.Decode)
}

// builder collects one random space.
type builder struct {
	t      *rapid.T
	finite bool
	params []space.Param
	depth  []int // how many conditions each parameter stands under
	spec   space.Spec
}

func draw(t *rapid.T, finite bool) *space.Space {
	b := builder{t: t, finite: finite}
	most := 8
	if finite {
		most = 5
	}
	for i := range rapid.IntRange(1, most).Draw(t, "parameters") {
		b.add(i)
	}
	b.derive()
	b.constrain()
	b.spec.Params = rapid.Permutation(b.params).Draw(t, "order")
	b.spec.Open = b.often(10, "open")
	s, err := space.New(b.spec)
	if err != nil {
		panic(fmt.Sprintf("spacetest: an invalid space was made: %v", err))
	}
	return s
}

// often is true in about percent of a hundred cases.
func (b *builder) often(percent int, what string) bool {
	return rapid.IntRange(0, 99).Draw(b.t, what) >= 100-percent // shrinks to false
}

func (b *builder) between(low, high float64, what string) float64 {
	return rapid.Float64Range(low, high).Draw(b.t, what)
}

func (b *builder) add(i int) {
	p := space.Param{Name: fmt.Sprintf(rapid.SampledFrom([]string{"p%d", "net.p%d", "odd/p-%d"}).Draw(b.t, "name"), i)}
	switch rapid.IntRange(0, 10).Draw(b.t, "kind") {
	case 0, 1:
		p.Kind = space.Bool
		p.Choices = []space.Value{value.Bool(false), value.Bool(true)}
		b.weigh(&p)
	case 2, 3, 4:
		b.choice(&p)
	case 5, 6, 7:
		p.Kind = space.Int
		b.number(&p)
	default:
		p.Kind = space.Float
		b.number(&p)
	}
	if b.often(40, "has default") {
		p.Default = b.someValue(&p)
	}
	depth := b.condition(i, &p)
	b.params = append(b.params, p)
	b.depth = append(b.depth, depth)
}

var scalars = []space.Value{
	value.Null, value.Bool(true), value.Bool(false),
	value.Int(0), value.Int(1), value.Int(-7), value.Int(math.MaxInt64),
	value.Float(0.5), value.Float(2.25e-9), value.Float(1e300), value.Float(3),
	value.String(""), value.String("adam"), value.String("1"), value.String("Infinity"),
	value.String("quote \" and \\ and \n"), value.String("Größe 大小 🎯"), value.String("<&>"),
}

func (b *builder) choice(p *space.Param) {
	p.Kind = space.Choice
	p.Choices = rapid.SliceOfNDistinct(rapid.SampledFrom(scalars), 1, 5, rapid.ID[space.Value]).Draw(b.t, "choices")
	p.Ordered = b.often(30, "ordered")
	b.weigh(p)
}

func (b *builder) weigh(p *space.Param) {
	if b.often(30, "weighted") {
		n := len(p.Choices)
		p.Weights = rapid.SliceOfN(rapid.Float64Range(0.01, 100), n, n).Draw(b.t, "weights")
	}
}

// number fills in the interval of a Float or Int.
func (b *builder) number(p *space.Param) {
	switch {
	case b.finite:
		b.grid(p)
	case b.often(20, "normal"):
		b.normal(p)
	case b.often(10, "log-normal"):
		b.logNormal(p)
	case p.Kind == space.Int:
		b.ints(p)
	default:
		b.floats(p)
	}
}

// grid makes a number of at most five values.
func (b *builder) grid(p *space.Param) {
	n := float64(rapid.IntRange(0, 4).Draw(b.t, "values less one"))
	p.Low = float64(rapid.IntRange(-3, 20).Draw(b.t, "low"))
	p.High = p.Low + n
	switch {
	case p.Kind == space.Float && n == 0:
	case p.Kind == space.Float:
		p.Low, p.High, p.Step = p.Low/10, p.Low/10+n*0.1+0.05, 0.1
	case n > 0 && b.often(30, "step"):
		p.Step = 2
		p.High = p.Low + 2*n + 1
	}
	if p.Low > 0 && b.often(30, "log") {
		p.Scale = space.Log
	}
}

func (b *builder) ints(p *space.Param) {
	p.Low = float64(rapid.IntRange(-1000, 1000).Draw(b.t, "low"))
	if b.often(40, "log") {
		p.Scale = space.Log
		p.Low = 1 + math.Abs(p.Low)
	}
	p.High = p.Low + float64(rapid.OneOf(rapid.IntRange(0, 20), rapid.IntRange(0, 1_000_000)).Draw(b.t, "width"))
	if p.High > p.Low && b.often(30, "step") {
		p.Step = math.Ceil((p.High - p.Low) / float64(rapid.IntRange(1, 30).Draw(b.t, "steps")))
	}
}

func (b *builder) floats(p *space.Param) {
	switch rapid.IntRange(0, 2).Draw(b.t, "scale") {
	case 0:
		p.Low = b.between(-1000, 1000, "low")
		p.High = p.Low + math.Pow(10, b.between(-6, 6, "width"))
	case 1:
		p.Scale = space.Log
		p.Low = math.Pow(10, b.between(-12, 2, "low"))
		p.High = p.Low * math.Pow(10, b.between(0, 8, "decades"))
	default:
		p.Scale = space.ReverseLog
		p.High = 1 - math.Pow(10, b.between(-8, -1, "gap"))
		p.Low = p.High * b.between(0, 1, "low")
	}
	if width := p.High - p.Low; width > 1e-6*math.Abs(p.High) && b.often(30, "step") {
		p.Step = width / float64(rapid.IntRange(1, 50).Draw(b.t, "steps"))
		if b.often(50, "uneven") {
			p.Step *= b.between(0.5, 1, "part") // High is then off the grid
		}
	}
}

func (b *builder) normal(p *space.Param) {
	p.Prior = space.Normal
	p.Mean, p.SD = b.between(-10, 10, "mean"), math.Pow(10, b.between(-1, 1, "sd"))
	if p.Kind == space.Int {
		p.Mean, p.SD = p.Mean*10, p.SD*10
	}
	p.Low, p.High = math.Inf(-1), math.Inf(1)
	if b.often(50, "bounded below") {
		p.Low = b.whole(p, p.Mean+p.SD*b.between(-4, 2, "low"))
	}
	if b.often(50, "bounded above") {
		p.High = b.whole(p, math.Max(p.Low, p.Mean)+p.SD*b.between(0.5, 4, "high"))
	}
}

func (b *builder) logNormal(p *space.Param) {
	p.Prior = space.LogNormal
	p.Mean, p.SD = b.between(-2, 2, "mean"), b.between(0.2, 1, "sd")
	if p.Kind == space.Int {
		p.Mean += 4
	}
	p.High = math.Inf(1)
	if b.often(50, "bounded below") {
		p.Low = b.whole(p, math.Exp(p.Mean-p.SD*b.between(0, 4, "low")))
	}
	if b.often(50, "bounded above") {
		p.High = b.whole(p, math.Exp(p.Mean+p.SD*b.between(0.5, 4, "high"))+1)
	}
}

// whole rounds a bound of an Int down.
func (b *builder) whole(p *space.Param, x float64) float64 {
	if p.Kind == space.Int {
		return math.Floor(x)
	}
	return x
}

// someValue returns a value that p can take.
func (b *builder) someValue(p *space.Param) space.Value {
	if !p.IsNumeric() {
		return rapid.SampledFrom(p.Choices).Draw(b.t, "value")
	}
	x := p.Low
	if math.IsInf(x, 0) {
		x = math.Min(b.whole(p, p.Mean), p.High)
	}
	if p.Kind == space.Int {
		return value.Int(int64(x))
	}
	return value.Float(x)
}

// condition puts p, the i-th parameter, under earlier ones, and returns how
// deep it stands.
func (b *builder) condition(i int, p *space.Param) int {
	depth := 0
	if i == 0 || !b.often(50, "conditional") {
		return depth
	}
	parents := rapid.SliceOfNDistinct(rapid.IntRange(0, i-1), 1, 2, rapid.ID[int]).Draw(b.t, "parents")
	for _, k := range parents {
		parent := &b.params[k]
		if b.depth[k] >= 3 {
			continue
		}
		depth = max(depth, b.depth[k]+1)
		if parent.IsNumeric() {
			p.If = b.comparison(parent)
			continue
		}
		n := rapid.IntRange(1, len(parent.Choices)).Draw(b.t, "branch values")
		p.Branches = append(p.Branches, space.Branch{
			Parent: parent.Name,
			Values: rapid.Permutation(parent.Choices).Draw(b.t, "branch")[:n],
		})
	}
	return depth
}

func (b *builder) comparison(p *space.Param) *expr.Program {
	op := rapid.SampledFrom([]string{">", "<=", "!=", "=="}).Draw(b.t, "operator")
	return Program(fmt.Sprintf("%s %s %s", ref(p.Name), op, b.someValue(p)))
}

// derive adds values computed from the numbers, the second from the first.
func (b *builder) derive() {
	for i := range b.params {
		if p := &b.params[i]; p.IsNumeric() && b.often(20, "derived") {
			b.spec.Derived = append(b.spec.Derived,
				space.Derived{Name: "twice", Expr: Program(ref(p.Name) + " * 2")},
				space.Derived{Name: "twice_and_one", Expr: Program("twice + 1")})
			return
		}
	}
}

// constrain adds constraints that hold in a good part of the space.
func (b *builder) constrain() {
	for i := range b.params {
		p := &b.params[i]
		if !p.IsNumeric() || p.Prior != space.Uniform || !b.often(15, "constrained") {
			continue
		}
		middle := value.FormatFloat(p.Low + (p.High-p.Low)/2)
		text := ref(p.Name) + " <= " + middle
		if len(b.spec.Derived) > 0 && b.often(30, "derived in constraint") {
			text += " or twice_and_one == null"
		}
		b.spec.Constraints = append(b.spec.Constraints, Program(text))
		if len(b.spec.Constraints) == 2 {
			return
		}
	}
}

// ref is the name of a parameter as any expression can write it.
func ref(name string) string { return fmt.Sprintf("params[%q]", name) }

// Program compiles an expression of a test, and panics where it does not
// compile.
func Program(source string) *expr.Program {
	p, err := expr.Compile(source)
	if err != nil {
		panic(fmt.Sprintf("spacetest: %q: %v", source, err))
	}
	return p
}
