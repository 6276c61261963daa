package harvest_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/afina-hpo/afina/harvest"
)

// checkSamples checks what every sample promises.
func checkSamples(t *testing.T, samples []harvest.Sample) {
	t.Helper()
	line := 0
	for _, s := range samples {
		if s.Line < 1 || s.Source == "" || len(s.Values) == 0 {
			t.Fatalf("incomplete sample %+v", s)
		}
		line = s.Line
		seen := map[string]bool{}
		for _, m := range s.Values {
			if m.Name == "" || len(m.Name) > 256 || !utf8.ValidString(m.Name) || strings.ContainsFunc(m.Name, unicode.IsControl) || seen[m.Name] {
				t.Fatalf("line %d: bad name %q in %+v", line, m.Name, s.Values)
			}
			seen[m.Name] = true
		}
	}
}

// FuzzLine reads any bytes, whole and cut in two, with and without wanted
// names.
func FuzzLine(f *testing.F) {
	for name, text := range corpora(f) {
		if len(text) > 4000 {
			f.Fatalf("corpus %s is too long for a seed", name)
		}
		f.Add([]byte(text), 7, "")
		f.Add([]byte(text), 100, "loss")
	}
	f.Fuzz(func(t *testing.T, text []byte, cut int, want string) {
		o := harvest.Options{}
		if want != "" {
			o.Want = []string{want}
			o.Each = func(harvest.Sample) {}
			if _, err := harvest.New(o); err != nil {
				t.Skip()
			}
		}
		whole, seen := harvestAll(t, o, string(text))
		checkSamples(t, whole)
		cut = min(max(cut, 0), len(text))
		parts, _ := harvestAll(t, o, string(text[:cut]), string(text[cut:]))
		if a, b := format(whole), format(parts); a != b {
			t.Fatalf("cut at %d:\n%s\nwhole:\n%s", cut, b, a)
		}
		if msg := harvest.Missing("loss", seen); !utf8.ValidString(msg) {
			t.Fatalf("message is not UTF-8: %q", msg)
		}
		for _, s := range whole {
			for _, m := range s.Values {
				if want != "" && m.Name != want {
					t.Fatalf("delivered %q, wanted only %q", m.Name, want)
				}
			}
		}
	})
}

// FuzzPattern reads any line by any pattern; what New refuses, the regexp
// package or the lack of a group must explain.
func FuzzPattern(f *testing.F) {
	f.Add(`loss=(\S+)`, `epoch (\d+)`, "epoch 3 loss=0.5")
	f.Add(`(?P<metric>\w+): (?P<value>[-.\d]+)(?: @(?P<step>\d+))?`, "", "a: 1 b: 2 @7")
	f.Add(`(a`, "", "a")
	f.Add(`()`, "()", "1")
	f.Fuzz(func(t *testing.T, expr, step, line string) {
		p := harvest.Pattern{Metric: "m", Regexp: expr, Step: step}
		if strings.Contains(expr, "<metric>") {
			p.Metric = ""
		}
		var c collector
		r, err := harvest.New(harvest.Options{Patterns: []harvest.Pattern{p}, Each: func(s harvest.Sample) { c.samples = append(c.samples, s) }})
		if err != nil {
			re, bad := regexp.Compile(expr)
			stepRe, badStep := regexp.Compile(step)
			if bad == nil && badStep == nil && re.NumSubexp() > 0 && (step == "" || stepRe.NumSubexp() > 0) &&
				p.Metric != "" && !strings.Contains(expr, "(?P<") && !strings.Contains(expr, "(?<") && !strings.Contains(step, "(?") {
				t.Fatalf("New refused a good pattern: %v", err)
			}
			if !strings.Contains(err.Error(), "pattern 1") {
				t.Fatalf("error %q does not name the pattern", err)
			}
			return
		}
		s := r.Stream("x")
		if _, err := s.Write([]byte(line)); err != nil {
			t.Fatal(err)
		}
		s.Close()
		checkSamples(t, c.samples)
	})
}

// FuzzCSV reads any bytes as CSV and checks that every name is of the header.
func FuzzCSV(f *testing.F) {
	f.Add([]byte("epoch,loss\n1,0.5\n"))
	f.Add([]byte("\"a \"\"b\"\"\";c\n\"1\";0,5\n"))
	f.Add([]byte("step\tx\ty\n1\t2\t\n"))
	f.Add([]byte("# loss\n0.5\n"))
	f.Add([]byte("1,2\n3,4\n"))
	f.Add([]byte("\ufeffa,a,\"\n1,2,3"))
	f.Fuzz(func(t *testing.T, text []byte) {
		samples, _ := harvestAll(t, harvest.Options{Format: harvest.FormatCSV}, string(text))
		checkSamples(t, samples)
		for _, s := range samples {
			if s.Source != "csv" {
				t.Fatalf("source %q", s.Source)
			}
			if s.Line == 1 && !strings.ContainsAny(string(text), "\r") {
				t.Fatalf("the header was read as a row: %+v", s)
			}
		}
	})
}

// FuzzMetricsFile appends, truncates and replaces a file between polls. The
// text after the last newline of each operation tells which: "!" truncates,
// "~" replaces.
func FuzzMetricsFile(f *testing.F) {
	f.Add("m.jsonl", `{"step":1,"loss":0.5}`+"\n|{\"step\":|2,\"loss\":1}\n")
	f.Add("m.csv", "step,loss\n1,|0.5\n|!step,acc\n2,0.5\n|~step,f1\n3,0.5")
	f.Add("m", "loss=0.|5\n|!|~loss=1\n")
	f.Fuzz(func(t *testing.T, name, script string) {
		ext := filepath.Ext(name)
		if len(ext) > 8 || strings.ContainsAny(ext, "/\x00") {
			ext = ""
		}
		dir := t.TempDir()
		path := filepath.Join(dir, "metrics"+ext)
		var c collector
		tail := c.reader(t, harvest.Options{}).Tail(path)
		content, appended := "", true
		for i, op := range strings.Split(script, "|") {
			if i > 20 {
				break
			}
			switch {
			case strings.HasPrefix(op, "!"):
				content, appended = op[1:], false
				if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			case strings.HasPrefix(op, "~"):
				content, appended = op[1:], false
				if err := os.WriteFile(path+".new", []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
				if err := os.Rename(path+".new", path); err != nil {
					t.Fatal(err)
				}
			default:
				content += op
				w, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := w.WriteString(op); err != nil {
					t.Fatal(err)
				}
				if err := w.Close(); err != nil {
					t.Fatal(err)
				}
			}
			if err := tail.Poll(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		if err := tail.Close(); err != nil {
			t.Fatal(err)
		}
		checkSamples(t, c.samples)
		if !appended {
			return
		}
		// A file that only grew reads like one that was there at once.
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		var once collector
		again := once.reader(t, harvest.Options{}).Tail(path)
		if err := again.Poll(context.Background()); err != nil {
			t.Fatal(err)
		}
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
		if a, b := format(once.samples), format(c.samples); a != b {
			t.Fatalf("in steps:\n%s\nat once:\n%s", b, a)
		}
	})
}
