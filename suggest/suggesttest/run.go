package suggesttest

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
)

// Options says what a method promises beyond the contract, what it refuses,
// and how thoroughly a slow one is tried. The zero Options is right for a
// method that proposes something everywhere for ever.
type Options struct {
	// Settings are those the method is made with.
	Settings setting.Values
	// Trials is the length of the simulated studies; 0 means 40. Many is that
	// of a long history; 0 means 300.
	Trials, Many int
	// Every is of how many requests one is also asked of fresh instances and
	// of rebuilt histories; 0 means every one.
	Every int
	// MaxObjectives is how many objectives the method takes; New has to
	// refuse more. 0 means any number.
	MaxObjectives int
	// BatchEqual promises that n configurations asked for at once are those
	// asked for one by one, and that what stands beside a request counts just
	// as what runs.
	BatchEqual bool
	// Ends says that the method may be exhausted in an infinite space.
	Ends bool
	// Silent says that the method proposes nothing, ever.
	Silent bool
	// Skip leaves out the cases for which it is true.
	Skip func(Case) bool
	// NoGoals leaves out that the opposite objective gives the same study: for
	// methods that know values of their own.
	NoGoals bool
}

// Run holds a method to the contract of package suggest. Every part is a
// subtest.
func Run(t *testing.T, method func() suggest.Method, o Options) {
	t.Helper()
	if o.Trials == 0 {
		o.Trials = 40
	}
	if o.Many == 0 {
		o.Many = 300
	}
	if o.Every == 0 {
		o.Every = 1
	}
	s := suite{method: method, o: o}
	t.Run("description", s.description)
	if o.Silent {
		t.Run("silence", s.silence)
		return
	}
	var cases []Case
	for _, c := range Cases() {
		if o.Skip == nil || !o.Skip(c) {
			cases = append(cases, c)
		}
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Run("study", func(t *testing.T) { s.study(t, c) })
			t.Run("batches", func(t *testing.T) { s.batches(t, c) })
			t.Run("beside", func(t *testing.T) { s.beside(t, c) })
			t.Run("fixed values", func(t *testing.T) { s.fixed(t, c) })
			t.Run("histories", func(t *testing.T) { s.histories(t, c) })
			t.Run("cancellation", func(t *testing.T) { s.cancellation(t, c) })
			if c.Size > 0 {
				t.Run("exhaustion", func(t *testing.T) { s.exhaustion(t, c) })
			}
		})
	}
	if !o.NoGoals {
		t.Run("goals", s.goals)
	}
	t.Run("objectives", s.objectives)
	t.Run("growth", s.growth)
}

// suite is one run of the conformance tests.
type suite struct {
	method func() suggest.Method
	o      Options
}

// make returns a new instance for a number of objectives.
func (s suite) make(t *testing.T, objectives int) suggest.Suggester {
	t.Helper()
	got, err := s.method().New(suggest.Problem{Objectives: objectives, Parallel: 4, Trials: s.o.Trials}, s.o.Settings)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	if got == nil {
		t.Fatal("New returned nil without an error")
	}
	return got
}

func (s suite) description(t *testing.T) {
	m := s.method()
	if m.Name == "" || strings.ToLower(m.Name) != m.Name || strings.ContainsAny(m.Name, " \t") {
		t.Errorf("name %q: want one word in lower case", m.Name)
	}
	if m.Version == "" {
		t.Error("no version")
	}
	if !strings.HasSuffix(m.Doc, ".") {
		t.Errorf("doc %q: want a sentence", m.Doc)
	}
	defaults := setting.Values{}
	names := map[string]bool{}
	for _, one := range m.Settings {
		if names[one.Name] {
			t.Errorf("setting %q is listed twice", one.Name)
		}
		names[one.Name] = true
		if one.Doc == "" {
			t.Errorf("setting %q is not documented", one.Name)
		}
		if !one.Default.IsAbsent() {
			defaults[one.Name] = one.Default
		}
	}
	for _, p := range setting.Check(m.Settings, defaults) {
		t.Errorf("default of setting %q: %s", p.Name, p.Message)
	}
	for _, p := range setting.Check(m.Settings, s.o.Settings) {
		t.Errorf("Options.Settings %q: %s", p.Name, p.Message)
	}
	for _, p := range []suggest.Problem{
		{Objectives: 1, Parallel: 1},
		{Objectives: 1, Parallel: 1000, Trials: 1_000_000},
		{Objectives: 1, Parallel: 1, Trials: 1},
	} {
		if _, err := m.New(p, nil); err != nil {
			t.Errorf("New(%+v) with defaults: %v", p, err)
		}
	}
	if k := s.o.MaxObjectives; k > 0 {
		_, err := m.New(suggest.Problem{Objectives: k + 1, Parallel: 1}, s.o.Settings)
		if err == nil {
			t.Errorf("New took %d objectives, want an error", k+1)
		} else if study.CodeOf(err) != study.Invalid {
			t.Errorf("New with %d objectives: error %q has code %q, want %q", k+1, err, study.CodeOf(err), study.Invalid)
		}
	}
}

func (s suite) silence(t *testing.T) {
	for _, c := range Cases() {
		h := study.NewBook(c.Space, Loss(), nil).History()
		ps, err := s.make(t, 1).Suggest(context.Background(), suggest.Request{History: h, N: 3})
		if len(ps) != 0 || !errors.Is(err, suggest.ErrExhausted) {
			t.Errorf("%s: %d proposals and error %v, want none and exhausted", c.Name, len(ps), err)
		}
	}
}
