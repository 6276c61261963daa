package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// losses matches what the program prints of the default and of the best.
var losses = regexp.MustCompile(`(?s)^(\d+) trials: .*default trial  0: loss ([\d.]+).*best    trial +\d+: loss ([\d.]+), on test wines ([\d.]+)`)

func TestRun(t *testing.T) {
	for _, args := range [][]string{nil, {"-ask"}} {
		t.Run(strings.Join(append([]string{"library"}, args...), " "), func(t *testing.T) {
			var out bytes.Buffer
			// One at a time: which of two ends first is luck, and so is what the
			// next one then knows.
			if err := run(t.Context(), append(args, "-trials=30", "-parallel=1"), &out); err != nil {
				t.Fatal(err)
			}
			m := losses.FindStringSubmatch(out.String())
			if m == nil || m[1] != "30" {
				t.Fatalf("it prints\n%s", &out)
			}
			first, best, test := number(t, m[2]), number(t, m[3]), number(t, m[4])
			if first < 0.1 || first > 0.3 || best > 0.6*first {
				t.Errorf("the default has %v and the best %v", first, best)
			}
			if test > 0.5 { // what is not far from guessing has 1.1
				t.Errorf("the best has a loss of %v on the test wines", test)
			}
		})
	}
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	x, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// A stored study goes on with the same command, in both ways of use.
func TestStore(t *testing.T) {
	for _, mode := range []string{"-ask=false", "-ask"} {
		path := filepath.Join(t.TempDir(), "wine.db")
		for _, n := range []int{5, 9} {
			var out bytes.Buffer
			if err := run(t.Context(), []string{mode, "-store", path, fmt.Sprint("-trials=", n)}, &out); err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(out.String(), fmt.Sprintf("%d trials:", n)) {
				t.Errorf("%s prints\n%s", mode, &out)
			}
		}
	}
}

func TestRunRefuses(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-trials=-1"}, &out); err == nil || !strings.Contains(err.Error(), "-1 trials") {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, mode := range []string{"-ask=false", "-ask"} {
		if err := run(ctx, []string{mode}, &out); !errors.Is(err, context.Canceled) {
			t.Errorf("%s, interrupted: %v", mode, err)
		}
	}
}

// The counts are those of the data's documentation.
func TestData(t *testing.T) {
	data, err := readWines()
	if err != nil {
		t.Fatal(err)
	}
	var count, test [classes]int
	for _, r := range data.tune {
		count[r.class]++
	}
	for _, r := range data.test {
		count[r.class]++
		test[r.class]++
		if len(r.x) != 13 {
			t.Fatalf("a wine has %d measurements", len(r.x))
		}
	}
	if count != [classes]int{59, 71, 48} || test != [classes]int{11, 14, 9} {
		t.Errorf("the classes have %v wines, of which %v for the test", count, test)
	}
	seen := 0
	for k := range folds {
		train, valid := fold(data.tune, k)
		if len(train)+len(valid) != len(data.tune) {
			t.Errorf("fold %d has %d and %d wines", k, len(train), len(valid))
		}
		seen += len(valid)
	}
	if seen != len(data.tune) {
		t.Errorf("%d wines are validated on, not %d", seen, len(data.tune))
	}
}

// The gradient is that of the loss, by finite differences.
func TestGradient(t *testing.T) {
	for _, activation := range []string{"tanh", "relu"} {
		rng := rand.New(rand.NewPCG(1, 2))
		r := row{x: []float64{0.3, -1.2, 0.7}, class: 1}
		s := settings{units: []int{4, 3}, activation: activation}
		n := trainNetwork(s, []row{r}, 5) // no epochs: random weights
		gradients := make([][][]float64, len(n.layers))
		for l := range n.layers {
			for i, w := range n.layers[l].weights {
				w[len(w)-1] = 0.1 + 0.1*rng.Float64() // biases start at the kink of relu
				gradients[l] = append(gradients[l], make([]float64, len(n.layers[l].weights[i])))
			}
		}
		n.addGradient(gradients, r)
		loss := func() float64 { return -math.Log(n.predict(r.x)[r.class]) }
		const h = 1e-6
		largest := 0.0
		for l := range n.layers {
			for i, w := range n.layers[l].weights {
				for j := range w {
					was := w[j]
					w[j] = was + h
					up := loss()
					w[j] = was - h
					down := loss()
					w[j] = was
					got, want := gradients[l][i][j], (up-down)/(2*h)
					largest = max(largest, math.Abs(want))
					if math.Abs(got-want) > 1e-7 {
						t.Errorf("%s: gradient of weight %d,%d,%d is %v, want %v", activation, l, i, j, got, want)
					}
				}
			}
		}
		if largest < 0.01 {
			t.Errorf("%s: all gradients are below %v", activation, largest)
		}
	}
}

func TestNeighbours(t *testing.T) {
	rows := []row{{[]float64{0}, 0}, {[]float64{1}, 1}, {[]float64{1.1}, 1}, {[]float64{9}, 2}}
	for _, tt := range []struct {
		k       int
		nearest bool
		want    [classes]float64
	}{
		{1, false, [classes]float64{1.1 / 1.3, 0.1 / 1.3, 0.1 / 1.3}},
		{3, false, [classes]float64{1.1 / 3.3, 2.1 / 3.3, 0.1 / 3.3}},
		{9, false, [classes]float64{1.1 / 4.3, 2.1 / 4.3, 1.1 / 4.3}},
	} {
		m := neighbours{settings{k: tt.k, power: 2, nearest: tt.nearest}, rows}
		got := m.predict([]float64{0.2})
		for c := range got {
			if math.Abs(got[c]-tt.want[c]) > 1e-12 {
				t.Errorf("k = %d: got %v, want %v", tt.k, got, tt.want)
			}
		}
	}
	m := neighbours{settings{k: 3, power: 1, nearest: true}, rows}
	if p := m.predict([]float64{0.2}); p[0] < p[1] {
		t.Errorf("the nearest counts less than two that are far: %v", p)
	}
}

func TestScaler(t *testing.T) {
	rows := []row{{x: []float64{1, 10}}, {x: []float64{3, 40}}}
	for kind, want := range map[string][]float64{
		"none": {3, 40}, "standard": {1, 1}, "range": {1, 1},
	} {
		if got := newScaler(kind, rows).apply(rows[1].x); math.Abs(got[0]-want[0]) > 1e-12 || math.Abs(got[1]-want[1]) > 1e-12 {
			t.Errorf("%s: got %v, want %v", kind, got, want)
		}
	}
	if got := newScaler("range", rows).apply(rows[0].x); got[0] != 0 || got[1] != 0 {
		t.Errorf("range: the lowest becomes %v", got)
	}
}
