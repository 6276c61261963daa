package tpe

import (
	"math"

	"github.com/afina-hpo/afina/space"
)

// point is a configuration seen as a point of a space's unit cube. Only the
// coordinates that are asked for are computed.
type point struct {
	space  *space.Space
	config space.Config
}

// coordinate returns the place of parameter i, NaN where the configuration
// does not have it.
func (p point) coordinate(i int) float64 { return p.space.EncodeParam(i, p.config.At(i)) }

// present reports whether a coordinate is one.
func present(u float64) bool { return !math.IsNaN(u) }
