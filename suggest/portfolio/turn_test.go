package portfolio

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/suggesttest"
)

func made(t *testing.T, objectives int, v setting.Values) *suggester {
	t.Helper()
	s, err := newSuggester(suggest.Problem{Objectives: objectives, Parallel: 1}, v)
	if err != nil {
		t.Fatal(err)
	}
	return s.(*suggester)
}

func TestTurns(t *testing.T) {
	numbers := suggesttest.Space(
		space.Param{Name: "x", Kind: space.Float, High: 1},
		space.Param{Name: "n", Kind: space.Int, High: 9},
		space.Param{Name: "b", Kind: space.Bool})
	choices := suggesttest.Space(
		space.Param{Name: "x", Kind: space.Float, High: 1},
		space.Param{Name: "b", Kind: space.Bool})
	two := append(suggesttest.Loss(), study.Objective{Metric: "size", Goal: study.Minimize})
	lucky := make([]study.Trial, 0, 40) // of tpe, each better than all before
	for n := range cap(lucky) {
		lucky = append(lucky, complete("tpe", float64(-n)))
	}
	wrong := make([]study.Trial, 0, 62) // the best was foreseen, the worst came
	for n := range cap(wrong) - 1 {
		wrong = append(wrong, foreseen(-1, float64(n)))
	}
	wrong = append(wrong, complete("", -1))
	for _, c := range []struct {
		name       string
		space      *space.Space
		objectives []study.Objective
		settings   setting.Values
		ended      int // trials, of no method
		of         []study.Trial
		want       map[string]float64
	}{
		{"few", numbers, suggesttest.Loss(), nil, 100, nil, map[string]float64{"bo": 0.8, "forest": 0.1, "tpe": 0.1}},
		{"the last of few", numbers, suggesttest.Loss(), nil, 500, nil, map[string]float64{"bo": 0.8, "forest": 0.1, "tpe": 0.1}},
		{"between", numbers, suggesttest.Loss(), nil, 1000, nil, map[string]float64{"bo": 0.45, "forest": 0.05, "tpe": 0.3, "cmaes": 0.2}},
		{"many", numbers, suggesttest.Loss(), nil, 2000, nil, map[string]float64{"bo": 0.1, "tpe": 0.5, "cmaes": 0.4}},
		{"very many", numbers, suggesttest.Loss(), nil, 5000, nil, map[string]float64{"bo": 0.1, "tpe": 0.5, "cmaes": 0.4}},
		{"many, half of them numbers", choices, suggesttest.Loss(), nil, 2000, nil, map[string]float64{"bo": 0.1, "tpe": 0.9}},
		{"few are fewer", numbers, suggesttest.Loss(), setting.Values{"few": value.Int(25)}, 100, nil, map[string]float64{"bo": 0.1, "tpe": 0.5, "cmaes": 0.4}},
		{"others have more", numbers, suggesttest.Loss(), setting.Values{"others": value.Float(0.5)}, 100, nil, map[string]float64{"bo": 0.5, "forest": 0.25, "tpe": 0.25}},
		{"others have none", numbers, suggesttest.Loss(), setting.Values{"others": value.Float(0)}, 100, nil, map[string]float64{"bo": 1}},
		{"others have all", numbers, suggesttest.Loss(), setting.Values{"others": value.Float(1)}, 100, nil, map[string]float64{"forest": 0.5, "tpe": 0.5}},
		{"two objectives, few", numbers, two, nil, 100, nil, map[string]float64{"bo": 0.8, "tpe": 0.2}},
		{"two objectives, others have more", numbers, two, setting.Values{"others": value.Float(0.5)}, 100, nil, map[string]float64{"bo": 0.5, "tpe": 0.5}},
		{"two objectives, many", numbers, two, nil, 2000, nil, map[string]float64{"bo": 0.1, "nsga2": 0.7, "tpe": 0.2}},
		// Nothing that ended so far speaks against the processes.
		{"nothing to doubt", numbers, suggesttest.Loss(), nil, 0, lucky, map[string]float64{"bo": 1}},
		{"nothing to doubt, more for others", numbers, suggesttest.Loss(), setting.Values{"others": value.Float(1)}, 0, lucky, map[string]float64{"bo": 1}},
		{"nothing to doubt, but many", numbers, suggesttest.Loss(), setting.Values{"few": value.Int(10)}, 0, lucky, map[string]float64{"bo": 0.1, "tpe": 0.5, "cmaes": 0.4}},
		{"nothing to doubt, between", numbers, suggesttest.Loss(), setting.Values{"few": value.Int(20)}, 0, lucky, map[string]float64{"bo": 0.55, "tpe": 0.25, "cmaes": 0.2}},
		{"wholly wrong", numbers, suggesttest.Loss(), nil, 0, wrong, map[string]float64{"bo": 0.8, "forest": 0.1, "tpe": 0.1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := study.NewBook(c.space, c.objectives, nil)
			for range c.ended { // so long without improvement that doubt is complete
				put(b, ended("", study.Trial{State: study.Failed}))
			}
			put(b, c.of...)
			counts(t, made(t, len(c.objectives), c.settings), b.History(), c.want)
		})
	}
}

