package forest_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/num/forest"
)

var nan = math.NaN()

// grown returns a forest on the given rows, the last entry of each being y.
func grown(features []forest.Feature, o forest.Options, rows ...[]float64) *forest.Forest {
	d := forest.NewData(features)
	var y []float64
	for _, r := range rows {
		d.Append(r[:len(features)])
		y = append(y, r[len(features)])
	}
	f := &forest.Forest{}
	f.Fit(d, y, o)
	return f
}

// whole is one tree on every row.
var whole = forest.Options{Trees: 1, Seed: 1}

func check(t *testing.T, f *forest.Forest, x []float64, mean, variance float64) {
	t.Helper()
	m, v := f.Predict(x)
	if math.Abs(m-mean) > 1e-12 || math.Abs(v-variance) > 1e-12 {
		t.Errorf("at %v: mean %v and variance %v, want %v and %v", x, m, v, mean, variance)
	}
}

// The trees here are worked out by hand: the comment before each is the gain
// of the possible splits.
func TestSmallTrees(t *testing.T) {
	numbers, three := forest.Feature{}, forest.Feature{Levels: 3}

	// Splits of y = 0, 0, 10, 12 after 1, 2, 3 rows: errors 82⅔, 2, 66⅔.
	stump := whole
	stump.MaxDepth = 1
	f := grown([]forest.Feature{numbers}, stump, []float64{1, 0}, []float64{2, 0}, []float64{3, 10}, []float64{4, 12})
	check(t, f, []float64{1.9}, 0, 0)
	check(t, f, []float64{3.1}, 11, 1)

	// The same, at least three rows on either side: no split is left.
	o := stump
	o.MinLeaf = 3
	f = grown([]forest.Feature{numbers}, o, []float64{1, 0}, []float64{2, 0}, []float64{3, 10}, []float64{4, 12})
	check(t, f, []float64{1}, 5.5, 30.75)

	// Categories by mean: 1 (0), 0 (4), 2 (5). Leaving 1 alone is best.
	f = grown([]forest.Feature{three}, stump, []float64{0, 4}, []float64{1, 0}, []float64{2, 5}, []float64{2, 5})
	check(t, f, []float64{1}, 0, 0)
	check(t, f, []float64{0}, 14.0/3, 2.0/9)

	// Rows without a value are a side of their own.
	f = grown([]forest.Feature{numbers}, stump, []float64{nan, 9}, []float64{0, 1}, []float64{1, 1}, []float64{nan, 9})
	check(t, f, []float64{nan}, 9, 0)
	check(t, f, []float64{0.5}, 1, 0)

	// … or go with the side that they are like: y is 5 where x > 1 or NaN.
	f = grown([]forest.Feature{numbers}, stump, []float64{nan, 5}, []float64{0, 1}, []float64{1, 1}, []float64{2, 5})
	check(t, f, []float64{nan}, 5, 0)
	check(t, f, []float64{2}, 5, 0)
	check(t, f, []float64{0}, 1, 0)
	f = grown([]forest.Feature{numbers}, stump, []float64{nan, 1}, []float64{0, 1}, []float64{1, 1}, []float64{2, 5})
	check(t, f, []float64{nan}, 1, 0)
	check(t, f, []float64{2}, 5, 0)

	// Exclusive or needs two splits, of which the first gains nothing.
	f = grown([]forest.Feature{numbers, {Levels: 2}}, whole,
		[]float64{0, 0, 1}, []float64{0, 1, 2}, []float64{1, 0, 2}, []float64{1, 1, 1})
	for _, r := range [][]float64{{0, 0, 1}, {0, 1, 2}, {1, 0, 2}, {1, 1, 1}} {
		check(t, f, r[:2], r[2], 0)
	}

	// Rows that no column tells apart share a leaf.
	f = grown([]forest.Feature{numbers}, whole, []float64{1, 0}, []float64{1, 4})
	check(t, f, []float64{0}, 2, 4)
}

// The mean over trees and the law of total variance, from the trees.
func TestForestIsItsTrees(t *testing.T) {
	f, xs := random(t, 7, 60, forest.Options{Trees: 9, Bootstrap: true, MinLeaf: 2, Seed: 3})
	for _, x := range xs {
		var ms, vs []float64
		for k := range f.Trees() {
			m, v := f.PredictTree(k, x)
			ms, vs = append(ms, m), append(vs, v)
		}
		mean, within, between := 0.0, 0.0, 0.0
		for k := range ms {
			mean += ms[k] / 9
			within += vs[k] / 9
		}
		for _, m := range ms {
			between += (m - mean) * (m - mean) / 9
		}
		check(t, f, x, mean, within+between)
	}
}

var mixed = []forest.Feature{{}, {Levels: 4}, {}, {Levels: 70}}

