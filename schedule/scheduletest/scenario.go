package scheduletest

import (
	"math"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
)

// Scenario is a named way in which programs behave.
type Scenario struct {
	Name string
	// Program returns the behaviour of trial n for a fidelity whose largest
	// step is max.
	Program func(n int, c space.Config, max float64) Program
}

// Falling returns a typical learning curve: from 1 it falls exponentially
// towards final, with the given number of steps to get 63 percent of the way.
func Falling(final, steps float64) func(float64) float64 {
	return func(s float64) float64 { return final + (1-final)*math.Exp(-s/steps) }
}

// Scenarios returns a spread of behaviours: good and bad curves, curves that
// cross, noise, ties, missing and broken values, failures, lost attempts,
// uneven steps and speeds, and programs without checkpoints.
func Scenarios() []Scenario {
	draw := func(n int) (final, steps, speed float64) {
		r := study.Stream(0x5ced, n, "scenario")
		return 0.1 + 0.8*r.Float64(), 1 + 9*r.Float64(), 0.2 + r.ExpFloat64()
	}
	falling := func(n int) Program {
		final, steps, speed := draw(n)
		return Program{Value: Falling(final, steps), Duration: speed}
	}
	return []Scenario{
		{"falling curves", func(n int, _ space.Config, _ float64) Program { return falling(n) }},
		{"every trial at the same speed", func(n int, _ space.Config, _ float64) Program {
			p := falling(n)
			p.Duration = 1
			return p
		}},
		{"later trials better", func(n int, _ space.Config, _ float64) Program {
			return Program{Value: Falling(1/float64(n+2), 3)}
		}},
		{"later trials worse", func(n int, _ space.Config, _ float64) Program {
			return Program{Value: Falling(1-1/float64(n+2), 3)}
		}},
		{"curves that cross", func(n int, _ space.Config, _ float64) Program {
			final, _, speed := draw(n)
			return Program{Value: Falling(final, 1/final*3), Duration: speed}
		}},
		{"noise", func(n int, _ space.Config, _ float64) Program {
			p := falling(n)
			curve := p.Value
			p.Value = func(s float64) float64 {
				return curve(s) + 0.2*study.Stream(uint64(n), int(s*1000), "noise").NormFloat64()
			}
			return p
		}},
		{"rising losses", func(n int, _ space.Config, _ float64) Program {
			final, _, speed := draw(n)
			return Program{Value: func(s float64) float64 { return final * s }, Duration: speed}
		}},
		{"all equal", func(int, space.Config, float64) Program {
			return Program{Value: func(float64) float64 { return 0.5 }}
		}},
		{"some not a number", func(n int, _ space.Config, _ float64) Program {
			p := falling(n)
			curve := p.Value
			p.Value = func(s float64) float64 {
				switch {
				case n%4 == 1, n%4 == 2 && s > 3, n%4 == 3 && s < 3:
					return math.NaN()
				}
				return curve(s)
			}
			return p
		}},
		{"infinite values", func(n int, _ space.Config, _ float64) Program {
			p := falling(n)
			curve := p.Value
			p.Value = func(s float64) float64 {
				switch n % 5 {
				case 1:
					return math.Inf(1)
				case 2:
					return math.Inf(-1)
				}
				return curve(s)
			}
			return p
		}},
		{"some without the metric", func(n int, _ space.Config, _ float64) Program {
			p := falling(n)
			p.Mute = n%3 == 1
			return p
		}},
		{"failures and lost attempts", func(n int, _ space.Config, _ float64) Program {
			p := falling(n)
			switch n % 4 {
			case 1:
				p.FailAt = float64(1 + n%5)
			case 2:
				p.LoseAt = float64(1 + n%7)
			}
			return p
		}},
		{"all fail", func(n int, _ space.Config, _ float64) Program {
			p := falling(n)
			p.FailAt = float64(1 + n%3)
			return p
		}},
		{"uneven steps and ends", func(n int, _ space.Config, max float64) Program {
			p := falling(n)
			p.Every = 0.5 + float64(n%5)*0.3
			p.End = max * float64(1+n%3) / 3
			return p
		}},
		{"one report, at the end", func(n int, _ space.Config, max float64) Program {
			p := falling(n)
			p.Every = max
			return p
		}},
		{"without checkpoints", func(n int, _ space.Config, _ float64) Program {
			p := falling(n)
			p.Forgetful = true
			return p
		}},
	}
}
