package warp_test

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"github.com/afina-hpo/afina/num/warp"
)

// FuzzFit reads losses of eight bytes each and asks every map for everything,
// at the losses fitted and at any other number.
func FuzzFit(f *testing.F) {
	for _, s := range [][]float64{
		{1, 2, 3, 4, 5, 6, 7},
		{1e-3, 1e-2, 1e-1, 1, 10, 100, 1e30},
		{math.MaxFloat64, -math.MaxFloat64, 0, 1, 2, 3},
		{5e-324, 1e-323, 0, 2e-323, 1e-322, 1e-320},
		{1, 1 + 0x1p-52, 1 + 0x1p-51, 1 + 0x1p-50, 1 + 0x1p-49, 2},
	} {
		var b []byte
		for _, v := range s {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		}
		f.Add(b, 0.5, 3.5)
	}
	f.Fuzz(func(t *testing.T, b []byte, at, z float64) {
		var y []float64
		for len(b) >= 8 && len(y) < 200 {
			v := math.Float64frombits(binary.LittleEndian.Uint64(b))
			if !math.IsNaN(v) && !math.IsInf(v, 0) {
				y = append(y, v)
			}
			b = b[8:]
		}
		if math.IsNaN(at) || math.IsNaN(z) {
			return
		}
		slices.Sort(y)
		for _, k := range kinds {
			w, ok := warp.Fit(k, y)
			if !ok {
				continue
			}
			last := math.Inf(-1)
			for _, v := range y {
				got := w.At(v)
				if !(got >= last-1e-9) {
					t.Errorf("%v of %v: %v after %v", k, y, got, last)
				}
				last = got
			}
			checkStandard(t, &w, y)
			for _, v := range append(y, at) {
				got, back, slope := w.At(v), w.Inverse(w.At(v)), w.LogSlope(v)
				if math.IsInf(got, 0) || !(got <= 4) ||
					math.IsNaN(back) || math.IsInf(back, 0) ||
					math.IsNaN(slope) || math.IsInf(slope, 0) {
					t.Errorf("%v of %v: At(%v) is %v with slope e^%v, back %v", k, y, v, got, slope, back)
				}
			}
			if got := w.Inverse(z); math.IsNaN(got) || math.IsInf(got, 0) {
				t.Errorf("%v of %v: Inverse(%v) is %v", k, y, z, got)
			}
		}
	})
}