// random returns a forest on random mixed rows with holes, and the rows.
func random(t *testing.T, seed uint64, n int, o forest.Options) (*forest.Forest, [][]float64) {
	t.Helper()
	d, y, rows := data(seed, n)
	f := &forest.Forest{}
	f.Fit(d, y, o)
	return f, rows
}

func data(seed uint64, n int) (*forest.Data, []float64, [][]float64) {
	r := rand.New(rand.NewPCG(seed, 1))
	d := forest.NewData(mixed)
	var y []float64
	var rows [][]float64
	for range n {
		x := []float64{r.Float64(), float64(r.IntN(4)), math.Round(r.Float64()*5) / 5, float64(r.IntN(70))}
		if x[1] == 2 {
			x[2] = nan
		}
		if r.IntN(4) == 0 {
			x[3] = nan
		}
		d.Append(x)
		rows = append(rows, x)
		y = append(y, 3*x[0]+x[1]*x[1]+r.NormFloat64())
	}
	return d, y, rows
}

// A tree without a bootstrap and with leaves of one row repeats the targets;
// its predictions are always within them.
func TestPredictionsAreWithinTheTargets(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 60).Draw(rt, "n")
		seed := rapid.Uint64().Draw(rt, "seed")
		d, y, rows := data(seed, n)
		o := forest.Options{
			Trees: 3, Seed: seed, MinLeaf: rapid.IntRange(1, 4).Draw(rt, "leaf"),
			Bootstrap: rapid.Bool().Draw(rt, "bootstrap"), RandomSplit: rapid.Bool().Draw(rt, "split"),
			Share: rapid.SampledFrom([]float64{0, 0.3, 0.8}).Draw(rt, "share"),
		}
		var f forest.Forest
		f.Fit(d, y, o)
		lo, hi := math.Inf(1), math.Inf(-1)
		for _, v := range y {
			lo, hi = math.Min(lo, v), math.Max(hi, v)
		}
		for i, x := range rows {
			m, v := f.Predict(x)
			if m < lo-1e-9 || m > hi+1e-9 || !(v >= 0) || v > (hi-lo)*(hi-lo) {
				rt.Fatalf("mean %v and variance %v of targets from %v to %v", m, v, lo, hi)
			}
			if o.MinLeaf == 1 && !o.Bootstrap && math.Abs(m-y[i]) > 1e-9 {
				rt.Fatalf("row %d is predicted %v, was %v", i, m, y[i])
			}
		}
	})
}

// Leaves are disjoint, cover the space, and hold what prediction says.
func TestLeavesPartitionTheSpace(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		f, _ := random(t, seed, 50, forest.Options{Trees: 2, Seed: seed, Bootstrap: true, MinLeaf: rapid.IntRange(1, 5).Draw(rt, "leaf")})
		_, _, probes := data(seed+1, 30)
		for k := range f.Trees() {
			hits := make([]int, len(probes))
			weight := 0.0
			f.Leaves(k, func(l forest.Leaf) {
				weight += l.Weight
				for i, x := range probes {
					in := true
					for j, v := range x {
						s := l.Sides[j]
						switch {
						case math.IsNaN(v):
							in = in && s.Missing
						case mixed[j].Levels > 0:
							in = in && s.Has(int(v))
						default:
							in = in && v > s.Low && v <= s.High
						}
					}
					if in {
						hits[i]++
						if m, v := f.PredictTree(k, x); m != l.Mean || v != l.Variance {
							rt.Fatalf("leaf says %v and %v, prediction %v and %v", l.Mean, l.Variance, m, v)
						}
					}
				}
			})
			if weight != 50 {
				rt.Fatalf("leaves hold %v rows, want 50", weight)
			}
			for i, n := range hits {
				if n != 1 {
					rt.Fatalf("%v is in %d leaves", probes[i], n)
				}
			}
		}
	})
}

// The order in which data came together does not matter, nor what the forest
// was fitted to before.
func TestFitIsAFunctionOfTheRows(t *testing.T) {
	o := forest.Options{Trees: 5, Seed: 9, Bootstrap: true, Share: 0.7}
	want, rows := random(t, 5, 80, o)
	d, y, _ := data(5, 40)
	var f forest.Forest
	f.Fit(d, y, o)
	_, all, _ := data(5, 80)
	for i, x := range rows[40:] {
		d.Append(x)
		if i%7 == 0 {
			f.Fit(d, all[:d.Len()], o)
		}
	}
	d.Append(rows[3])
	d.Append(rows[4])
	f.Fit(d, append(all[:80:80], 1, 2), o)
	d.Truncate(80)
	d.Truncate(60)
	for _, x := range rows[60:] {
		d.Append(x)
	}
	f.Fit(d, all, o)
	if diff := cmp.Diff(shape(want), shape(&f), cmp.Comparer(func(a, b float64) bool { return a == b })); diff != "" {
		t.Errorf("another forest (-want +got):\n%s", diff)
	}
}

