package expr

import (
	"math"
	"testing"

	"github.com/afina-hpo/afina/space/value"
	"pgregory.net/rapid"
)

// The wanted values were computed with 60 digits by Python 3's decimal module
// (Decimal.ln and Decimal.exp, which round correctly) and then rounded to the
// nearest double. They are compared exactly: the last bit is the point.
func TestElementaryGolden(t *testing.T) {
	for _, test := range []struct {
		src  string
		want float64
	}{
		{"log(1e-05)", -11.512925464970229},
		{"log2(1e-05)", -16.609640474436812},
		{"log10(1e-05)", -5.0},
		{"log(0.1)", -2.3025850929940455},
		{"log2(0.1)", -3.321928094887362},
		{"log10(0.1)", -1.0},
		{"log(0.5)", -0.6931471805599453},
		{"log2(0.5)", -1.0},
		{"log10(0.5)", -0.3010299956639812},
		{"log(0.7)", -0.35667494393873245},
		{"log2(0.7)", -0.5145731728297583},
		{"log10(0.7)", -0.1549019599857432},
		{"log(0.7071067811865476)", -0.3465735902799726},
		{"log2(0.7071067811865476)", -0.4999999999999999},
		{"log10(0.7071067811865476)", -0.15051499783199057},
		{"log(0.9999999999999999)", -1.1102230246251565e-16},
		{"log2(0.9999999999999999)", -1.6017132519074588e-16},
		{"log10(0.9999999999999999)", -4.821637332766436e-17},
		{"log(1.0000000000000002)", 2.2204460492503128e-16},
		{"log2(1.0000000000000002)", 3.203426503814917e-16},
		{"log10(1.0000000000000002)", 9.64327466553287e-17},
		{"log(1.5)", 0.4054651081081644},
		{"log2(1.5)", 0.5849625007211562},
		{"log10(1.5)", 0.17609125905568124},
		{"log(2.0)", 0.6931471805599453},
		{"log2(2.0)", 1.0},
		{"log10(2.0)", 0.3010299956639812},
		{"log(3.0)", 1.0986122886681098},
		{"log2(3.0)", 1.584962500721156},
		{"log10(3.0)", 0.47712125471966244},
		{"log(10.0)", 2.302585092994046},
		{"log2(10.0)", 3.321928094887362},
		{"log10(10.0)", 1.0},
		{"log(1000.0)", 6.907755278982137},
		{"log2(1000.0)", 9.965784284662087},
		{"log10(1000.0)", 3.0},
		{"log(65536.0)", 11.090354888959125},
		{"log2(65536.0)", 16.0},
		{"log10(65536.0)", 4.816479930623699},
		{"log(1000000000000000.0)", 34.538776394910684},
		{"log2(1000000000000000.0)", 49.82892142331043},
		{"log10(1000000000000000.0)", 15.0},
		{"log(1.7976931348623157e308)", 709.782712893384},
		{"log2(1.7976931348623157e308)", 1024.0},
		{"log10(1.7976931348623157e308)", 308.25471555991675},
		{"log(5e-324)", -744.4400719213812},
		{"log2(5e-324)", -1074.0},
		{"log10(5e-324)", -323.3062153431158},
		{"log(2.2250738585072014e-308)", -708.3964185322641},
		{"log2(2.2250738585072014e-308)", -1022.0},
		{"log10(2.2250738585072014e-308)", -307.6526555685888},
		{"exp(1.0)", 2.718281828459045},
		{"exp(-1.0)", 0.36787944117144233},
		{"exp(0.5)", 1.6487212707001282},
		{"exp(1e-05)", 1.00001000005},
		{"exp(1e-300)", 1.0},
		{"exp(0.3465735902799727)", 1.4142135623730951},
		{"exp(0.1)", 1.1051709180756477},
		{"exp(-0.1)", 0.9048374180359595},
		{"exp(10.0)", 22026.465794806718},
		{"exp(-10.0)", 4.5399929762484854e-05},
		{"exp(100.0)", 2.6881171418161356e43},
		{"exp(-100.0)", 3.720075976020836e-44},
		{"exp(700.0)", 1.0142320547350045e304},
		{"exp(709.782712893384)", 1.7976931348622732e308},
		{"exp(-708.0)", 3.307553003638408e-308},
		{"exp(-745.0)", 5e-324},
		{"exp(20.5)", 799902177.4755054},
		{"pow(2.0, 0.5)", 1.4142135623730951},
		{"pow(10.0, -5.0)", 1e-05},
		{"pow(0.1, 3.0)", 0.0010000000000000002},
		{"pow(1.0000001, 10000000.0)", 2.7182816941320818},
		{"pow(3.0, 40.0)", 1.2157665459056929e19},
		{"pow(0.9, 100.5)", 2.5198355497511797e-05},
		{"pow(2.0, -1074.0)", 5e-324},
		{"pow(7.5, 2.0)", 56.25},
		{"pow(1.5, -0.25)", 0.9036020036098449},
		{"pow(123.456, 7.89)", 3.1771028258180936e16},
		{"pow(0.999, 12345.678)", 4.321729203048349e-06},
		{"pow(-2.5, 3.0)", -15.625},
		{"pow(-2.5, 4.0)", 39.0625},
	} {
		t.Run(test.src, func(t *testing.T) {
			p, err := Compile(test.src)
			if err != nil {
				t.Fatal(err)
			}
			got, err := p.Eval(nil)
			if err != nil || got != value.Float(test.want) {
				t.Errorf("got %v, %v, want %v", got, err, test.want)
			}
		})
	}
}

func TestElementarySpecialCases(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, x := range []float64{0, 1, -1, 2, -2, 0.5, -0.5, inf, -inf, nan, math.MaxFloat64, -math.MaxFloat64, 2.3e-308, 1e300, 3, -3} {
		same := func(name string, got, want float64) {
			if !close(got, want) {
				t.Errorf("%s(%v) = %v, want %v", name, x, got, want)
			}
		}
		same("exp", exp(x), math.Exp(x))
		same("log", log(x), math.Log(x))
		same("log2", log2(x), math.Log2(x))
		same("log10", log10(x), math.Log10(x))
		for _, y := range []float64{0, 1, -1, 2, -2, 3, -3, 0.5, -0.5, inf, -inf, nan, 1e300, -1e300, math.MaxFloat64} {
			if got, want := power(x, y), math.Pow(x, y); !close(got, want) {
				t.Errorf("power(%v, %v) = %v, want %v", x, y, got, want)
			}
		}
	}
}

// Package math is within a few units of the last place, so it serves as an
// independent check over the whole range, though not of the last bit.
func TestElementaryNearMath(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.Float64().Draw(t, "x")
		if math.Abs(x) < 0x1p-1022 {
			x = 0 // math.Log is wrong for subnormal numbers on some processors
		}
		y := rapid.Float64Range(-800, 800).Draw(t, "y")
		for name, pair := range map[string][2]float64{
			"exp":   {exp(y), math.Exp(y)},
			"log":   {log(x), math.Log(x)},
			"log2":  {log2(x), math.Log2(x)},
			"log10": {log10(x), math.Log10(x)},
			"power": {power(x, y/100), math.Pow(x, y/100)},
		} {
			if !close(pair[0], pair[1]) {
				t.Fatalf("%s: got %v, want %v", name, pair[0], pair[1])
			}
		}
	})
}

// close reports equality up to 1e-13, NaN equal to itself.
func close(a, b float64) bool {
	if a == b || a != a && b != b {
		return true
	}
	return math.Abs(a-b) <= 1e-13*math.Abs(b)+1e-320
}
