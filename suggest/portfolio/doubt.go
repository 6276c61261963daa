package portfolio

import (
	"math"
	"strconv"
	"strings"

	"github.com/afina-hpo/afina/study"
)

// How long a prediction is remembered: each later one takes so much of its
// weight. And with how many predictions that all came true the processes begin,
// so that a few misses among the first do not cost them the turns from which
// they learn the most.
const (
	recent = 0.95
	faith  = 40
)

// doubt is how wrong the processes have been about what they proposed, a
// function of the history. What was predicted for a trial stands in its note,
// so nothing has to be fitted again.
//
// Predictions are judged by places: how many of the earlier losses are below
// what was predicted, and how many below what came. Places need no scale, so
// one loss of a million weighs like any other miss, and a search that has come
// to its last decimals is judged like one that begins. A miss is set against
// that of somebody who knows nothing and says "the median" of every trial.
type doubt struct {
	missed float64 // distance from the place predicted, discounted sum
	blind  float64 // distance from the middle
}

// believing is the doubt of a study that begins. A quarter is the mean distance
// of a place from the middle.
func believing() doubt { return doubt{blind: faith * 0.25} }

// learn takes in that a trial came to be at a place, from 0 to 1, where another
// was predicted.
func (d *doubt) learn(place, predicted float64) {
	d.missed = float64(recent*d.missed) + math.Abs(place-predicted)
	d.blind = float64(recent*d.blind) + math.Abs(place-0.5)
}

// degree is 0 where every prediction came true and 1 where they are no better
// than knowing nothing.
func (d *doubt) degree() float64 {
	if d.missed >= d.blind {
		return 1 // also where all came to be in the middle
	}
	return d.missed / d.blind
}

// predicted returns the loss that was predicted for t.
func predicted(t *study.Trial, o study.Objective) (float64, bool) {
	if t.Origin == nil {
		return 0, false
	}
	_, number, ok := strings.Cut(t.Origin.Note, `"predicted":`)
	if !ok {
		return 0, false
	}
	if end := strings.IndexAny(number, ",}"); end >= 0 {
		number = number[:end]
	}
	x, err := strconv.ParseFloat(number, 64)
	return o.Loss(x), err == nil && !math.IsNaN(x) && !math.IsInf(x, 0)
}
