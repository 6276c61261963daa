package onnx

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

type golden struct {
	Source string
	Models map[string]struct {
		Cat  [][]int64
		Cont [][]float32
		Out  [][]float32
	}
}

func readGolden(t *testing.T, path string) (g golden) {
	t.Helper()
	if err := json.Unmarshal(readFile(t, path), &g); err != nil {
		t.Fatal(err)
	}
	return g
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// check evaluates a model on golden inputs, one by one and as a batch.
func check(t *testing.T, m *Model, g golden, name string) {
	t.Helper()
	c := g.Models[name]
	if len(c.Out) == 0 {
		t.Fatalf("no golden values of %s", name)
	}
	for _, batch := range []int{1, len(c.Out)} {
		s, err := m.Session(batch)
		if err != nil {
			t.Fatal(err)
		}
		cat, cont := s.Ints("x_cat"), s.Floats("x_cont")
		for first := 0; first < len(c.Out); first += batch {
			for i := range batch {
				copy(cat[i*len(c.Cat[0]):], c.Cat[first+i])
				copy(cont[i*len(c.Cont[0]):], c.Cont[first+i])
			}
			if err := s.Run(); err != nil {
				t.Fatal(err)
			}
			out := s.Output()
			if len(out) != batch*len(c.Out[0]) {
				t.Fatalf("%d outputs, want %d rows of %d", len(out), batch, len(c.Out[0]))
			}
			for i := range batch {
				for j, want := range c.Out[first+i] {
					got := out[i*len(c.Out[0])+j]
					// Outputs are as large as tens of thousands, and some are
					// exponentials: single precision leaves about 1e-4.
					if d := math.Abs(float64(got - want)); !(d <= 2e-4*math.Abs(float64(want))+1e-5) {
						t.Errorf("%s, batch %d, row %d, output %d: %v, want %v (%s)", name, batch, first+i, j, got, want, g.Source)
					}
				}
			}
		}
	}
}

func TestTinyGolden(t *testing.T) {
	m, err := Parse(readFile(t, "testdata/tiny.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	check(t, m, readGolden(t, "testdata/tiny.golden.json"), "tiny")
}

func TestYAHPOGolden(t *testing.T) {
	dir := os.Getenv("AFINA_BENCH_DATA")
	if dir == "" {
		t.Skip("AFINA_BENCH_DATA is not set: the surrogate models are not there")
	}
	g := readGolden(t, "testdata/yahpo.golden.json")
	for name := range g.Models {
		m, err := Parse(readFile(t, filepath.Join(dir, "yahpo", name, "model.onnx")))
		if err != nil {
			t.Fatal(err)
		}
		check(t, m, g, name)
	}
}

func TestRunAllocatesNothing(t *testing.T) {
	m, err := Parse(readFile(t, "testdata/tiny.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := m.Session(2)
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() {
		if err := s.Run(); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("a run allocates %v times", n)
	}
}

func TestIndexOutOfRange(t *testing.T) {
	m, err := Parse(readFile(t, "testdata/tiny.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := m.Session(1)
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range []int64{3, -4, math.MaxInt64, math.MinInt64} {
		s.Ints("x_cat")[0] = code
		if err := s.Run(); err == nil || !strings.Contains(err.Error(), "out of the range") {
			t.Errorf("code %d: error %v", code, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	good := readFile(t, "testdata/tiny.onnx")
	m, err := Parse(good)
	if err != nil {
		t.Fatal(err)
	}
	for _, batch := range []int{0, -1, 1 << 20} {
		if _, err := m.Session(batch); err == nil {
			t.Errorf("a batch of %d is taken", batch)
		}
	}
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"nothing":              {nil, "no graph"},
		"a text":               {[]byte("hello, world"), "damaged"},
		"half a file":          {good[:len(good)/2], "damaged"},
		"another operator":     {[]byte(strings.ReplaceAll(string(good), "Relu", "Rolu")), "not known here"},
		"a missing input":      {[]byte(strings.Replace(string(good), "x_cont", "x_cunt", 1)), "not known before"},
		"another operator set": {[]byte(strings.Replace(string(good), "\x10\x0d", "\x10\x0e", 1)), ""},
	} {
		m, err := Parse(c.file)
		if err == nil {
			_, err = m.Session(1)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one that says %q", name, err, c.want)
		}
	}
}

// FuzzParse reads any bytes as a model and runs what it takes for one.
func FuzzParse(f *testing.F) {
	f.Add(readFile(f, "testdata/tiny.onnx"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Parse(b)
		if err != nil {
			return
		}
		s, err := m.Session(2)
		if err != nil {
			return
		}
		if err := s.Run(); err != nil {
			return
		}
		if got := len(s.Output()); got > maxCells {
			t.Fatalf("%d outputs", got)
		}
	})
}

func BenchmarkRun(b *testing.B) {
	dir := os.Getenv("AFINA_BENCH_DATA")
	if dir == "" {
		b.Skip("AFINA_BENCH_DATA is not set: the surrogate models are not there")
	}
	m, err := Parse(readFile(b, filepath.Join(dir, "yahpo", "lcbench", "model.onnx")))
	if err != nil {
		b.Fatal(err)
	}
	s, err := m.Session(1)
	if err != nil {
		b.Fatal(err)
	}
	copy(s.Floats("x_cont"), []float32{52, 64, 0.01, 0.9, 1e-4, 3, 256, 0.5})
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Run(); err != nil {
			b.Fatal(err)
		}
	}
}
