package problem

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/space"
	scalar "github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
)

// dataDir is the folder of data, or skips the test.
func dataDir(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("AFINA_BENCH_DATA")
	if dir == "" {
		t.Skip("AFINA_BENCH_DATA is not set: the benchmark data are not there")
	}
	return dir
}

// samples is one or more of each family; those of the last two need data.
var samples = []string{
	"bbob/f8/d5/i1", "bbob-mixint/f3/d10/i2", "zdt/1", "zdt/4", "dtlz/2/m3", "wfg/9/m2",
	"constrained/bbob/f1/d5/i1", "constrained/gardner", "constrained/pressure-vessel", "constrained/welded-beam",
	"crash/bbob/f15/d5/i1", "conditional/cash", "conditional/jenatton", "conditional/layers",
	"trap/accuracy/i1", "trap/boosting/i1", "trap/chance/i3", "trap/choices/i1", "trap/cliff/i1", "trap/decades/i1", "trap/failures/i1",
	"trap/nested/i1", "trap/outliers/i1", "trap/ratio/i1", "trap/switches/i1", "trap/unscaled/i1", "trap/useless/i1",
	"mf-hartmann/d3/moderate", "mf-hartmann/d6/bad", "digits/loss",
	"table/hpobench/australian", "table/hpolib/naval_propulsion", "table/nasbench201/cifar10",
	"yahpo/lcbench/3945", "yahpo/rbv2_rpart/37",
}

func needsData(name string) bool {
	return strings.HasPrefix(name, "table/") || strings.HasPrefix(name, "yahpo/")
}

// Every problem keeps to the contract: it is called by its name, the same draw
// gives the same outcome, the truth is no better than the best, and the
// reference lies above it.
func TestContract(t *testing.T) {
	lib := NewLibrary(os.Getenv("AFINA_BENCH_DATA"))
	for _, name := range samples {
		t.Run(name, func(t *testing.T) {
			if needsData(name) {
				dataDir(t)
			}
			p, err := lib.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			if p.Name() != name {
				t.Errorf("it is called %s", p.Name())
			}
			sc := p.Scale()
			if !sc.Known() && !strings.HasPrefix(name, "yahpo/") {
				t.Errorf("nobody knows its scale: %+v", sc)
			}
			feasible := 0
			for n := range 100 {
				c := p.Space().Random(study.Stream(1, n, "test"))
				a, err := p.Evaluate(c, 0, study.Stream(2, n, PurposeNoise))
				if err != nil {
					t.Fatal(err)
				}
				b, err := p.Evaluate(c, 0, study.Stream(2, n, PurposeNoise))
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(a, b); d != "" {
					t.Fatalf("the same draw gives another outcome:\n%s", d)
				}
				o, err := p.True(c)
				if err != nil {
					t.Fatal(err)
				}
				if !o.Feasible() {
					continue
				}
				feasible++
				if len(o.Values) != len(p.Objectives()) {
					t.Fatalf("%d values for %d objectives", len(o.Values), len(p.Objectives()))
				}
				for _, v := range o.Values {
					if math.IsNaN(v) || math.IsInf(v, 0) {
						t.Fatalf("the value at %v is %v", c, v)
					}
				}
				y, err := loss(p, c)
				if err != nil {
					t.Fatal(err)
				}
				if sc.Known() && y < sc.Best-1e-9*math.Abs(sc.Best)-1e-9 {
					t.Errorf("%v at %v is below the best, %v", y, c, sc.Best)
				}
			}
			if feasible == 0 {
				t.Error("none of 100 random configurations has a value")
			}
		})
	}
}

func TestOpenErrors(t *testing.T) {
	lib := NewLibrary("")
	for name, want := range map[string]string{
		"":                          "there is no task",
		"bbob":                      "bbob-mixint/f#/d#/i#",
		"bbob/f25/d5/i1":            "functions 1 to 24",
		"bbob/f1/d999999/i1":        "dimensions",
		"bbob/f01/d5/i1":            "there is no task",
		"bbob-mixint/f1/d7/i1":      "dimensions 5, 10, 20 and 40",
		"table/other/x":             "the groups of tables",
		"table/../x":                "there is no task",
		"yahpo/other/1":             "the scenarios are",
		"zdt/5":                     "ZDT 1, 2, 3, 4 and 6",
		"dtlz/2/m9":                 "2 to 4 objectives",
		"wfg/12/m2":                 "WFG 1 to 9",
		"constrained/bridge":        "the designs are",
		"mf-hartmann/d4/good":       "the dimensions are",
		"mf-hartmann/d3/fair":       "good, moderate or bad",
		"conditional/x":             "the conditional tasks are",
		"trap/x/i1":                 "the traps are accuracy, boosting",
		"trap/cliff/ia":             "there is no task",
		"crash/bbob/f99/d5/i1":      "functions 1 to 24",
		"constrained/bbob/f1/d1/i1": "dimensions",
	} {
		if _, err := lib.Open(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one that says %q", name, err, want)
		}
	}
	for _, name := range []string{"table/hpobench/australian", "yahpo/lcbench/3945"} {
		for _, dir := range []string{"", t.TempDir()} {
			if _, err := NewLibrary(dir).Open(name); !errors.Is(err, ErrNoData) {
				t.Errorf("%s without data: %v", name, err)
			}
		}
	}
}

