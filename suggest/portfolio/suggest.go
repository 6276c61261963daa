package portfolio

import (
	"context"
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/afina-hpo/afina/internal/foresight"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/internal/distinct"
)

// purpose is the random stream that turns are drawn from.
const purpose = "portfolio"

type suggester struct {
	few     int
	startup int
	trials  int // the budget; 0: unknown
	arms    []arm
	part    suggest.Part
	picker  distinct.Picker
	credit  credit
}

// Holds implements [suggest.Holder]: the methods heed what is held.
func (s *suggester) Holds() {}

// Suggest implements [suggest.Suggester]. The time is that of the method whose
// turn it is.
func (s *suggester) Suggest(ctx context.Context, r suggest.Request) ([]suggest.Proposal, error) {
	part, err := s.part.Of(r)
	if err != nil {
		return nil, err
	}
	s.picker.BeginIn(part, r.History, r.Beside...)
	s.credit.follow(r.History, s.arms)
	beside := append([]space.Config(nil), r.Beside...)
	out := make([]suggest.Proposal, 0, r.N)
	for i := range r.N {
		a := s.turn(r, r.First+i)
		one := r
		one.N, one.First, one.Beside = 1, r.First+i, beside
		ps, err := a.Suggest(ctx, one)
		if err != nil && !errors.Is(err, suggest.ErrExhausted) {
			return nil, err
		}
		if len(ps) == 0 || !s.picker.Take(ps[0].Config) {
			// The method has nothing that is new.
			c, err := s.picker.Draw(ctx, r.Rand(i))
			if errors.Is(err, suggest.ErrExhausted) {
				return out, err
			}
			if err != nil {
				return nil, err
			}
			ps = []suggest.Proposal{{Config: c, Note: `{"by":"random"}`}}
		}
		p := ps[0]
		if a != &s.arms[0] && len(r.History.Objectives) == 1 {
			// Why it is not the first one's turn.
			p.Note = with("doubt", strconv.AppendFloat(nil, s.credit.doubt(), 'g', 3, 64), p.Note)
		}
		p.Note = with("arm", strconv.AppendQuote(nil, a.name), p.Note)
		beside = append(beside, p.Config)
		out = append(out, p)
	}
	return out, nil
}

// with puts a key and its value, which is JSON, before what a method says.
func with(key string, value []byte, said string) string {
	head := `{"` + key + `":` + string(value)
	if len(said) <= 2 || said[0] != '{' {
		return head + "}"
	}
	return head + "," + said[1:]
}

// armOf returns the name of the method that made t.
func armOf(t *study.Trial) (string, bool) {
	if t.Origin == nil {
		return "", false
	}
	rest, ok := strings.CutPrefix(t.Origin.Note, `{"arm":"`)
	if !ok {
		return "", false
	}
	name, _, ok := strings.Cut(rest, `"`)
	return name, ok
}

// turn returns the arm whose turn trial number n is.
func (s *suggester) turn(r suggest.Request, n int) *arm {
	first := s.startup
	if first == 0 {
		steps := foresight.Usable(r.History.Objectives, r.History.Fidelity)
		first = suggest.Startup(r.History.Space.Len(), s.trials, steps)
	}
	if n < first {
		return &s.arms[0]
	}
	shares := s.shares(r.History)
	sum := 0.0
	for k := range shares {
		shares[k] = float64(shares[k] * s.credit.factor(k))
		sum += shares[k]
	}
	u := float64(study.Stream(r.Seed, n, purpose).Float64() * sum)
	for k := range s.arms {
		if u -= shares[k]; u < 0 {
			return &s.arms[k]
		}
	}
	return &s.arms[0]
}

// shares returns the shares of the turns before credit.
func (s *suggester) shares(h *study.History) []float64 {
	// From few to four times as many the shares go from the ones to the others.
	late := math.Log2(float64(max(h.EndedLen(), 1))/float64(s.few)) / 2
	late = math.Min(math.Max(late, 0), 1)
	doubt := s.credit.doubt()
	out := make([]float64, len(s.arms))
	for k, a := range s.arms {
		few := float64(doubt * a.few)
		if k == 0 {
			few = 1 - float64(doubt*(1-a.few))
		}
		out[k] = few + float64(late*(a.many-few))
		if a.name == "cmaes" && !numeric(h.Space) {
			out[k-1] += out[k]
			out[k] = 0
		}
	}
	return out
}

// numeric reports whether most of the parameters are numbers, or choices in an
// order.
func numeric(s *space.Space) bool {
	n := 0
	for i := range s.Len() {
		if p := s.Param(i); p.IsNumeric() || p.Ordered {
			n++
		}
	}
	return 2*n > s.Len()
}

// Estimate implements [suggest.Estimator] with the Gaussian processes.
func (s *suggester) Estimate(h *study.History, c space.Config) (mean, se []float64, ok bool) {
	return s.arms[0].Suggester.(suggest.Estimator).Estimate(h, c)
}

// Forecast implements [suggest.Forecaster] with the Gaussian processes.
func (s *suggester) Forecast(ctx context.Context, r suggest.Request) (suggest.Outlook, bool) {
	return s.arms[0].Suggester.(suggest.Forecaster).Forecast(ctx, r)
}

// Repeat implements [suggest.Repeater] with the Gaussian processes, where the
// proposal is theirs.
func (s *suggester) Repeat(ctx context.Context, r suggest.Request, p suggest.Proposal) (suggest.Again, bool) {
	one, ok := s.arms[0].Suggester.(suggest.Repeater)
	if !ok || !strings.HasPrefix(p.Note, `{"arm":"`+s.arms[0].name+`"`) {
		return suggest.Again{}, false
	}
	return one.Repeat(ctx, r, p)
}
