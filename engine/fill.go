package engine

import (
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
)

// Methods of trials that no algorithm made.
const (
	MethodDefault  = "default"  // the configuration of all defaults
	MethodEnqueued = "enqueued" // from the study file
	MethodAdded    = "added"    // by a person, while the study runs
)

// fillTries is how often values are drawn anew for the constraints' sake.
const fillTries = 1000

// Fill returns the configuration with the given values; what is left out is
// taken from the defaults, else drawn from the prior with the random numbers
// of trial number. Constraints hold for the result, or it is an error.
func Fill(sp *space.Space, seed uint64, number int, values map[string]space.Value) (space.Config, error) {
	r := study.Stream(seed, number, study.PurposeFill)
	var refused error
	for range fillTries {
		drawn := false
		c, err := sp.Complete(values, func(i int, p *space.Param) space.Value {
			if !p.Default.IsAbsent() {
				return p.Default
			}
			drawn = true
			return sp.DecodeParam(i, r.Float64())
		})
		if err != nil {
			return space.Config{}, err
		}
		if refused = sp.Check(c); refused == nil {
			return c, nil
		}
		if !drawn {
			break
		}
	}
	return space.Config{}, refused
}
