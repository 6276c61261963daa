package space_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
)

func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// assign returns the configuration of one number.
func assign(t *testing.T, s *space.Space, name string, x float64) space.Config {
	t.Helper()
	c, err := s.Config(map[string]space.Value{name: value.Float(x)})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var posInf = math.Inf(1)
