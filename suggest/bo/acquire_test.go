package bo

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/afina-hpo/afina/num/gp"
)

// processes returns posteriors of some functions of three numbers and a choice.
func processes(t *testing.T, seed uint64, count int) []*gp.Posterior {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 7))
	data := gp.Data{Kinds: []gp.Kind{gp.Numeric, gp.Numeric, gp.Nominal, gp.Numeric}, Warped: []int{1}}
	for range 12 {
		data.X = append(data.X, r.Float64(), r.Float64(), float64(r.IntN(3)), r.Float64())
		data.Y = append(data.Y, r.NormFloat64())
	}
	prior := gp.DefaultPrior(4)
	var out []*gp.Posterior
	for range count {
		theta := gp.Mode(&data, &prior)
		for i := range theta {
			theta[i] += 0.3 * r.NormFloat64()
		}
		p, ok := gp.New(&data, &prior, theta)
		if !ok {
			t.Fatal("no posterior")
		}
		out = append(out, p)
		for i := range data.Y {
			data.Y[i] += 0.5 * r.NormFloat64()
		}
	}
	return out
}

func TestAcquisitionGradient(t *testing.T) {
	for _, c := range []struct {
		name string
		make func(ps []*gp.Posterior) acquisition
	}{
		{"one member", func(ps []*gp.Posterior) acquisition {
			return acquisition{loss: ps[:1], best: []float64{-0.5}, weight: []float64{0}}
		}},
		{"ensemble", func(ps []*gp.Posterior) acquisition {
			return acquisition{loss: ps[:3], best: []float64{-0.5, -0.2, -1}, weight: []float64{math.Log(0.5), math.Log(0.2), math.Log(0.3)}}
		}},
		{"far below the incumbent", func(ps []*gp.Posterior) acquisition {
			return acquisition{loss: ps[:1], best: []float64{-40}, weight: []float64{0}}
		}},
		{"bound of an ensemble", func(ps []*gp.Posterior) acquisition {
			return acquisition{kind: bound, width: 1.8, loss: ps[:2], best: []float64{0, 0}, weight: []float64{math.Log(0.5), math.Log(0.5)}}
		}},
		{"where least is known, of what may be the best", func(ps []*gp.Posterior) acquisition {
			return acquisition{kind: unknown, width: 1.8, loss: ps[:2], best: []float64{5, 5}, weight: []float64{math.Log(0.5), math.Log(0.5)}}
		}},
		{"where least is known, of what cannot be the best", func(ps []*gp.Posterior) acquisition {
			return acquisition{kind: unknown, width: 1.8, loss: ps[:1], best: []float64{-9}, weight: []float64{0}}
		}},
		{"limits and failures", func(ps []*gp.Posterior) acquisition {
			return acquisition{loss: ps[:1], best: []float64{-0.5}, weight: []float64{0}, limits: [][]*gp.Posterior{ps[1:2], ps[2:3]}, safe: ps[3]}
		}},
		{"nothing feasible yet", func(ps []*gp.Posterior) acquisition {
			return acquisition{kind: feasibility, loss: ps[:1], limits: [][]*gp.Posterior{ps[1:2]}}
		}},
		{"two objectives", func(ps []*gp.Posterior) acquisition {
			return acquisition{kind: hypervolume, many: newSeveral([]belief{{members: ps[:1]}, {members: ps[1:2]}}, [][]float64{{0, 1}, {1, 0}, {0.5, 0.4}}, unsaid(2), 4, fixed(0.9))}
		}},
		{"five objectives, scalarised", func(ps []*gp.Posterior) acquisition {
			var losses []belief
			for k := range 5 {
				losses = append(losses, belief{members: ps[k%4 : k%4+1]})
			}
			return acquisition{kind: hypervolume, many: newSeveral(losses, [][]float64{{0, 1, 1, 0, 1}, {1, 0, 0.5, 1, 0}}, unsaid(5), 4, fixed(0.1))}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for seed := range uint64(10) {
				a := c.make(processes(t, seed, 4))
				a.reset(4)
				r := rand.New(rand.NewPCG(seed, 9))
				z := []float64{r.Float64(), r.Float64(), float64(r.IntN(3)), r.Float64()}
				g := make([]float64, 4)
				v := a.value(z, g)
				if w := a.value(z, nil); math.Abs(v-w) > 1e-9*(1+math.Abs(v)) {
					t.Fatalf("seed %d: %v with a gradient and %v without", seed, v, w)
				}
				for _, i := range []int{0, 1, 3} {
					const h = 1e-6
					at := z[i]
					z[i] = at + h
					up := a.value(z, nil)
					z[i] = at - h
					down := a.value(z, nil)
					z[i] = at
					want := (up - down) / (2 * h)
					if math.Abs(g[i]-want) > 2e-5*(1+math.Abs(want)) {
						t.Errorf("seed %d: derivative %d is %v, by differences %v", seed, i, g[i], want)
					}
				}
				if g[2] != 0 {
					t.Errorf("seed %d: the choice has the derivative %v", seed, g[2])
				}
			}
		})
	}
}

// unsaid is a reference that nobody has said.
func unsaid(m int) []float64 { return slices.Repeat([]float64{math.NaN()}, m) }

// fixed returns random numbers the first of which is near u.
func fixed(u float64) *rand.Rand {
	for seed := uint64(0); ; seed++ {
		if v := rand.New(rand.NewPCG(seed, 3)).Float64(); math.Abs(v-u) < 0.05 {
			return rand.New(rand.NewPCG(seed, 3))
		}
	}
}
