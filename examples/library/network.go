package main

import (
	"math"
	"math/rand/v2"
)

// network is a multi-layer perceptron with a softmax at its end.
type network struct {
	layers []layer
	tanh   bool
}

// layer is weights[out][in], the last weight of each being the bias, and how
// they moved last.
type layer struct{ weights, moved [][]float64 }

const batch = 16

// trainNetwork trains by stochastic gradient descent with momentum.
func trainNetwork(s settings, rows []row, seed int64) *network {
	rng := rand.New(rand.NewPCG(uint64(seed), 0))
	n := &network{tanh: s.activation == "tanh"}
	in := len(rows[0].x)
	for _, out := range append(append([]int(nil), s.units...), classes) {
		l := layer{make([][]float64, out), make([][]float64, out)}
		for i := range out {
			l.weights[i], l.moved[i] = make([]float64, in+1), make([]float64, in+1)
			for j := range in {
				l.weights[i][j] = rng.NormFloat64() / math.Sqrt(float64(in))
			}
		}
		n.layers = append(n.layers, l)
		in = out
	}
	order := rng.Perm(len(rows))
	for range s.epochs {
		rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for at := 0; at < len(order); at += batch {
			n.step(s, rows, order[at:min(at+batch, len(order))])
		}
	}
	return n
}

// step moves the weights against the mean gradient of some rows.
func (n *network) step(s settings, rows []row, some []int) {
	gradients := make([][][]float64, len(n.layers))
	for l := range n.layers {
		gradients[l] = make([][]float64, len(n.layers[l].weights))
		for i := range gradients[l] {
			gradients[l][i] = make([]float64, len(n.layers[l].weights[i]))
		}
	}
	for _, k := range some {
		n.addGradient(gradients, rows[k])
	}
	for l := range n.layers {
		for i, w := range n.layers[l].weights {
			moved := n.layers[l].moved[i]
			for j := range w {
				g := gradients[l][i][j]/float64(len(some)) + s.decay*w[j]
				moved[j] = s.momentum*moved[j] - s.rate*g
				w[j] += moved[j]
			}
		}
	}
}

// addGradient adds the gradient of one row's log loss.
func (n *network) addGradient(gradients [][][]float64, r row) {
	values := n.forward(r.x)
	p := softmax(values[len(values)-1])
	delta := p[:]
	delta[r.class]--
	for l := len(n.layers) - 1; l >= 0; l-- {
		in := values[l]
		below := make([]float64, len(in))
		for i, w := range n.layers[l].weights {
			for j, x := range in {
				gradients[l][i][j] += delta[i] * x
				below[j] += delta[i] * w[j]
			}
			gradients[l][i][len(in)] += delta[i]
		}
		if l == 0 {
			return
		}
		for j, y := range in { // the derivative, from the function's value
			if n.tanh {
				below[j] *= 1 - y*y
			} else if y <= 0 {
				below[j] = 0
			}
		}
		delta = below
	}
}

// forward returns the values of every layer, the input first.
func (n *network) forward(x []float64) [][]float64 {
	values := [][]float64{x}
	for l, layer := range n.layers {
		out := make([]float64, len(layer.weights))
		for i, w := range layer.weights {
			sum := w[len(x)]
			for j, v := range x {
				sum += w[j] * v
			}
			switch {
			case l == len(n.layers)-1:
			case n.tanh:
				sum = math.Tanh(sum)
			default:
				sum = max(sum, 0)
			}
			out[i] = sum
		}
		values = append(values, out)
		x = out
	}
	return values
}

func (n *network) predict(x []float64) [classes]float64 {
	values := n.forward(x)
	return softmax(values[len(values)-1])
}

func softmax(z []float64) [classes]float64 {
	top := max(z[0], z[1], z[2])
	var p [classes]float64
	for c := range p {
		p[c] = math.Exp(z[c] - top)
	}
	return normalised(p)
}
