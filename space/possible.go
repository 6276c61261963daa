package space

import (
	"fmt"
	"math/rand/v2"
)

// Possible returns nil unless no configuration that satisfies the constraints
// can be found, as search algorithms look for one: by [Space.Sample], or one
// after another where the values can be counted. The error then names the
// constraint that refused most. Where some satisfy them it takes a few draws;
// what is finite but too large to be counted is held to be possible.
func (s *Space) Possible() (worst int, err error) {
	_, worst, err = s.sample(rand.New(rand.NewPCG(1, 1)))
	if err == nil {
		return 0, nil
	}
	if _, ok := s.Default(); ok {
		return 0, nil
	}
	for i := range s.spec.Params {
		if _, countable := s.spec.Params[i].Count(); !countable {
			return worst, err
		}
	}
	const counted = 10_000
	if n, all := s.Finite(counted); n > 0 || !all {
		return 0, nil
	}
	return worst, err
}

// CheckDefault returns the constraint that the default values do not satisfy,
// as [Space.Check] does; nil where they satisfy all, or some parameter of that
// configuration has no default.
func (s *Space) CheckDefault() error {
	c, err := s.Complete(nil, func(_ int, p *Param) Value { return p.Default })
	if err != nil || len(c.vals) == 0 {
		return nil
	}
	for i, v := range c.vals {
		if v.IsAbsent() && s.active(i, c.vals) {
			return nil
		}
	}
	if err := s.Check(c); err != nil {
		return fmt.Errorf("the default configuration %w", err)
	}
	return nil
}