func TestDesignsAtTheirOptima(t *testing.T) {
	for name, x := range map[string][]float64{
		"gardner":         {1.5 * math.Pi, 0},
		"pressure-vessel": {13, 7, 42.0984455958549, 176.636595842439},
		"welded-beam":     {0.205730, 3.470489, 9.036624, 0.205730},
	} {
		d := designs[name]
		o := d.eval(x)
		if math.Abs(o.Values[0]-d.best) > 1e-5*math.Abs(d.best) {
			t.Errorf("%s: %v at the optimum, want %v", name, o.Values[0], d.best)
		}
		for i, v := range o.Violations {
			if v > 1e-5 {
				t.Errorf("%s: constraint %d is violated by %v at the optimum", name, i+1, v)
			}
		}
	}
}

// The Hartmann functions at their optima, and the first step worse everywhere.
func TestHartmann(t *testing.T) {
	for name, x := range map[string][]float64{
		"d3": {0.114614, 0.555649, 0.852547},
		"d6": {0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573},
	} {
		f := hartmanns[name]
		if y := f.value(x, 0); math.Abs(y-f.best) > 1e-5 {
			t.Errorf("%s: %v at the optimum, want %v", name, y, f.best)
		}
		p, err := NewLibrary("").Open("mf-hartmann/" + name + "/good")
		if err != nil {
			t.Fatal(err)
		}
		for n := range 50 {
			c := p.Space().Random(study.Stream(3, n, "test"))
			last := math.Inf(1)
			for _, step := range []float64{1, 3, 9, 27, 81} {
				q := *p.(*hartmannProblem)
				q.noise = 0
				o, err := q.Evaluate(c, step, study.Stream(3, n, "noise"))
				if err != nil {
					t.Fatal(err)
				}
				if o.Values[0] >= last {
					t.Errorf("%s at %v: %v at step %v, %v before", name, c, o.Values[0], step, last)
				}
				last = o.Values[0]
			}
			if o, err := p.True(c); err != nil || o.Values[0] != last {
				t.Errorf("%s at %v: the truth is %v (%v), the last step %v", name, c, o.Values, err, last)
			}
		}
	}
}

func TestConditionalOptima(t *testing.T) {
	text := scalar.String
	for name, values := range map[string]map[string]space.Value{
		"jenatton": {"x1": scalar.Bool(false), "x2": scalar.Bool(false), "x4": scalar.Float(0), "r8": scalar.Float(0)},
		"layers": {
			"layers": scalar.Int(2), "rate": scalar.Float(1e-3),
			"units1": scalar.Int(64), "dropout1": scalar.Float(0.2), "units2": scalar.Int(32), "dropout2": scalar.Float(0.4),
		},
	} {
		p, err := NewLibrary("").Open("conditional/" + name)
		if err != nil {
			t.Fatal(err)
		}
		c, err := p.Space().Config(values)
		if err != nil {
			t.Fatal(err)
		}
		o, err := p.True(c)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(o.Values[0]-p.Scale().Best) > 1e-12 {
			t.Errorf("%s: %v at the optimum, want %v", name, o.Values[0], p.Scale().Best)
		}
	}
	p, err := NewLibrary("").Open("conditional/cash")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Space().Config(map[string]space.Value{"model": text("net")}); err == nil {
		t.Error("a model without its settings is taken")
	}
}

// Three tenths of the space crash, and the optimum does not.
func TestCrashShare(t *testing.T) {
	for _, name := range []string{"crash/bbob/f1/d5/i1", "crash/bbob/f5/d5/i3", "crash/bbob/f15/d10/i2"} {
		p, err := NewLibrary("").Open(name)
		if err != nil {
			t.Fatal(err)
		}
		crashed := 0
		for n := range 2000 {
			o, err := p.True(p.Space().Random(study.Stream(9, n, "test")))
			if err != nil {
				t.Fatal(err)
			}
			if o.Crashed {
				crashed++
			}
		}
		if crashed < 500 || crashed > 700 {
			t.Errorf("%s: %d of 2000 crash", name, crashed)
		}
	}
}