// shape returns all that can be seen of a forest.
func shape(f *forest.Forest) [][]float64 {
	var out [][]float64
	for k := range f.Trees() {
		f.Leaves(k, func(l forest.Leaf) {
			row := []float64{l.Mean, l.Variance, l.Weight}
			for _, s := range l.Sides {
				row = append(row, s.Low, s.High)
			}
			out = append(out, row)
		})
	}
	return out
}

func TestSeedsDiffer(t *testing.T) {
	a, rows := random(t, 5, 80, forest.Options{Trees: 3, Seed: 1, Bootstrap: true})
	b, _ := random(t, 5, 80, forest.Options{Trees: 3, Seed: 2, Bootstrap: true})
	for _, x := range rows {
		ma, _ := a.Predict(x)
		if mb, _ := b.Predict(x); ma != mb {
			return
		}
	}
	t.Error("two seeds grow the same forest")
}

// On a smooth function with noise the forest must explain most of what can be
// explained, and its variance must be larger where it knows less.
func TestForestLearns(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	d := forest.NewData([]forest.Feature{{}, {}, {Levels: 3}})
	truth := func(x []float64) float64 { return math.Sin(5*x[0]) + x[1]*x[1] + 0.5*x[2] }
	var y []float64
	for range 400 {
		x := []float64{r.Float64() * 0.7, r.Float64(), float64(r.IntN(3))}
		d.Append(x)
		y = append(y, truth(x)+0.05*r.NormFloat64())
	}
	for _, split := range []bool{false, true} {
		var f forest.Forest
		f.Fit(d, y, forest.Options{Trees: 30, Bootstrap: true, MinLeaf: 2, RandomSplit: split, Seed: 1})
		var sse, sst, near, far float64
		for range 500 {
			x := []float64{r.Float64() * 0.7, r.Float64(), float64(r.IntN(3))}
			m, v := f.Predict(x)
			sse += (m - truth(x)) * (m - truth(x))
			sst += (truth(x) - 0.9) * (truth(x) - 0.9)
			near += v
			_, v = f.Predict([]float64{0.7 + 0.3*r.Float64(), x[1], x[2]})
			far += v
		}
		if sse > 0.06*sst {
			t.Errorf("random split %v: %.3f of the variance is unexplained", split, sse/sst)
		}
		if far < near {
			t.Errorf("random split %v: variance %v outside the data, %v inside", split, far, near)
		}
	}
}

func TestMisuseRefused(t *testing.T) {
	for name, f := range map[string]func(){
		"category out of range": func() { forest.NewData(mixed).Append([]float64{0, 4, 0, 0}) },
		"fraction of a category": func() {
			forest.NewData(mixed).Append([]float64{0, 0.5, 0, 0})
		},
		"infinite": func() { forest.NewData(mixed).Append([]float64{math.Inf(1), 0, 0, 0}) },
		"no rows": func() {
			var f forest.Forest
			f.Fit(forest.NewData(mixed), nil, whole)
		},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			f()
		})
	}
}

func bench(n, columns int) (*forest.Data, []float64, []float64) {
	r := rand.New(rand.NewPCG(1, 1))
	features := make([]forest.Feature, columns)
	for j := range features {
		if j%4 == 3 {
			features[j].Levels = 3
		}
	}
	d := forest.NewData(features)
	var y, xs []float64
	for range n {
		x := make([]float64, columns)
		sum := 0.0
		for j := range x {
			x[j] = r.Float64()
			if features[j].Levels > 0 {
				x[j] = float64(r.IntN(3))
			}
			sum += (x[j] - 0.3) * (x[j] - 0.3)
		}
		d.Append(x)
		xs = append(xs, x...)
		y = append(y, sum)
	}
	return d, y, xs
}

func BenchmarkFit(b *testing.B) {
	for _, c := range []struct {
		name       string
		n, columns int
	}{{"100 rows, 10 columns", 100, 10}, {"1000 rows, 10 columns", 1000, 10}, {"1000 rows, 40 columns", 1000, 40}} {
		b.Run(c.name, func(b *testing.B) {
			d, y, _ := bench(c.n, c.columns)
			var f forest.Forest
			b.ReportAllocs()
			for b.Loop() {
				f.Fit(d, y, forest.Options{Trees: 10, Bootstrap: true, Seed: 1})
			}
		})
	}
}

func BenchmarkPredictThousand(b *testing.B) {
	d, y, xs := bench(1000, 10)
	var f forest.Forest
	f.Fit(d, y, forest.Options{Trees: 10, Bootstrap: true, Seed: 1})
	mean, variance := make([]float64, 1000), make([]float64, 1000)
	b.ReportAllocs()
	for b.Loop() {
		f.PredictAll(xs, mean, variance)
	}
}
