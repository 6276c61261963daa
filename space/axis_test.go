package space_test

import (
	"fmt"
	"math"
	"sort"
	"testing"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/spacetest"
	"github.com/afina-hpo/afina/space/value"
)

// The quantiles of SciPy 1.17.1: stats.truncnorm.ppf, stats.lognorm.ppf (of
// the probabilities between those of the bounds) and stats.loguniform.ppf; the
// reverse-log scale is 1 less the loguniform.isf of the mirrored interval.
func TestDecodeMatchesSciPy(t *testing.T) {
	inf := math.Inf(1)
	us := []float64{1e-6, 0.01, 0.25, 0.5, 0.9, 0.999999}
	for _, c := range []struct {
		name string
		p    space.Param
		want []float64
	}{
		{"normal", space.Param{Prior: space.Normal, Low: -inf, High: inf, Mean: 3, SD: 2},
			[]float64{-6.506848617645797, -1.6526957480816815, 1.6510204996078366, 3.0, 5.563103131089201, 12.506848617634175}},
		{"normal cut on both sides", space.Param{Prior: space.Normal, Low: 0, High: 1, Mean: 0.25, SD: 0.5},
			[]float64{8.871293697143567e-07, 0.008832637212541405, 0.2057018240545086, 0.4038769105744978, 0.8149178590644106, 0.9999975885400075}},
		{"normal cut below", space.Param{Prior: space.Normal, Low: 0, High: inf, Mean: -1, SD: 1},
			[]float64{6.556797571555251e-07, 0.006578433159746266, 0.18004358389583208, 0.4096087092934546, 1.1477823374724054, 4.11286414579539}},
		{"normal cut above", space.Param{Prior: space.Normal, Low: -inf, High: -2, Mean: 0, SD: 1},
			[]float64{-5.468054248845084, -3.5059371543707547, -2.5309604940087076, -2.2776048388094594, -2.0440335029544965, -2.000000421369407}},
		{"upper tail of a normal", space.Param{Prior: space.Normal, Low: 5, High: 8, Mean: 0, SD: 1},
			[]float64{5.000000192808198, 5.001937436164772, 5.05518340522108, 5.1320183316359245, 5.426933999562427, 7.206389910660629}},
		{"lower tail of a normal", space.Param{Prior: space.Normal, Low: -8, High: -5, Mean: 0, SD: 1},
			[]float64{-7.206389910664539, -5.824364508623127, -5.260933603624186, -5.1320183316359245, -5.020276020918337, -5.000000192808198}},
		{"log-normal", space.Param{Prior: space.LogNormal, Low: 0, High: inf, Mean: -1, SD: 0.75},
			[]float64{0.010409168948097534, 0.06426366419448618, 0.22182481890517725, 0.36787944117144233, 0.9619081357673087, 13.001545455822177}},
		{"log-normal cut on both sides", space.Param{Prior: space.LogNormal, Low: 0.1, High: 2, Mean: -1, SD: 0.75},
			[]float64{0.10000080428688678, 0.10766672047618267, 0.23650410174486886, 0.3781280772686594, 0.9355091398167851, 1.999954491005802}},
		{"log-normal far from its bounds", space.Param{Prior: space.LogNormal, Low: 1, High: 100, Mean: 2, SD: 1},
			[]float64{1.0000180150447007, 1.1669826820154774, 3.954223602706197, 7.559163384636182, 26.338707596946605, 99.99274307509975}},
		{"log", space.Param{Scale: space.Log, Low: 1e-5, High: 1e-1},
			[]float64{1.0000092103827865e-05, 1.0964781961431843e-05, 9.999999999999991e-05, 0.0010000000000000002, 0.03981071705534976, 0.09999907897020427}},
		{"reverse log", space.Param{Scale: space.ReverseLog, Low: 0.9, High: 0.9999},
			[]float64{0.900000690773142, 0.906674569920301, 0.9822172058996113, 0.9968377223398318, 0.9998004737685031, 0.9998999993092221}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.p.Name, c.p.Kind = "x", space.Float
			s := spacetest.Must(space.Spec{Params: []space.Param{c.p}})
			for k, u := range us {
				v := s.DecodeParam(0, u)
				if x := v.AsFloat(); math.Abs(x-c.want[k]) > 1e-9*math.Abs(c.want[k]) {
					t.Errorf("u = %v: got %.17g, SciPy has %.17g", u, x, c.want[k])
				}
				if back := s.EncodeParam(0, value.Float(c.want[k])); math.Abs(back-u) > 1e-9 {
					t.Errorf("x = %v: encodes to %.17g, want %v", c.want[k], back, u)
				}
			}
		})
	}
}

