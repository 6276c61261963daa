package main

import (
	"cmp"
	"math"
	"slices"
)

// model tells how probable it is that a wine is of each class.
type model interface {
	predict(x []float64) [classes]float64
}

// settings is everything that is tuned.
type settings struct {
	scale string // standard, range or none

	model string // neighbours or network

	// Of neighbours.
	k       int
	power   float64 // of the distance: 1 is Manhattan, 2 Euclidean
	nearest bool    // the nearer, the more weight

	// Of network.
	units      []int // one a hidden layer
	activation string
	rate       float64
	momentum   float64
	decay      float64
	epochs     int
}

// fit trains the model that s describes.
func (s settings) fit(train []row, seed int64) model {
	scaled := make([]row, len(train))
	scale := newScaler(s.scale, train)
	for i, r := range train {
		scaled[i] = row{scale.apply(r.x), r.class}
	}
	if s.model == "neighbours" {
		return scaledModel{scale, neighbours{s, scaled}}
	}
	return scaledModel{scale, trainNetwork(s, scaled, seed)}
}

// score returns the mean log loss of m and its share of mistakes.
func score(m model, rows []row) (loss, mistakes float64) {
	for _, r := range rows {
		p := m.predict(r.x)
		loss -= math.Log(max(p[r.class], 1e-6)) // no single row may decide
		best := 0
		for c := range p {
			if p[c] > p[best] {
				best = c
			}
		}
		if best != r.class {
			mistakes++
		}
	}
	n := float64(len(rows))
	return loss / n, mistakes / n
}

// scaler brings the measurements, which have very different units, to one
// size.
type scaler struct{ shift, factor []float64 }

func newScaler(kind string, rows []row) scaler {
	s := scaler{make([]float64, len(rows[0].x)), make([]float64, len(rows[0].x))}
	for i := range s.shift {
		sum, low, high := 0.0, math.Inf(1), math.Inf(-1)
		for _, r := range rows {
			sum += r.x[i]
			low, high = min(low, r.x[i]), max(high, r.x[i])
		}
		s.factor[i] = 1
		switch kind {
		case "standard":
			s.shift[i] = sum / float64(len(rows))
			squares := 0.0
			for _, r := range rows {
				squares += (r.x[i] - s.shift[i]) * (r.x[i] - s.shift[i])
			}
			s.factor[i] = 1 / math.Sqrt(squares/float64(len(rows)))
		case "range":
			s.shift[i], s.factor[i] = low, 1/(high-low)
		}
	}
	return s
}

func (s scaler) apply(x []float64) []float64 {
	out := make([]float64, len(x))
	for i := range x {
		out[i] = (x[i] - s.shift[i]) * s.factor[i]
	}
	return out
}

// scaledModel is a model of scaled measurements.
type scaledModel struct {
	scale scaler
	model model
}

func (m scaledModel) predict(x []float64) [classes]float64 { return m.model.predict(m.scale.apply(x)) }

// neighbours asks the wines that are most alike.
type neighbours struct {
	settings
	rows []row
}

func (m neighbours) predict(x []float64) [classes]float64 {
	type neighbour struct {
		distance float64
		class    int
	}
	all := make([]neighbour, len(m.rows))
	for i, r := range m.rows {
		d := 0.0
		for j := range x {
			d += math.Pow(math.Abs(x[j]-r.x[j]), m.power)
		}
		all[i] = neighbour{math.Pow(d, 1/m.power), r.class}
	}
	slices.SortFunc(all, func(a, b neighbour) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.class, b.class))
	})
	// Every class starts with a little: no count of neighbours is a proof.
	p := [classes]float64{0.1, 0.1, 0.1}
	for _, n := range all[:min(m.k, len(all))] {
		w := 1.0
		if m.nearest {
			w = 1 / (n.distance + 1e-3)
		}
		p[n.class] += w
	}
	return normalised(p)
}

func normalised(p [classes]float64) [classes]float64 {
	sum := 0.0
	for _, x := range p {
		sum += x
	}
	for c := range p {
		p[c] /= sum
	}
	return p
}
