package gp

import (
	"encoding/binary"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// bits is a checksum of all bits of the values.
func bits(values ...[]float64) uint64 {
	h := fnv.New64a()
	for _, s := range values {
		for _, v := range s {
			h.Write(binary.LittleEndian.AppendUint64(nil, math.Float64bits(v)))
		}
	}
	return h.Sum64()
}

// mixed is [random] with values that need no function of package math.
func mixed(seed uint64, n int) *Data {
	data := random(seed, n)
	r := rand.New(rand.NewPCG(seed, 3))
	for i := range data.Y {
		data.Y[i] = data.X[5*i] - data.X[5*i+1]/2 + r.Float64()
	}
	return data
}

// single is [mixed] with effects.
func single(seed uint64, n int) *Data {
	data := mixed(seed, n)
	data.Effects = []int{0, 3}
	return data
}

// Without warps, only operations that are rounded alike everywhere are used: the
// bits are those of any machine, with vector instructions and without.
func TestTheBitsAreThoseOfAnyMachine(t *testing.T) {
	t.Run("process", func(t *testing.T) {
		theBits(t, mixed(7, 30), 0x838b31ac92fc640d, 0xd12bd7cce7bec500, 0xa2349f86debf7645)
	})
	t.Run("with effects", func(t *testing.T) {
		theBits(t, single(7, 30), 0x302457c274136c94, 0xf5c23452d4412c9, 0x9e8b4f5a21b75c1c)
	})
}

func theBits(t *testing.T, data *Data, gradient, prediction, left uint64) {
	t.Helper()
	data.Warped = nil
	prior := DefaultPrior(1)
	theta := Mode(data, &prior)
	for i := range theta {
		theta[i] += float64(i) / 16
	}
	var o objective
	o.reset(data, &prior)
	g := make([]float64, len(theta))
	o.value(theta, g)
	if got, want := bits(g), gradient; got != want {
		t.Errorf("gradient of the likelihood: %#x, want %#x", got, want)
	}
	p, ok := New(data, &prior, theta)
	if !ok {
		t.Fatal("no posterior")
	}
	gm, gv := make([]float64, 5), make([]float64, 5)
	mean, variance := p.PredictGrad([]float64{0.25, 1, 1, 0.75, 0}, gm, gv)
	if got, want := bits(gm, gv, []float64{mean, variance}), prediction; got != want {
		t.Errorf("prediction: %#x, want %#x", got, want)
	}
	m, v := make([]float64, 30), make([]float64, 30)
	p.LeaveOneOut(m, v)
	if got, want := bits(m, v), left; got != want {
		t.Errorf("leaving one out: %#x, want %#x", got, want)
	}
}

// state is all that a posterior answers, to the bit.
func state(p *Posterior) []float64 {
	n := p.Len()
	mean, variance := make([]float64, n), make([]float64, n)
	p.LeaveOneOut(mean, variance)
	out := append(mean, variance...)
	gm, gv := make([]float64, 5), make([]float64, 5)
	for i := range 6 {
		m, v := p.PredictGrad([]float64{float64(i) / 5, float64(i % 4), 1, 0.5, float64(i % 2)}, gm, gv)
		out = append(append(append(out, m, v), gm...), gv...)
	}
	return out
}

// part is the first n points of data.
func part(data *Data, n int) *Data {
	return &Data{
		Kinds: data.Kinds, Warped: data.Warped, Effects: data.Effects,
		X: data.X[:n*len(data.Kinds)], Y: data.Y[:n], Factor: data.Factor[:n],
	}
}

func TestExtendAndTruncateAreNewToTheBit(t *testing.T) {
	const n = 23
	data := single(1, n)
	// A point that repeats another leaves the least variance.
	copy(data.X[5*10:5*11], data.X[5*3:5*4])
	prior := DefaultPrior(5)
	prior.Floor = 1e-300
	theta := Mode(data, &prior)
	theta[data.layout().noise()] = -600
	want := make([][]float64, n+1)
	for k := range n + 1 {
		p, ok := New(part(data, k), &prior, theta)
		if !ok {
			t.Fatalf("no posterior of %d", k)
		}
		want[k] = state(p)
	}
	check := func(p *Posterior, what string) {
		t.Helper()
		if got := state(p); !slices.Equal(got, want[p.Len()]) {
			t.Errorf("%s to %d points: the bits differ from those of New", what, p.Len())
		}
	}
	p, _ := New(part(data, 0), &prior, theta)
	for i := range n {
		if !p.Extend(data.X[5*i:5*i+5], data.Y[i], data.Factor[i]) {
			t.Fatalf("point %d was not added", i)
		}
		check(p, "extended")
	}
	for _, k := range []int{22, 21, 16, 13, 5, 4, 0} {
		p.Truncate(k)
		check(p, "truncated")
		for i := k; i < min(k+6, n); i++ {
			p.Extend(data.X[5*i:5*i+5], data.Y[i], data.Factor[i])
		}
		check(p, "extended again")
		p.Truncate(k)
	}
	p.Truncate(99)
	check(p, "truncated beyond the end")
}

func TestExtendRefusesWhatIsNotFinite(t *testing.T) {
	data := single(2, 9)
	prior := DefaultPrior(5)
	p, _ := New(data, &prior, Mode(data, &prior))
	want := state(p)
	for _, x := range []float64{math.NaN(), math.Inf(1)} {
		if p.Extend([]float64{0, 0, x, 0, 0}, 1, 1) {
			t.Errorf("%v was added", x)
		}
		if !slices.Equal(state(p), want) {
			t.Errorf("%v was refused, but something is left of it", x)
		}
	}
}

func TestManyPointsHaveTheBitsOfOne(t *testing.T) {
	data := single(3, 18)
	prior := DefaultPrior(5)
	p, _ := New(data, &prior, Mode(data, &prior))
	for k := range 11 {
		xs := single(4, k).X
		mean, variance := make([]float64, k), make([]float64, k)
		p.PredictMany(xs, mean, variance)
		for i := range k {
			m, v := p.Predict(xs[5*i : 5*i+5])
			if mean[i] != m || variance[i] != v {
				t.Errorf("point %d of %d: %v, want %v; variance %v, want %v", i, k, mean[i], m, variance[i], v)
			}
		}
	}
}

func TestJointHasTheBitsOfOne(t *testing.T) {
	data := single(5, 14)
	prior := DefaultPrior(5)
	p, _ := New(data, &prior, Mode(data, &prior))
	const k = 6
	xs := single(6, k).X
	mean, cov := make([]float64, k), make([]float64, k*k)
	p.Joint(xs, mean, cov)
	for i := range k {
		if m, v := p.Predict(xs[5*i : 5*i+5]); mean[i] != m || cov[i*k+i] != v {
			t.Errorf("point %d: %v, %v; alone %v, %v", i, mean[i], cov[i*k+i], m, v)
		}
		for j := range k {
			if cov[i*k+j] != cov[j*k+i] {
				t.Errorf("covariance %d, %d is not symmetric", i, j)
			}
		}
	}
}

func TestNothingIsAllocated(t *testing.T) {
	data := random(1, 30)
	prior := DefaultPrior(5)
	theta := Mode(data, &prior)
	var o objective
	o.reset(data, &prior)
	g := make([]float64, len(theta))
	p, _ := New(data, &prior, theta)
	xs := random(2, 6).X
	gm, gv := make([]float64, 5), make([]float64, 5)
	mean, variance := make([]float64, 6), make([]float64, 6)
	for name, f := range map[string]func(){
		"likelihood":    func() { o.value(theta, g) },
		"a new fit":     func() { o.reset(data, &prior) },
		"Mean":          func() { p.Mean(xs[:5]) },
		"Predict":       func() { p.Predict(xs[:5]) },
		"PredictGrad":   func() { p.PredictGrad(xs[:5], gm, gv) },
		"PredictMany":   func() { p.PredictMany(xs, mean, variance) },
		"LeaveOneOut":   func() { p.LeaveOneOut(make([]float64, 30), make([]float64, 30)) },
		"Extend, again": func() { p.Extend(xs[:5], 1, 1); p.Truncate(30) },
	} {
		if n := testing.AllocsPerRun(10, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
