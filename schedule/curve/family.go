package curve

import "math"

// maxParams is how many parameters a family has at most: f, b and two of
// shape.
const maxParams = 4

type vec [maxParams]float64

type mat [maxParams][maxParams]float64

// family is a kind of curve. Shape parameters are logarithms.
type family struct {
	name string
	n    int // of parameters, f and b included
	// raw falls, or stays, as the logarithm of the step rises from that of the
	// first to 0; u is raw, scaled. ep and eq are e to the shape parameters.
	raw func(logT, logFirst, ep, eq float64) float64
	// center and width are a weak prior of the shape.
	center, width [2]float64
}

var families = [...]family{
	{"power", 3, func(x, _, ep, _ float64) float64 { return math.Exp(-ep * x) },
		[2]float64{math.Log(0.5), 0}, [2]float64{1, 0}},
	{"exponential", 4, func(x, _, ep, eq float64) float64 { return math.Exp(-ep * math.Exp(eq*x)) },
		[2]float64{math.Log(5), 0}, [2]float64{1, 0.5}},
	{"logarithm", 3, func(x, first, ep, _ float64) float64 { return 1 / math.Log1p(ep*math.Exp(x-first)) },
		[2]float64{0, 0}, [2]float64{1, 0}},
	{"hill", 4, func(x, _, ep, eq float64) float64 { return 1 / (1 + math.Exp(eq*(x-math.Log(ep)))) },
		[2]float64{math.Log(0.2), 0}, [2]float64{1, 0.5}},
}

// maxShape bounds shape parameters, so that no power overflows.
const maxShape = 3

func clamp(x float64) float64 { return math.Max(-maxShape, math.Min(maxShape, x)) }

// u fills dst with the scaled shape at xs, logarithms of steps. Shapes that do
// not fall at all within floating point are straight lines.
func (m *family) u(dst, xs []float64, first float64, p, q float64) {
	ep, eq := math.Exp(clamp(p)), math.Exp(clamp(q))
	low := m.raw(0, first, ep, eq)
	width := m.raw(first, first, ep, eq) - low
	for i, x := range xs {
		if width > 1e-12 {
			dst[i] = (m.raw(x, first, ep, eq) - low) / width
		} else {
			dst[i] = x / first
		}
	}
}
