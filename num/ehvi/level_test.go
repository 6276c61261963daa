package ehvi

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// The integral over a span is that of its parts, in whichever units each of
// them is, up to the rounding of its upper level.
func TestIntegralsAdd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		high := rapid.Float64Range(-60, 12).Draw(t, "high")
		width := func(name string) float64 { return math.Exp(rapid.Float64Range(-9, 2).Draw(t, name)) }
		c := levelAt(high)
		b := levelAt(high - width("upper"))
		a := levelAt(b.z - width("lower"))
		lower, upper, both := between(&a, &b, b.z-a.z), between(&b, &c, c.z-b.z), between(&a, &c, c.z-a.z)
		// The exponent is off by the rounding of up to 2500.
		scale := math.Exp(b.scale - c.scale)
		near := func(what string, lower, upper, both, size float64) {
			if e := math.Abs(float64(scale*lower)+upper-both) / size; !(e <= 1e-12) {
				t.Fatalf("∫%s over spans that end at %v, %v and %v: %v and %v are not %v, error %.2g", what, a.z, b.z, c.z, scale*lower, upper, both, e)
			}
		}
		near("Φ", lower.ei, upper.ei, both.ei, c.ei)
		near("φ", lower.phi, upper.phi, both.phi, c.phi)
		near("φ'", lower.density, upper.density, both.density, c.density+c.phi)
	})
}

// The three forms of a level meet.
func TestLevelsMeet(t *testing.T) {
	for _, at := range []float64{tail, series} {
		a, b := levelAt(math.Nextafter(at, 0)), levelAt(math.Nextafter(at, -99))
		for _, f := range []struct {
			name string
			of   func(level) float64
		}{
			{"φ", func(l level) float64 { return l.density }},
			{"Φ", func(l level) float64 { return l.phi }},
			{"ψ", func(l level) float64 { return l.ei }},
		} {
			above, under := math.Log(f.of(a))+a.scale, math.Log(f.of(b))+b.scale
			if math.Abs(above-under) > 1e-12 {
				t.Errorf("log %s at %v is %v above and %v below", f.name, at, above, under)
			}
		}
	}
}
