package bo

import (
	"math"
	"testing"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest/suggesttest"
)

// learned returns a model of 60 trials of a slope from 0 to 3 whose noise has
// the standard deviation that sd says.
func learned(sd func(loss float64) float64) *model {
	s := suggesttest.Space(space.Param{Name: "x", Kind: space.Float, High: 1})
	b := study.NewBook(s, suggesttest.Loss(), nil)
	for n := range 60 {
		x := (float64(n) + 0.5) / 60
		loss := 3 * x
		loss += sd(loss) * study.Stream(2, n, "noise").NormFloat64()
		b.Put(&study.Trial{Number: n, State: study.Complete, Config: s.Decode([]float64{x}), Values: []float64{loss}})
	}
	m := &model{o: &options{warps: maps[:1], trend: true}}
	m.memory.follow(b.History(), false)
	m.learn()
	return m
}

func TestTrendIsFoundWhereThereIsOne(t *testing.T) {
	m := learned(func(loss float64) float64 { return 0.02 + 0.25*loss })
	tr := m.losses[0].trend
	if tr == nil {
		t.Fatal("none is found")
	}
	good, bad := tr.at(m.row(3)), tr.at(m.row(56))
	if !(good < 0.6 && bad > 1.6) {
		t.Errorf("the noise is multiplied by %v where it is low and by %v where it is high", good, bad)
	}
	// On average the factors are 1, as logarithms.
	sum := 0.0
	for i := range 60 {
		sum += math.Log(tr.at(m.row(i))) / 60
	}
	if math.Abs(sum) > 0.05 {
		t.Errorf("the factors are %v on average", math.Exp(sum))
	}
}

func TestNoTrendWhereThereIsNone(t *testing.T) {
	for name, sd := range map[string]float64{"even noise": 0.4, "no noise": 0} {
		if tr := learned(func(float64) float64 { return sd }).losses[0].trend; tr != nil {
			t.Errorf("%s: a slope of %v is found", name, tr.slope)
		}
	}
}
