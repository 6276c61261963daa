package harvest_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/afina-hpo/afina/harvest"
	"github.com/google/go-cmp/cmp"
)

func TestPatterns(t *testing.T) {
	tests := []struct {
		name     string
		patterns []harvest.Pattern
		text     string
		want     string
	}{
		{
			"first match of the first group", []harvest.Pattern{{Metric: "q", Regexp: `Q is (\S+)`}},
			"Q is 0.5, then Q is 0.6\n", "1 pattern step -: q=0.5\n",
		},
		{
			"named groups in any order", []harvest.Pattern{{Metric: "q", Regexp: `(x)(?P<value>\d+)@(?P<step>\d+)`}},
			"x12@3\n", "1 pattern step 3: q=12\n",
		},
		{
			"named metric takes every match", []harvest.Pattern{{Regexp: `(?P<metric>[a-z]+)<(?P<value>[^>]+)>`}},
			"a<1> b<nan> c<x> d<12.5%>\n", "1 pattern step -: a=1 b=NaN d=12.5\n",
		},
		{
			"step of its own line stays", []harvest.Pattern{{Metric: "q", Regexp: `Q=(\S+)`, Step: `Lap no\. (\d+)`}},
			"Q=1\nLap no. 7\nQ=2\nQ=3 Lap no. 8\n",
			"1 pattern step -: q=1\n3 pattern step 7: q=2\n4 pattern step 8: q=3\n",
		},
		{
			"patterns come before text and after objects", []harvest.Pattern{{Metric: "loss", Regexp: `total=(\S+)`}},
			"total=1 loss=2\nloss=3\n{\"loss\": 4, \"note\": \"total=5\"}\n",
			"1 pattern step -: loss=1\n2 text step -: loss=3\n3 json step -: loss=4\n",
		},
		{
			"several patterns make one sample", []harvest.Pattern{{Metric: "a", Regexp: `A(\d)`}, {Metric: "b", Regexp: `B(\d)`}},
			"A1 B2\n", "1 pattern step -: a=1 b=2\n",
		},
		{
			"a group that is no number is nothing", []harvest.Pattern{{Metric: "a", Regexp: `A(\S*)`}},
			"A\nAx\nA1.2.3\nA7\n", "4 pattern step -: a=7\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, _ := harvestAll(t, harvest.Options{Patterns: tt.patterns}, tt.text)
			if diff := cmp.Diff(tt.want, format(got)); diff != "" {
				t.Errorf("samples (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNewErrors(t *testing.T) {
	each := func(harvest.Sample) {}
	pattern := func(p harvest.Pattern) harvest.Options {
		return harvest.Options{Each: each, Patterns: []harvest.Pattern{{Metric: "ok", Regexp: `(\d)`}, p}}
	}
	tests := []struct {
		name    string
		options harvest.Options
		want    []string
	}{
		{"no receiver", harvest.Options{}, []string{"Each is nil"}},
		{"unknown format", harvest.Options{Each: each, Format: 99}, []string{"unknown format Format(99)"}},
		{"no patterns", harvest.Options{Each: each, Format: harvest.FormatPattern}, []string{"no patterns", "add one"}},
		{"bad name", harvest.Options{Each: each, Want: []string{"a\nb"}}, []string{`"a\nb"`, "no control characters"}},
		{"empty step", harvest.Options{Each: each, StepNames: []string{""}}, []string{"step name is empty"}},
		{"parenthesis", pattern(harvest.Pattern{Metric: "m", Regexp: `é(\d`}), []string{`pattern 2 (metric "m")`, "missing closing )", "at character 1", `write \(`}},
		{"repetition", pattern(harvest.Pattern{Metric: "m", Regexp: `loss=**(\d)`}), []string{"at character 6", `write \*`}},
		{"look-behind", pattern(harvest.Pattern{Metric: "m", Regexp: `ab(?<=x)(\d)`}), []string{"pattern 2", "character 3"}},
		{"look-ahead", pattern(harvest.Pattern{Metric: "m", Regexp: `ab(?=x)(\d)`}), []string{"at character 3", "look-around is not supported"}},
		{"no group", pattern(harvest.Pattern{Metric: "m", Regexp: `loss=\d`}), []string{"no group for the number", "in parentheses"}},
		{"no name", pattern(harvest.Pattern{Regexp: `(\d)`}), []string{"pattern 2:", "names no metric", "(?P<metric>"}},
		{"two names", pattern(harvest.Pattern{Metric: "m", Regexp: `(?P<metric>a)(\d)`}), []string{"remove one of the two"}},
		{"empty", pattern(harvest.Pattern{Metric: "m"}), []string{"regexp is empty"}},
		{"bad step", pattern(harvest.Pattern{Metric: "m", Regexp: `(\d)`, Step: `[z-a]`}), []string{`step "[z-a]"`, "invalid character class range"}},
		{"step without group", pattern(harvest.Pattern{Metric: "m", Regexp: `(\d)`, Step: `x`}), []string{`step "x" has no group`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := harvest.New(tt.options)
			if err == nil {
				t.Fatal("no error")
			}
			for _, w := range tt.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("error %q lacks %q", err, w)
				}
			}
		})
	}
}

func TestFormats(t *testing.T) {
	const text = "step,loss\n1,0.5\n{\"loss\": 1}\nloss=2\nL 3\n"
	patterns := []harvest.Pattern{{Metric: "loss", Regexp: `^L (\d)`}}
	tests := []struct{ format, want string }{
		{"", "2 csv step 1: loss=0.5\n3 json step -: loss=1\n4 text step -: loss=2\n5 pattern step -: loss=3\n"},
		{"auto", "2 csv step 1: loss=0.5\n3 json step -: loss=1\n4 text step -: loss=2\n5 pattern step -: loss=3\n"},
		{"jsonl", "3 json step -: loss=1\n"},
		{"text", "2 csv step 1: loss=0.5\n4 text step -: loss=2\n"},
		{"regex", "5 pattern step -: loss=3\n"},
		{"csv", "2 csv step 1: loss=0.5\n"},
		{"none", ""},
	}
	for _, tt := range tests {
		t.Run(tt.format, func(t *testing.T) {
			f, err := harvest.ParseFormat(tt.format)
			if err != nil {
				t.Fatal(err)
			}
			if again, err := harvest.ParseFormat(f.String()); err != nil || again != f {
				t.Errorf("ParseFormat(%q) = %v, %v", f, again, err)
			}
			got, _ := harvestAll(t, harvest.Options{Format: f, Patterns: patterns}, text)
			if diff := cmp.Diff(tt.want, format(got)); diff != "" {
				t.Errorf("samples (-want +got):\n%s", diff)
			}
		})
	}
	if _, err := harvest.ParseFormat("xml"); err == nil || !strings.Contains(err.Error(), "use auto, json") {
		t.Errorf("ParseFormat(xml) = %v", err)
	}
}

func TestLongLines(t *testing.T) {
	filler := strings.Repeat("x", harvest.MaxLine-20)
	tests := []struct{ name, text, want string }{
		{"value before the cut", "loss=0.5 " + filler + filler + "\nloss=1\n", "1 text step -: loss=0.5\n2 text step -: loss=1\n"},
		{"number across the cut", filler + " a=1 loss=0.123456789\nb=2\n", "1 text step -: a=1\n2 text step -: b=2\n"},
		{"object across the cut", `{"a": "` + filler + filler + "\", \"loss\": 1}\nb=2\n", "2 text step -: b=2\n"},
		{"exactly the limit", filler + strings.Repeat(" ", 11) + "loss=0.25\n", "1 text step -: loss=0.25\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, _ := harvestAll(t, harvest.Options{}, tt.text)
			if diff := cmp.Diff(tt.want, format(got)); diff != "" {
				t.Errorf("samples (-want +got):\n%s", diff)
			}
			pieces := strings.SplitAfter(tt.text, "x")
			again, _ := harvestAll(t, harvest.Options{}, pieces...)
			if diff := cmp.Diff(format(got), format(again)); diff != "" {
				t.Errorf("in pieces (-whole +pieces):\n%s", diff)
			}
		})
	}
}

func TestMaxPerStep(t *testing.T) {
	var c collector
	r := c.reader(t, harvest.Options{MaxPerStep: 4})
	s := r.Stream("stdout")
	for step := range 2 {
		fmt.Fprintf(s, "Epoch %d/2\n", step+1)
		for i := range 101 {
			fmt.Fprintf(s, "loss=%d\n", i)
			if i == 50 {
				fmt.Fprintf(s, "val_loss=0.5\n")
			}
		}
	}
	s.Close()
	perStep := map[float64][]float64{}
	vals := 0
	for _, x := range c.samples {
		if x.Values[0].Name == "val_loss" {
			vals++
			continue
		}
		perStep[x.Step] = append(perStep[x.Step], x.Values[0].Value)
	}
	want := []float64{0, 1, 2, 3, 5, 7, 11, 15, 23, 31, 47, 63, 95, 100}
	if diff := cmp.Diff(map[float64][]float64{1: want, 2: want}, perStep); diff != "" {
		t.Errorf("losses delivered (-want +got):\n%s", diff)
	}
	if vals != 2 {
		t.Errorf("%d values of val_loss, want 2: a rare metric must not be thinned with a frequent one", vals)
	}
	if len(c.warnings) != 1 || !strings.Contains(c.warnings[0], `more than 4 values of "loss"`) {
		t.Errorf("warnings = %q, want one", c.warnings)
	}
	if n := r.Seen().Names[0]; n.Count != 202 {
		t.Errorf("Seen counts %v, want all 202", n)
	}
}

func TestStepNames(t *testing.T) {
	tests := []struct {
		name  string
		steps []string
		text  string
		want  string
	}{
		{"epoch before step", nil, "Epoch 2/3\nstep 100 loss=1\nval_loss=2\n", "2 text step 2: loss=1\n3 text step 2: val_loss=2\n"},
		{"only the named one", []string{"Update"}, "Epoch 2/3\nupdate 100 loss=1\nloss=2\n", "2 text step 100: loss=1\n3 text step 100: loss=2\n"},
		{"objects say their own", nil, "Epoch 2/3\n{\"step\": 7, \"loss\": 1}\n{\"loss\": 2}\n", "2 json step 7: loss=1\n3 json step 2: loss=2\n"},
		{"the best epoch is another", nil, "Epoch 5/5\nfrom best epoch 3\nloss=1\n", "3 text step 5: loss=1\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, _ := harvestAll(t, harvest.Options{StepNames: tt.steps}, tt.text)
			if diff := cmp.Diff(tt.want, format(got)); diff != "" {
				t.Errorf("samples (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMissing(t *testing.T) {
	tests := []struct {
		name, want, text string
		parts            []string
		absent           string
	}{
		{"near miss", "val/loss", strings.Repeat("val_loss=0.5 acc=1\n", 12), []string{`no value for "val/loss"; saw "val_loss" 12 times (did you mean it?), "acc" 12 times`}, "could not"},
		{"longer name", "accuracy", "Test accuracy: 0.9\nloss=1\n", []string{`saw "Test_accuracy" 1 time (did you mean it?)`}, "could not"},
		{"nothing alike", "f1", "loss=0.5\n", []string{`saw "loss" 1 time;`}, "did you mean"},
		{"nothing at all", "loss", "", []string{"the program printed nothing", `{"step": 3, "loss": 0.5}`}, "saw"},
		{"unreadable", "val_loss", "hello\nval_loss=0,31\nVAL_LOSS is 12ms\nval_loss ok\n", []string{"no metric was recognised in 4 lines", "could not be read:\n  stdout line 2: val_loss=0,31\n  stdout line 3: VAL_LOSS is 12ms\n"}, "val_loss ok"},
		{"many", "z", "a=1 b=1 c=1 d=1 e=1 f=1 g=1\n", []string{"and 2 names more"}, "did you"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			samples, seen := harvestAll(t, harvest.Options{Want: []string{tt.want}}, tt.text)
			if len(samples) > 0 {
				t.Fatalf("samples: %v", samples)
			}
			got := harvest.Missing(tt.want, seen)
			for _, p := range tt.parts {
				if !strings.Contains(got, p) {
					t.Errorf("message %q lacks %q", got, p)
				}
			}
			if strings.Contains(got, tt.absent) {
				t.Errorf("message %q has %q", got, tt.absent)
			}
		})
	}
}

// TestTwoWriters checks that streams keep their lines and steps apart and
// that deliveries never overlap, which the race detector would report.
func TestTwoWriters(t *testing.T) {
	var c collector
	r := c.reader(t, harvest.Options{MaxPerStep: -1})
	const lines = 500
	var wg sync.WaitGroup
	for i, name := range []string{"stdout", "stderr"} {
		s := r.Stream(name)
		wg.Go(func() {
			for n := range lines {
				fmt.Fprintf(s, "epoch %d ", n)
				r.Seen()
				fmt.Fprintf(s, "loss=%d\n", i)
			}
			s.Close()
		})
	}
	wg.Wait()
	next := map[string]float64{}
	for _, x := range c.samples {
		if x.Step != next[x.Stream] || (x.Values[0].Value == 0) != (x.Stream == "stdout") {
			t.Fatalf("out of order or mixed: %+v", x)
		}
		next[x.Stream]++
	}
	if next["stdout"] != lines || next["stderr"] != lines {
		t.Errorf("delivered %v, want %d each", next, lines)
	}
}

func TestWriteAfterClose(t *testing.T) {
	var c collector
	s := c.reader(t, harvest.Options{}).Stream("stdout")
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := s.Write([]byte("loss=1\n")); n != 0 || err == nil {
		t.Errorf("Write after Close = %d, %v", n, err)
	}
}

// TestNamesAreBounded floods a reader with names.
func TestNamesAreBounded(t *testing.T) {
	var text strings.Builder
	for i := range 10000 {
		fmt.Fprintf(&text, "m%d=1\n", i)
	}
	text.WriteString("loss=0.5\n")
	samples, seen := harvestAll(t, harvest.Options{Want: []string{"loss"}}, text.String())
	if got, want := format(samples), "10001 text step -: loss=0.5\n"; got != want {
		t.Errorf("samples %q, want %q", got, want)
	}
	if len(seen.Names) > 4096 {
		t.Errorf("%d names kept", len(seen.Names))
	}
}

// TestHostileLines reads lines made to be slow or to fill memory. All take
// milliseconds; the limit is so wide that only a reading whose cost grows
// with the square of the line fails it, even on a slow machine.
func TestHostileLines(t *testing.T) {
	full := func(s string) string { return strings.Repeat(s, harvest.MaxLine/len(s)) + "\n" }
	tests := []struct{ name, text string }{
		{"wrappers", full("a=tensor(1,")},
		{"many names", full("a=1 b=2 c3=4 ")},
		{"nested lists", full("{'a':[")},
		{"escapes", full("\x1b]x\x1b\\")},
		{"spaces and marks", full("a" + strings.Repeat(" ", 50) + ":")},
		{"steps", full("epoch ")},
		{"qualifiers", full("mean ")},
		{"quotes", full(`"",`)},
		{"half headers", strings.Repeat("| | a |\n", 5000)},
		{"unfinished", strings.Repeat("x", 1<<20)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			start := time.Now()
			samples, seen := harvestAll(t, harvest.Options{}, strings.Repeat(tt.text, 5))
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("took %v", took)
			}
			checkSamples(t, samples)
			if seen.Lines == 0 {
				t.Error("no line was read")
			}
		})
	}
}
