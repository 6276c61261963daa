package harvest_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/afina-hpo/afina/harvest"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var rewrite = flag.Bool("rewrite", false, "write testdata/*.want anew from what is read now")

// corpusOptions are the options of corpora that need other than none.
var corpusOptions = map[string]harvest.Options{
	"wanted": {Want: []string{"loss", "val_loss", "my metric"}},
}

// collector gathers what a reader delivers.
type collector struct {
	samples  []harvest.Sample
	warnings []string
}

func (c *collector) reader(t testing.TB, o harvest.Options) *harvest.Reader {
	t.Helper()
	o.Each = func(s harvest.Sample) { c.samples = append(c.samples, s) }
	o.Warn = func(m string) { c.warnings = append(c.warnings, m) }
	r, err := harvest.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// harvestAll reads text as one stream, in the given pieces.
func harvestAll(t testing.TB, o harvest.Options, pieces ...string) ([]harvest.Sample, harvest.Seen) {
	t.Helper()
	var c collector
	r := c.reader(t, o)
	s := r.Stream("stdout")
	for _, p := range pieces {
		if n, err := s.Write([]byte(p)); n != len(p) || err != nil {
			t.Fatalf("Write = %d, %v", n, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return c.samples, r.Seen()
}

// format writes samples the way the .want files hold them.
func format(samples []harvest.Sample) string {
	var b strings.Builder
	for _, s := range samples {
		step := "-"
		if s.HasStep {
			step = strconv.FormatFloat(s.Step, 'g', -1, 64)
		}
		fmt.Fprintf(&b, "%d %s step %s:", s.Line, s.Source, step)
		for _, m := range s.Values {
			name := m.Name
			if strings.ContainsAny(name, ` "=`) {
				name = strconv.Quote(name)
			}
			fmt.Fprintf(&b, " %s=%s", name, strconv.FormatFloat(m.Value, 'g', -1, 64))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// corpora returns the names and texts of the golden corpus. Its lines were
// written in the formats of the programs they are named for; those of xgboost,
// lightgbm and tqdm after captured output of xgboost 3, lightgbm 4 and
// tqdm 4.
func corpora(t testing.TB) map[string]string {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(paths) < 15 {
		t.Fatalf("corpus has %d files, %v", len(paths), err)
	}
	out := map[string]string{}
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		out[strings.TrimSuffix(filepath.Base(p), ".txt")] = string(b)
	}
	return out
}

func TestCorpus(t *testing.T) {
	for name, text := range corpora(t) {
		t.Run(name, func(t *testing.T) {
			samples, _ := harvestAll(t, corpusOptions[name], text)
			got := format(samples)
			path := "testdata/" + name + ".want"
			if *rewrite {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("samples differ (-want +got):\n%s", diff)
			}
		})
	}
}

// TestSplitInvariance feeds the corpus in arbitrary pieces.
func TestSplitInvariance(t *testing.T) {
	for name, text := range corpora(t) {
		t.Run(name, func(t *testing.T) {
			samples, seen := harvestAll(t, corpusOptions[name], text)
			want := format(samples)
			rapid.Check(t, func(t *rapid.T) {
				cuts := rapid.SliceOfN(rapid.IntRange(1, 40), 1, 20).Draw(t, "sizes")
				var c collector
				o := corpusOptions[name]
				o.Each = func(s harvest.Sample) { c.samples = append(c.samples, s) }
				r, err := harvest.New(o)
				if err != nil {
					t.Fatal(err)
				}
				s := r.Stream("stdout")
				for i, rest := 0, text; rest != ""; i++ {
					n := min(cuts[i%len(cuts)], len(rest))
					if _, err := s.Write([]byte(rest[:n])); err != nil {
						t.Fatal(err)
					}
					rest = rest[n:]
				}
				s.Close()
				if diff := cmp.Diff(want, format(c.samples)); diff != "" {
					t.Fatalf("samples depend on the pieces (-whole +pieces):\n%s", diff)
				}
				if diff := cmp.Diff(seen, r.Seen()); diff != "" {
					t.Fatalf("Seen depends on the pieces (-whole +pieces):\n%s", diff)
				}
			})
		})
	}
}