// counts compares the turns of many trials with the shares wanted.
func counts(t *testing.T, s *suggester, h *study.History, want map[string]float64) {
	t.Helper()
	const n = 20_000
	s.credit.follow(h, s.arms)
	got := map[string]float64{}
	r := suggest.Request{History: h, Seed: 5}
	for i := range n {
		got[s.turn(r, h.Len()+i).name] += 1.0 / n
	}
	for _, a := range s.arms {
		// Five standard errors.
		if w := want[a.name]; math.Abs(got[a.name]-w) > 5*math.Sqrt(w*(1-w)/n)+1e-12 {
			t.Errorf("%s has %.3f of the turns, want %.3f", a.name, got[a.name], w)
		}
	}
}

func TestTurnsFollowCredit(t *testing.T) {
	b := study.NewBook(line1(), suggesttest.Loss(), nil)
	// All that forest finds is better than all before, and bo's is worse, though
	// it expects the best.
	for n := range 30 {
		put(b, foreseen(-100, float64(n)), complete("forest", float64(-n-1)))
	}
	s := made(t, 1, nil)
	s.credit.follow(b.History(), s.arms)
	// Both factors are at their bounds: 0.8/2, 0.1·2 and 0.1 are the shares.
	want := map[string]float64{"bo": 0.4 / 0.7, "forest": 0.2 / 0.7, "tpe": 0.1 / 0.7}
	counts(t, s, b.History(), want)
}

func TestStartIsOfGaussianProcesses(t *testing.T) {
	b := study.NewBook(suggesttest.Wide(10), suggesttest.Loss(), nil)
	for range 100 { // doubt is complete
		put(b, ended("", study.Trial{State: study.Failed}))
	}
	h := b.History()
	for name, c := range map[string]struct {
		settings setting.Values
		first    int
	}{
		"half the parameters and three": {nil, 8},
		"as set":                        {setting.Values{"startup": value.Int(30)}, 30},
	} {
		s := made(t, 1, c.settings)
		s.credit.follow(h, s.arms)
		later := map[string]bool{}
		for seed := range uint64(50) {
			for n := range c.first {
				if a := s.turn(suggest.Request{History: h, Seed: seed}, n); a.name != "bo" {
					t.Fatalf("%s: trial %d is of %s", name, n, a.name)
				}
			}
			later[s.turn(suggest.Request{History: h, Seed: seed}, c.first).name] = true
		}
		if !later["forest"] || !later["tpe"] {
			t.Errorf("%s: trial %d is always of %v", name, c.first, later)
		}
	}
}

// stub answers what it is told and remembers what it was asked.
type stub struct {
	asked  []suggest.Request
	answer func(r suggest.Request) ([]suggest.Proposal, error)
}

func (s *stub) Suggest(_ context.Context, r suggest.Request) ([]suggest.Proposal, error) {
	s.asked = append(s.asked, r)
	return s.answer(r)
}

func TestEachSeesTheEarlierOnesOfARequest(t *testing.T) {
	sp := line1()
	at := func(x float64) space.Config { return sp.Decode([]float64{x}) }
	one := &stub{answer: func(r suggest.Request) ([]suggest.Proposal, error) {
		return []suggest.Proposal{{Config: at(float64(r.First) / 100)}}, nil
	}}
	s := &suggester{few: 500, startup: 1, arms: []arm{{"a", 1, 1, one}, {"b", 1, 1, one}}}
	b := study.NewBook(sp, suggesttest.Loss(), nil)
	for range 40 { // doubt is complete
		put(b, complete("", 1))
	}
	ps, err := s.Suggest(t.Context(), suggest.Request{History: b.History(), N: 12, First: 40, Seed: 9, Beside: []space.Config{at(0.9), at(0.8)}})
	if err != nil {
		t.Fatal(err)
	}
	want := []space.Config{at(0.9), at(0.8)}
	arms := map[string]bool{}
	for i, r := range one.asked {
		if r.N != 1 || r.First != 40+i || r.Seed != 9 || r.History != b.History() {
			t.Errorf("question %d: N %d, First %d, seed %d", i, r.N, r.First, r.Seed)
		}
		if diff := cmp.Diff(texts(want), texts(r.Beside)); diff != "" {
			t.Errorf("beside question %d (-want +got):\n%s", i, diff)
		}
		want = append(want, at(float64(40+i)/100))
		arms[ps[i].Note] = true
	}
	if diff := cmp.Diff(map[string]bool{`{"arm":"a"}`: true, `{"arm":"b","doubt":1}`: true}, arms); len(ps) != 12 || diff != "" {
		t.Errorf("%d proposals, whose notes are (-want +got):\n%s", len(ps), diff)
	}
}

