package problem

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/study"
)

func TestDigitsFlags(t *testing.T) {
	all, err := DigitsFlags()
	if err != nil {
		t.Fatal(err)
	}
	// Learning rates, batches, ways to descend, and models of each family.
	if want := 6 * 2 * (3 + 1) * (2*3*2 + 3*3); len(all) != want {
		t.Errorf("%d configurations, want %d", len(all), want)
	}
	seen := map[string]bool{}
	for _, flags := range all {
		name := strings.Join(flags, " ")
		if seen[name] {
			t.Fatalf("%s is there twice", name)
		}
		seen[name] = true
	}
	for _, want := range []string{
		"--lr=0.001 --batch=16 --optimizer=sgd --momentum=0 --model=mlp --layers=1 --width=16 --dropout=0",
		"--lr=1 --batch=64 --optimizer=adam --model=rbf --features=576 --gamma=0.3",
	} {
		if !seen[want] {
			t.Errorf("%s is missing", want)
		}
	}
}

// A curve written is the curve read, to half a unit.
func TestDigitsCurves(t *testing.T) {
	losses := make([]float64, digitsEpochs)
	for i := range losses {
		losses[i] = 2 / (1 + float64(i))
	}
	line := FormatDigits(losses, 1)
	if !strings.HasPrefix(line, "693,-693,-405,") {
		t.Errorf("the line is %s", line)
	}
	curve, err := parseCurve(line)
	if err != nil {
		t.Fatal(err)
	}
	for i, y := range curve {
		if off := math.Abs(y - math.Log(losses[i])); off > 0.5/digitsUnit {
			t.Errorf("epoch %d is off by %v", i+1, off)
		}
	}
	if last := FormatDigits(losses, 2); last != "-2708" {
		t.Errorf("of another seed there is %q", last)
	}
	if got := FormatDigits([]float64{1, math.NaN(), 1}, 1) + "|" + FormatDigits([]float64{1, math.Inf(1)}, 3); got != "0|" {
		t.Errorf("trainings that diverged: %q", got)
	}
}

func TestParseDigits(t *testing.T) {
	all, err := DigitsFlags()
	if err != nil {
		t.Fatal(err)
	}
	whole := strings.TrimSuffix(strings.Repeat("0,", digitsEpochs), ",")
	lines := make([]string, 0, len(all)*DigitsSeeds)
	for range all {
		lines = append(lines, whole, "1000", "-2000")
	}
	lines[0], lines[4] = "5,-3", "" // the first diverged, and of the second a training that is not seen
	text := strings.Join(lines, "\n") + "\n"
	got, err := parseDigits(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	first, second, third := strings.Join(all[0], " "), strings.Join(all[1], " "), strings.Join(all[2], " ")
	if d := cmp.Diff([]float64{0.005, 0.002}, got.curves[first]); d != "" {
		t.Error(d)
	}
	if !math.IsNaN(got.truth[first]) || !math.IsNaN(got.truth[second]) || math.Abs(got.truth[third]+1.0/3) > 1e-12 || math.Abs(got.best+1.0/3) > 1e-12 {
		t.Errorf("truths %v, %v, %v, best %v", got.truth[first], got.truth[second], got.truth[third], got.best)
	}
	s, err := digitsSpace()
	if err != nil {
		t.Fatal(err)
	}
	p := &digitsProblem{base: base{space: s}, digitsTable: got}
	c, err := s.ParseConfig([]byte(`{"lr":0.001,"batch":16,"optimizer":"sgd","momentum":0,"model":"mlp","layers":1,"width":16,"dropout":0}`))
	if err != nil {
		t.Fatal(err)
	}
	for step, want := range map[float64]Outcome{1: {Values: []float64{0.005}}, 2.9: {Values: []float64{0.002}}, 3: {Crashed: true}, 0: {Crashed: true}} {
		if o, err := p.Evaluate(c, step, nil); err != nil || !cmp.Equal(o, want) {
			t.Errorf("at step %v: %+v, %v", step, o, err)
		}
	}
	if o, err := p.True(c); err != nil || !o.Crashed {
		t.Errorf("the truth of what diverged: %+v, %v", o, err)
	}
	for name, bad := range map[string]string{
		"end in line 1 of": "",
		"line 2":           whole + "\nx\n",
		"31 numbers":       whole + ",0\n",
		"after the last":   text + "0\n",
	} {
		if _, err := parseDigits(strings.NewReader(bad)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("error %v, want one that says %q", err, name)
		}
	}
}

// Every configuration of the space was recorded.
func TestDigitsRecorded(t *testing.T) {
	p, err := NewLibrary("").Open("digits/loss")
	if err != nil {
		t.Fatal(err)
	}
	for n := range 2000 {
		c := p.Space().Random(study.Stream(3, n, "test"))
		if o, err := p.Evaluate(c, 1, nil); err != nil || o.Crashed {
			t.Fatalf("%v: %+v, %v", c, o, err)
		}
	}
	if _, err := NewLibrary("").Open("digits/speed"); err == nil || !strings.Contains(err.Error(), "the loss") {
		t.Errorf("another curve: %v", err)
	}
}