func TestDiscreteValuesEncodeToTheMiddle(t *testing.T) {
	s := spacetest.Must(space.Spec{Params: []space.Param{
		{Name: "int", Kind: space.Int, Low: 1, High: 4},
		{Name: "step", Kind: space.Float, Low: 0, High: 1, Step: 0.25},
		{Name: "even", Kind: space.Int, Low: 2, High: 7, Step: 2},
		{Name: "choice", Kind: space.Choice, Choices: []space.Value{value.Int(7), value.Null}, Weights: []float64{1, 3}},
		{Name: "fixed", Kind: space.Int, Low: 3, High: 3},
	}})
	for i, want := range [][]float64{
		{0.125, 0.375, 0.625, 0.875},
		{0.1, 0.3, 0.5, 0.7, 0.9},
		{1. / 6, 0.5, 5. / 6},
		{0.125, 0.625},
		{0.5},
	} {
		p := s.Param(i)
		n, ok := p.Count()
		if !ok || n != len(want) {
			t.Errorf("%s counts %d, %v; want %d", p.Name, n, ok, len(want))
			continue
		}
		for k := range want {
			if u := s.EncodeParam(i, p.Nth(k)); math.Abs(u-want[k]) > 1e-15 {
				t.Errorf("%s = %v encodes to %v, want %v", p.Name, p.Nth(k), u, want[k])
			}
		}
	}
}

// Steps are what people write: 0.3, not 0.30000000000000004.
func TestStepsAreRoundNumbers(t *testing.T) {
	for _, c := range []struct {
		low, high, step float64
		want            string
	}{
		{0.1, 0.7, 0.1, "[0.1 0.2 0.3 0.4 0.5 0.6 0.7]"},
		{-0.3, 0.3, 0.1, "[-0.3 -0.2 -0.1 0 0.1 0.2 0.3]"},
		{0, 1, 0.3, "[0 0.3 0.6 0.9]"},
		{1e-5, 5e-5, 1e-5, "[1e-5 2e-5 3e-5 4e-5 5e-5]"},
		{1e15, 1e15 + 4e3, 2e3, "[1e15 1.000000000002e15 1.000000000004e15]"},
		{0, 0.29999999999, 0.1, "[0 0.1 0.2 0.29999999999]"}, // the last one stays in bounds
		{0.12345678901234567, 1, 0.5, "[0.12345678901234566 0.623456789012346]"},
	} {
		s := spacetest.Must(space.Spec{Params: []space.Param{{Name: "x", Kind: space.Float, Low: c.low, High: c.high, Step: c.step}}})
		var got []string
		n, _ := s.Param(0).Count()
		for k := range n {
			v := s.Param(0).Nth(k)
			got = append(got, v.Text())
			if w := s.DecodeParam(0, (float64(k)+0.5)/float64(n)); w != v {
				t.Errorf("%v: the %d-th is %v by count, %v by place", c, k, v, w)
			}
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("got %v, want %s", got, c.want)
		}
	}
}

// chiSquare returns Pearson's statistic of counts against the probabilities.
func chiSquare(counts []int, probability func(k int) float64) float64 {
	total, sum := 0, 0.0
	for _, n := range counts {
		total += n
	}
	for k, n := range counts {
		want := float64(total) * probability(k)
		sum += (float64(n) - want) * (float64(n) - want) / want
	}
	return sum
}

func TestWeightsAreRespected(t *testing.T) {
	weights := []float64{1, 2, 4, 8, 5}
	choices := make([]space.Value, len(weights))
	for i := range choices {
		choices[i] = value.Int(int64(i))
	}
	s := spacetest.Must(space.Spec{Params: []space.Param{{Name: "c", Kind: space.Choice, Choices: choices, Weights: weights}}})
	counts := make([]int, len(weights))
	r := random(1)
	for range 20_000 {
		counts[s.Param(0).Index(s.Random(r).At(0))]++
	}
	// Four degrees of freedom: 23.5 is exceeded once in ten thousand.
	if x := chiSquare(counts, func(k int) float64 { return weights[k] / 20 }); x > 23.5 {
		t.Errorf("chi-square %v of %v", x, counts)
	}
}

// On a log scale from 1 the probability of k is that of [k-1/2, k+1/2] under
// the density 1/x, about 1/k.
func TestLogIntsAreAllReachable(t *testing.T) {
	const high = 16
	s := spacetest.Must(space.Spec{Params: []space.Param{{Name: "n", Kind: space.Int, Low: 1, High: high, Scale: space.Log}}})
	counts := make([]int, high)
	r := random(2)
	for range 20_000 {
		counts[int(s.Random(r).At(0).AsFloat())-1]++
	}
	probability := func(k int) float64 { return math.Log((float64(k)+1.5)/(float64(k)+0.5)) / math.Log(2*high+1) }
	if x := chiSquare(counts, probability); x > 44.3 { // fifteen degrees of freedom, one in ten thousand
		t.Errorf("chi-square %v of %v", x, counts)
	}
}