func texts(cs []space.Config) []string {
	var out []string
	for _, c := range cs {
		out = append(out, c.String())
	}
	return out
}

// An arm that has nothing new does not end the study as long as something is
// left.
func TestArmsWithoutIdeas(t *testing.T) {
	sp := suggesttest.Space(space.Param{Name: "b", Kind: space.Bool})
	broken := errors.New("broken")
	no := sp.Decode([]float64{0})
	for _, c := range []struct {
		name   string
		answer func(suggest.Request) ([]suggest.Proposal, error)
		notes  []string
		err    error
	}{
		{"nothing", func(suggest.Request) ([]suggest.Proposal, error) { return nil, nil },
			[]string{`{"arm":"a","by":"random"}`, `{"arm":"a","by":"random"}`}, suggest.ErrExhausted},
		{"exhausted", func(suggest.Request) ([]suggest.Proposal, error) { return nil, suggest.ErrExhausted },
			[]string{`{"arm":"a","by":"random"}`, `{"arm":"a","by":"random"}`}, suggest.ErrExhausted},
		{"the same again", func(suggest.Request) ([]suggest.Proposal, error) {
			return []suggest.Proposal{{Config: no, Note: `{"k":1}`}}, nil
		}, []string{`{"arm":"a","k":1}`, `{"arm":"a","by":"random"}`}, suggest.ErrExhausted},
		{"an error", func(suggest.Request) ([]suggest.Proposal, error) { return nil, broken }, nil, broken},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &suggester{few: 500, startup: 1, arms: []arm{{"a", 1, 1, &stub{answer: c.answer}}}}
			h := study.NewBook(sp, suggesttest.Loss(), nil).History()
			ps, err := s.Suggest(t.Context(), suggest.Request{History: h, N: 5, Seed: 2})
			if !errors.Is(err, c.err) {
				t.Errorf("error %v, want %v", err, c.err)
			}
			var notes []string
			for _, p := range ps {
				notes = append(notes, p.Note)
			}
			if diff := cmp.Diff(c.notes, notes); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNote(t *testing.T) {
	for said, want := range map[string]string{
		"":                           `{"arm":"bo"}`,
		"{}":                         `{"arm":"bo"}`,
		`{"by":"gp","predicted":-1}`: `{"arm":"bo","by":"gp","predicted":-1}`,
		`[1]`:                        `{"arm":"bo"}`,
	} {
		got := with("arm", []byte(`"bo"`), said)
		if got != want || !json.Valid([]byte(got)) {
			t.Errorf("note of %s is %s, want %s", said, got, want)
		}
		if name, ok := armOf(&study.Trial{Origin: &study.Origin{Note: got}}); name != "bo" || !ok {
			t.Errorf("the arm of %s is %q (%v)", got, name, ok)
		}
	}
	for _, foreign := range []*study.Origin{nil, {}, {Note: `{"by":"gp"}`}, {Note: `{"arm":"bo`}, {Note: "arm"}} {
		if name, ok := armOf(&study.Trial{Origin: foreign}); ok {
			t.Errorf("the arm of %v is %q", foreign, name)
		}
	}
}

// Every arm's own note stays what it was, behind the name of the arm.
func TestNotesOfEveryArm(t *testing.T) {
	sp := suggesttest.Wide(4)
	b := study.NewBook(sp, suggesttest.Loss(), nil)
	bowl := suggesttest.Bowl(sp)
	for _, c := range suggesttest.Drawn(sp, 40) {
		one := complete("", bowl(c))
		one.Number, one.Config = b.Len(), c
		b.Put(&one)
	}
	for _, objectives := range []int{1, 2} {
		for _, a := range made(t, objectives, nil).arms {
			if a.name == "nsga2" {
				continue // of two objectives, which this history does not have
			}
			r := suggest.Request{History: b.History(), N: 1, First: b.Len(), Seed: 3}
			alone, err := made(t, objectives, nil).named(a.name).Suggest(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			s := made(t, objectives, nil)
			s.arms = []arm{*s.named(a.name)}
			ps, err := s.Suggest(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			var got, want map[string]any
			if err := json.Unmarshal([]byte(ps[0].Note), &got); err != nil {
				t.Fatalf("%s: note %s: %v", a.name, ps[0].Note, err)
			}
			if err := json.Unmarshal([]byte(alone[0].Note), &want); err != nil {
				t.Fatalf("%s alone: note %s: %v", a.name, alone[0].Note, err)
			}
			want["arm"] = a.name
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", a.name, diff)
			}
			if !strings.HasPrefix(ps[0].Note, `{"arm":"`+a.name+`",`) || !ps[0].Config.Equal(alone[0].Config) {
				t.Errorf("%s: note %s of %v, alone %v", a.name, ps[0].Note, ps[0].Config, alone[0].Config)
			}
		}
	}
}

func (s *suggester) named(name string) *arm {
	for k := range s.arms {
		if s.arms[k].name == name {
			return &s.arms[k]
		}
	}
	return nil
}