func TestParseTable(t *testing.T) {
	const grid = "a,b,seed0,seed1\n1,x,1,3\n1,y,2,\n2,x,5,7\n2,y,0,1\n"
	negate := func(x float64) float64 { return -x }
	tab, err := parseTable(strings.NewReader(grid), true, negate)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]float64{-2, -2, -6, -0.5}, tab.truth); d != "" {
		t.Errorf("truth:\n%s", d)
	}
	if tab.best != -6 || !tab.space.Param(0).Ordered || tab.space.Param(1).Ordered {
		t.Errorf("best %v, order %v %v", tab.best, tab.space.Param(0).Ordered, tab.space.Param(1).Ordered)
	}
	c, err := tab.space.Config(map[string]space.Value{"a": scalar.Int(2), "b": scalar.String("y")})
	if err != nil {
		t.Fatal(err)
	}
	if got := tab.row(c); got != 3 {
		t.Errorf("row %d, want 3", got)
	}
	// Both seeds are drawn, and nothing else.
	p := &tableProblem{table: tab}
	seen := map[float64]bool{}
	for n := range 50 {
		o, err := p.Evaluate(c, 0, rand.New(rand.NewPCG(1, uint64(n))))
		if err != nil {
			t.Fatal(err)
		}
		seen[o.Values[0]] = true
	}
	if d := cmp.Diff(map[float64]bool{0: true, -1: true}, seen); d != "" {
		t.Errorf("values drawn:\n%s", d)
	}
	for name, text := range map[string]string{
		"nothing":       "",
		"no seeds":      "a,b\n1,2\n",
		"no parameters": "seed0\n1\n",
		"a hole":        "a,b,seed0\n1,x,1\n1,y,1\n2,x,1\n",
		"another order": "a,b,seed0\n1,x,1\n2,x,1\n1,y,1\n2,y,1\n",
		"a word":        "a,seed0\n1,high\n",
		"infinity":      "a,seed0\n1,inf\n",
		"no result":     "a,seed0,seed1\n1,,\n",
		"a short row":   "a,b,seed0\n1,2\n",
	} {
		if _, err := parseTable(strings.NewReader(text), true, negate); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// FuzzParseTable: no text makes the reader panic, and what it takes has a
// value in every row.
func FuzzParseTable(f *testing.F) {
	f.Add("a,b,seed0,seed1\n1,x,1,3\n1,y,2,\n2,x,5,7\n2,y,0,1\n")
	f.Fuzz(func(t *testing.T, text string) {
		tab, err := parseTable(strings.NewReader(text), true, math.Log)
		if err != nil {
			return
		}
		for n := range 20 {
			if r := tab.row(tab.space.Random(study.Stream(1, n, "fuzz"))); r < 0 || r >= len(tab.truth) {
				t.Fatalf("row %d of %d", r, len(tab.truth))
			}
		}
	})
}

func TestConfigSpaceErrors(t *testing.T) {
	for name, text := range map[string]string{
		"no JSON":         "{",
		"a condition":     `{"conditions":[{}]}`,
		"an unknown type": `{"hyperparameters":[{"name":"x","type":"normal_float"}]}`,
		"bad bounds":      `{"hyperparameters":[{"name":"x","type":"uniform_float","lower":2,"upper":1}]}`,
	} {
		if _, _, err := configSpace([]byte(text), scenarios["lcbench"]); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// More epochs cost more and, in the mean, reach more.
func TestFidelity(t *testing.T) {
	p, err := NewLibrary(dataDir(t)).Open("yahpo/lcbench/3945")
	if err != nil {
		t.Fatal(err)
	}
	var value, cost [2]float64
	for n := range 50 {
		c := p.Space().Random(study.Stream(4, n, "test"))
		for k, epoch := range []float64{1, 52} {
			o, err := p.Evaluate(c, epoch, nil)
			if err != nil {
				t.Fatal(err)
			}
			value[k] += o.Values[0]
			cost[k] += o.Cost
		}
	}
	if !(value[1] < value[0]) || !(cost[1] > cost[0]) {
		t.Errorf("values %v, costs %v at 1 and 52 epochs", value, cost)
	}
}

func TestRegret(t *testing.T) {
	plain, decades := Scale{Best: 1, Reference: 3}, Scale{Best: 0, Reference: 1, Decades: true}
	for _, c := range []struct {
		s    Scale
		v    float64
		want float64
	}{
		{plain, 1, 0}, {plain, 2, 0.5}, {plain, 3, 1}, {plain, 99, 1}, {plain, 0, 0},
		{plain, math.NaN(), 1}, {plain, math.Inf(1), 1},
		{decades, 0, 0}, {decades, 1, 1}, {decades, 1e-2, 0.5}, {decades, 1e-4, 0}, {decades, 1e-9, 0}, {decades, 5, 1},
	} {
		if got := c.s.Regret(c.v); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%+v of %v is %v, want %v", c.s, c.v, got, c.want)
		}
	}
}

// The table of suites: all tasks exist, none is for both development and
// judgement, and the scale of each is kept.
func TestSuites(t *testing.T) {
	lib := NewLibrary(os.Getenv("AFINA_BENCH_DATA"))
	type use struct {
		task     string
		fidelity bool
	}
	used, twice := map[string]bool{}, map[use]bool{}
	for _, s := range Suites {
		if got, err := FindSuite(s.Name); err != nil || got.Name != s.Name {
			t.Errorf("suite %s: %v, %v", s.Name, got.Name, err)
		}
		for _, task := range s.Tasks {
			if development, seen := used[task]; seen && development != s.Development {
				t.Errorf("%s is for development and for judgement", task)
			}
			if u := (use{task, s.Fidelity}); s.Kin() != nil {
				continue // others, and how they start, are what it is about
			} else if twice[u] {
				t.Errorf("%s is in two suites", task)
			} else {
				twice[u] = true
			}
			used[task] = s.Development
			if sc, ok := CommittedScale(task); !ok || !sc.Known() {
				t.Errorf("%s has no committed scale", task)
			}
			if p, err := lib.Open(task); err == nil && s.Fidelity && p.Fidelity() == nil {
				t.Errorf("%s of suite %s has no fidelity", task, s.Name)
			} else if err != nil && !errors.Is(err, ErrNoData) {
				t.Error(err)
			}
		}
	}
	m, err := scales()
	if err != nil {
		t.Fatal(err)
	}
	for task := range m {
		if _, ok := used[task]; !ok {
			t.Errorf("the committed scale of %s is of no suite", task)
		}
	}
	if _, err := FindSuite("none"); err == nil {
		t.Error("there is a suite called none")
	}
}

// A suite with earlier studies says for each task what they are of: a task for
// development, with the same parameters.
func TestKin(t *testing.T) {
	lib := NewLibrary(os.Getenv("AFINA_BENCH_DATA"))
	for _, s := range Suites {
		if s.Kin() == nil {
			continue
		}
		if len(s.Kin()) != len(s.Tasks) {
			t.Fatalf("suite %s has %d tasks, and kin for %d", s.Name, len(s.Tasks), len(s.Kin()))
		}
		for i, kin := range s.Kin() {
			if kin == "" {
				continue
			}
			for _, other := range Suites {
				if !other.Development && slices.Contains(other.Tasks, kin) {
					t.Errorf("%s, the kin of %s, is kept for judgement", kin, s.Tasks[i])
				}
			}
			a, err := lib.Open(s.Tasks[i])
			if errors.Is(err, ErrNoData) {
				continue
			}
			b, other := lib.Open(kin)
			if err := errors.Join(err, other); err != nil {
				t.Fatal(err)
			}
			for _, p := range a.Space().Params() {
				if b.Space().Lookup(p.Name) < 0 {
					t.Errorf("%s has no parameter %s", kin, p.Name)
				}
			}
		}
	}
}

// The committed scales are what the rule gives, except for the development
// tasks of one objective, whose are those of the peers' traces.
func TestCommittedScales(t *testing.T) {
	dir := os.Getenv("AFINA_BENCH_DATA")
	lib := NewLibrary(dir)
	for _, s := range Suites {
		if s.Name == "dev" || s.Kin() != nil || s.Name == "prior-dev" { // whose tasks are those of others
			continue
		}
		for _, task := range s.Tasks {
			if strings.HasPrefix(task, noisyPrefix) {
				continue // that of the task without noise
			}
			if strings.HasPrefix(task, "yahpo/") {
				continue // a search of minutes
			}
			p, err := lib.Open(task)
			if errors.Is(err, ErrNoData) && dir == "" {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			got, err := Calibrate(p, 0)
			if err != nil {
				t.Fatal(err)
			}
			want, _ := CommittedScale(task)
			if math.Abs(got.Best-want.Best) > 1e-9*math.Abs(want.Best) || math.Abs(got.Reference-want.Reference) > 1e-9*math.Abs(want.Reference) || got.Decades != want.Decades {
				t.Errorf("%s: the rule gives %+v, committed is %+v", task, got, want)
			}
		}
	}
}

func TestScalesOfThePeers(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(dataDir(t), "peers", "tasks.json"))
	if err != nil {
		t.Fatal(err)
	}
	var peers map[string]Scale
	if err := json.Unmarshal(b, &peers); err != nil {
		t.Fatal(err)
	}
	dev, err := FindSuite("dev")
	if err != nil {
		t.Fatal(err)
	}
	if len(peers) != len(dev.Tasks) {
		t.Errorf("%d tasks of the peers, %d in suite dev", len(peers), len(dev.Tasks))
	}
	for _, task := range dev.Tasks {
		got, _ := CommittedScale(task)
		if want := peers[task]; got.Best != want.Best || got.Reference != want.Reference {
			t.Errorf("%s: committed %+v, the peers have %+v", task, got, want)
		}
	}
}

// Search finds the optimum of a function that has only one.
func TestSearch(t *testing.T) {
	p, err := NewLibrary("").Open("bbob/f1/d2/i1")
	if err != nil {
		t.Fatal(err)
	}
	got, err := Search(p, 50)
	if err != nil {
		t.Fatal(err)
	}
	if best := p.Scale().Best; got < best || got > best+1e-3 {
		t.Errorf("found %v, the best is %v", got, best)
	}
}

// A task with priors has the values of the task itself, and a scale.
func TestPriors(t *testing.T) {
	lib := NewLibrary("")
	inner, err := lib.Open("bbob-mixint/f1/d5/i1")
	if err != nil {
		t.Fatal(err)
	}
	best, err := bestKnown(inner)
	if err != nil {
		t.Fatal(err)
	}
	for kind, away := range map[string][2]float64{"good": {0, 2}, "weak": {0, 2}, "wrong": {2.9, 3.1}} {
		p, err := lib.Open("prior/" + kind + "/bbob-mixint/f1/d5/i1")
		if err != nil {
			t.Fatal(err)
		}
		if p.Scale() != inner.Scale() || p.Name() != "prior/"+kind+"/bbob-mixint/f1/d5/i1" {
			t.Errorf("%s: %s with scale %+v", kind, p.Name(), p.Scale())
		}
		for i, q := range p.Space().Params() {
			if !q.IsNumeric() {
				continue
			}
			if d := math.Abs(best.At(i).AsFloat()-q.Mean) / q.SD; q.Prior != space.Normal || d < away[0] || d > away[1]+0.5 {
				t.Errorf("%s: the best %s is %v standard deviations out", kind, q.Name, d)
			}
		}
		c := p.Space().Random(study.Stream(1, 1, "priors"))
		got, err1 := p.True(c)
		want, err2 := inner.True(c.In(inner.Space()))
		if err1 != nil || err2 != nil || got.Values[0] != want.Values[0] {
			t.Errorf("%s: %v, %v, want %v, %v", kind, got, err1, want, err2)
		}
	}
	for _, name := range []string{"prior/odd/bbob/f1/d5/i1", "prior/good/nothing", "prior/good"} {
		if _, err := lib.Open(name); err == nil {
			t.Errorf("%s was opened", name)
		}
	}
}

// The mean of what a noisy task shows is the truth, and its noise is as large
// as said.
func TestNoiseIsAroundTheTruth(t *testing.T) {
	p, err := NewLibrary("").Open("noisy/bbob/f1/d2/i1")
	if err != nil {
		t.Fatal(err)
	}
	c := p.Space().Decode([]float64{0.2, 0.9})
	truth, err := p.True(c)
	if err != nil {
		t.Fatal(err)
	}
	const n = 4000
	sum, squares := 0.0, 0.0
	for i := range n {
		o, err := p.Evaluate(c, 0, study.Stream(1, i, PurposeNoise))
		if err != nil {
			t.Fatal(err)
		}
		d := o.Values[0] - truth.Values[0]
		sum, squares = sum+d, squares+d*d
	}
	s := p.Scale()
	want := noiseLow*(s.Reference-s.Best) + noiseGrowing*(truth.Values[0]-s.Best)
	if sd := math.Sqrt(squares / n); math.Abs(sd/want-1) > 0.05 || math.Abs(sum/n) > 4*want/math.Sqrt(n) {
		t.Errorf("mean %v, standard deviation %v, want 0 and %v", sum/n, sd, want)
	}
}