// A coarse step above a small low value must not give it all the room.
func TestLogStepsShareTheRoom(t *testing.T) {
	for _, low := range []float64{1, 5.0001, 1e-3} {
		s := spacetest.Must(space.Spec{Params: []space.Param{{Name: "x", Kind: space.Float, Low: low, High: low + 100, Step: 10, Scale: space.Log}}})
		counts := map[float64]int{}
		r := random(3)
		for range 20_000 {
			counts[s.Random(r).At(0).AsFloat()]++
		}
		if len(counts) != 11 {
			t.Errorf("low %v: %d of 11 values turn up", low, len(counts))
		}
		// The first value gets at most the gap to the second on either side.
		gap := math.Log((low + 10) / low)
		if share, most := float64(counts[low])/20_000, 2*gap/(gap+math.Log((low+100)/low)); share > most {
			t.Errorf("low %v: the first value has %v of the draws, at most %v is sensible", low, share, most)
		}
	}
}

// Kolmogorov and Smirnov's distance between draws and the prior's distribution.
func TestDrawsFollowThePrior(t *testing.T) {
	normal := func(mean, sd float64) func(x float64) float64 {
		return func(x float64) float64 { return 0.5 * math.Erfc((mean-x)/sd/math.Sqrt2) }
	}
	inf := math.Inf(1)
	for _, c := range []struct {
		name string
		p    space.Param
		cdf  func(x float64) float64
	}{
		{"linear", space.Param{Low: -2, High: 6}, func(x float64) float64 { return (x + 2) / 8 }},
		{"log", space.Param{Low: 1e-4, High: 1, Scale: space.Log}, func(x float64) float64 { return 1 + math.Log10(x)/4 }},
		{"reverse log", space.Param{Low: 0, High: 0.999, Scale: space.ReverseLog}, func(x float64) float64 { return -math.Log10(1-x) / 3 }},
		{"normal", space.Param{Low: -inf, High: inf, Prior: space.Normal, Mean: 1, SD: 3}, normal(1, 3)},
		{"upper half of a normal", space.Param{Low: 1, High: inf, Prior: space.Normal, Mean: 1, SD: 3},
			func(x float64) float64 { return 2*normal(1, 3)(x) - 1 }},
		{"log-normal", space.Param{High: inf, Prior: space.LogNormal, Mean: 2, SD: 0.5},
			func(x float64) float64 { return normal(2, 0.5)(math.Log(x)) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.p.Name, c.p.Kind = "x", space.Float
			s := spacetest.Must(space.Spec{Params: []space.Param{c.p}})
			const n = 5000
			xs := make([]float64, n)
			r := random(4)
			for i := range xs {
				xs[i] = s.Random(r).At(0).AsFloat()
			}
			sort.Float64s(xs)
			far := 0.0
			for i, x := range xs {
				far = max(far, math.Abs(c.cdf(x)-float64(i)/n), math.Abs(c.cdf(x)-float64(i+1)/n))
			}
			if far > 2.23/math.Sqrt(n) { // exceeded once in ten thousand
				t.Errorf("the distributions are %v apart", far)
			}
		})
	}
}

// Far out, an unbounded prior has numbers that no float or int can hold.
func TestUnboundedPriorsStayFinite(t *testing.T) {
	inf := math.Inf(1)
	for _, p := range []space.Param{
		{Kind: space.Float, Low: 0, High: inf, Prior: space.LogNormal, Mean: 700, SD: 100},
		{Kind: space.Float, Low: -inf, High: inf, Prior: space.Normal, SD: 1e308},
		{Kind: space.Int, Low: -inf, High: inf, Prior: space.Normal, SD: 1e200},
		{Kind: space.Int, Low: 0, High: inf, Prior: space.LogNormal, Mean: 80, SD: 10},
		{Kind: space.Int, Low: -inf, High: 10, Prior: space.Normal, Mean: 0, SD: 1e17},
	} {
		p.Name = "x"
		s := spacetest.Must(space.Spec{Params: []space.Param{p}})
		for _, u := range []float64{0, 1e-300, 1e-9, 0.5, 0.99, 1} {
			if _, err := p.Coerce(s.DecodeParam(0, u)); err != nil {
				t.Errorf("%+v at %v: %v", p, u, err)
			}
		}
	}
}
