package grid

import (
	"math"
	"strconv"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
)

// MaxSteps is the largest number of values of a stepped parameter that all
// become levels.
const MaxSteps = 1000

// levels returns the levels of every parameter, ascending, each at least one.
func levels(s *space.Space, points int) [][]space.Value {
	all := make([][]space.Value, s.Len())
	for i := range all {
		all[i] = paramLevels(s, i, points)
	}
	return all
}

func paramLevels(s *space.Space, i, points int) []space.Value {
	p := s.Param(i)
	n, finite := p.Count()
	most := 2 * points
	if p.Step > 0 {
		most = MaxSteps
	}
	if finite && (!p.IsNumeric() || n <= most) {
		vs := make([]space.Value, n)
		for k := range vs {
			vs[k] = p.Nth(k)
		}
		return vs
	}
	var vs []space.Value
	for k := range points {
		v := level(s, i, k, points)
		if len(vs) == 0 || v != vs[len(vs)-1] {
			vs = append(vs, v)
		}
	}
	return vs
}

// level returns the k-th of n levels of a numeric parameter.
func level(s *space.Space, i, k, n int) space.Value {
	p := s.Param(i)
	if n == 1 || p.Prior != space.Uniform {
		return rounded(p, s.DecodeParam(i, (float64(k)+0.5)/float64(n)))
	}
	// The cube gives discrete values an interval each; the levels lie evenly
	// between the first and the last value themselves, not between the edges
	// of their intervals.
	lo := s.EncodeParam(i, s.DecodeParam(i, 0))
	hi := s.EncodeParam(i, s.DecodeParam(i, 1))
	return rounded(p, s.DecodeParam(i, lo+(hi-lo)*float64(k)/float64(n-1)))
}

// rounded drops the last digits of a float, which are noise of the scale's
// logarithm: 0.001 and not 0.0010000000000000002.
func rounded(p *space.Param, v space.Value) space.Value {
	if p.Kind != space.Float || p.Step > 0 {
		return v
	}
	x, err := strconv.ParseFloat(strconv.FormatFloat(v.AsFloat(), 'g', 12, 64), 64)
	if err != nil { // out of range: rounded up beyond the largest float
		return v
	}
	return value.Float(math.Min(math.Max(x, p.Low), p.High))
}
