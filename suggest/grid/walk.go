package grid

import (
	"context"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
)

const (
	// maxShuffled is the largest grid that can be put into random order,
	// which takes a list of it.
	maxShuffled = 100_000
	// maxRefused is how many points in a row the constraints may refuse.
	maxRefused = 500_000
)

// odometer walks a grid in lexical order: the last active parameter in the
// space's order changes fastest. Unlike [space.Space.Enumerate] it can stop
// anywhere and go on later.
type odometer struct {
	space  *space.Space
	levels [][]space.Value
	digit  []int  // of each parameter: the place in its levels
	active []bool // at the present digits
	done   bool
}

func newOdometer(s *space.Space, levels [][]space.Value) *odometer {
	return &odometer{space: s, levels: levels, digit: make([]int, s.Len()), active: make([]bool, s.Len())}
}

// next implements source.
func (o *odometer) next(ctx context.Context) (space.Config, bool, error) {
	for refused := 0; !o.done; refused++ {
		if refused&1023 == 1023 {
			if err := ctx.Err(); err != nil {
				return space.Config{}, false, err
			}
		}
		if refused == maxRefused {
			return space.Config{}, false, study.Errorf(study.Invalid,
				"loosen them, use fewer points, or use the algorithm random",
				"%d points of the grid in a row violate the constraints", maxRefused)
		}
		c, err := o.config()
		if err != nil {
			return space.Config{}, false, err
		}
		o.advance()
		if o.space.Feasible(c) {
			return c, true, nil
		}
	}
	return space.Config{}, false, nil
}

// config returns the point at the present digits and notes what is active.
func (o *odometer) config() (space.Config, error) {
	clear(o.active)
	c, err := o.space.Complete(nil, func(i int, _ *space.Param) space.Value {
		o.active[i] = true
		return o.levels[i][o.digit[i]]
	})
	if err != nil {
		return c, study.Errorf(study.Internal, "", "make a point of the grid: %v", err)
	}
	return c, nil
}

// advance moves to the next point. Digits of inactive parameters stay 0, so
// no point comes twice.
func (o *odometer) advance() {
	order := o.space.Order()
	for k := len(order) - 1; k >= 0; k-- {
		i := order[k]
		if !o.active[i] {
			continue
		}
		if o.digit[i]++; o.digit[i] < len(o.levels[i]) {
			return
		}
		o.digit[i] = 0
	}
	o.done = true
}

// list is a grid in a fixed order.
type list struct {
	points []space.Config
	at     int
}

// shuffled returns what is left of o in an order that depends on the seed.
func shuffled(ctx context.Context, o *odometer, seed uint64) (*list, error) {
	l := &list{}
	for {
		c, ok, err := o.next(ctx)
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		if len(l.points) == maxShuffled {
			return nil, study.Errorf(study.Invalid,
				"use order: lexical, fewer points, or the algorithm qmc",
				"the grid has more than %d points, too many for order: random", maxShuffled)
		}
		if len(l.points)&1023 == 1023 {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
		}
		l.points = append(l.points, c)
	}
	// Stream -1 belongs to no trial.
	study.Stream(seed, -1, study.PurposeSuggest).Shuffle(len(l.points), func(i, j int) {
		l.points[i], l.points[j] = l.points[j], l.points[i]
	})
	return l, nil
}

// next implements source.
func (l *list) next(context.Context) (space.Config, bool, error) {
	if l.at == len(l.points) {
		return space.Config{}, false, nil
	}
	l.at++
	return l.points[l.at-1], true, nil
}
