package qmc

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"math"
	"math/bits"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// goldenFile is testdata/golden.json, written by testdata/generate.py from
// SciPy; the file names the version.
type goldenFile struct {
	MaxDim        int    `json:"max_dim"`
	ColumnsSHA256 string `json:"columns_sha256"`
	Points        []struct {
		Dim    int         `json:"dim"`
		Start  uint64      `json:"start"`
		Points [][]float64 `json:"points"`
	} `json:"points"`
	Digests []struct {
		Dim    int    `json:"dim"`
		Index  uint64 `json:"index"`
		SHA256 string `json:"sha256"`
	} `json:"digests"`
	Large     []goldenCoordinate `json:"large"`
	Scrambled []goldenCoordinate `json:"scrambled"`
}

// goldenCoordinate is coordinate Dim of point Index.
type goldenCoordinate struct {
	Dim   int     `json:"dim"`
	Index uint64  `json:"index,string"`
	Seed  uint64  `json:"seed,string"`
	Value float64 `json:"value"`
}

func readGolden(t *testing.T) goldenFile {
	t.Helper()
	raw, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var g goldenFile
	if err := json.Unmarshal(raw, &g); err != nil {
		t.Fatal(err)
	}
	if len(g.Points) == 0 || len(g.Digests) == 0 || len(g.Large) == 0 ||
		len(g.Scrambled) == 0 {
		t.Fatal("a part of the golden file is empty")
	}
	return g
}

func plain(t testing.TB, dim int) *Sobol {
	t.Helper()
	s, err := NewPlainSobol(dim)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func scrambled(t testing.TB, dim int, seed uint64) *Sobol {
	t.Helper()
	s, err := NewSobol(dim, seed)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPlainPointsEqualSciPy(t *testing.T) {
	for _, c := range readGolden(t).Points {
		s := plain(t, c.Dim)
		for n, want := range c.Points {
			got := s.Point(c.Start+uint64(n), nil)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("dim %d, point %d (-want +got):\n%s",
					c.Dim, c.Start+uint64(n), diff)
			}
		}
	}
}

func TestPlainPointsOfManyDimensionsEqualSciPy(t *testing.T) {
	for _, c := range readGolden(t).Digests {
		var raw []byte
		for _, x := range plain(t, c.Dim).Point(c.Index, nil) {
			raw = binary.LittleEndian.AppendUint64(raw, math.Float64bits(x))
		}
		sum := sha256.Sum256(raw)
		if got := hex.EncodeToString(sum[:]); got != c.SHA256 {
			t.Errorf("dim %d, point %d: digest %s, want %s",
				c.Dim, c.Index, got, c.SHA256)
		}
	}
}

// The digest is of the engine's 64-bit direction numbers in all dimensions.
func TestDirectionNumbersEqualSciPy(t *testing.T) {
	g := readGolden(t)
	if g.MaxDim != MaxDim {
		t.Fatalf("golden file is for %d dimensions, MaxDim is %d", g.MaxDim, MaxDim)
	}
	var raw []byte
	for _, v := range expandColumns(MaxDim) {
		raw = binary.LittleEndian.AppendUint64(raw, v)
	}
	sum := sha256.Sum256(raw)
	if got := hex.EncodeToString(sum[:]); got != g.ColumnsSHA256 {
		t.Errorf("digest %s, want %s", got, g.ColumnsSHA256)
	}
}

func TestLargeIndicesEqualSciPyColumns(t *testing.T) {
	s := plain(t, MaxDim)
	for _, c := range readGolden(t).Large {
		if got := s.Point(c.Index, nil)[c.Dim]; got != c.Value {
			t.Errorf("coordinate %d of point %d = %v, want %v",
				c.Dim, c.Index, got, c.Value)
		}
	}
}

// Scrambled points are a promise too: a study resumed under a later version
// must go on with the same sequence.
func TestScrambledPointsAreThePublishedOnes(t *testing.T) {
	for _, c := range readGolden(t).Scrambled {
		s := scrambled(t, c.Dim+1, c.Seed)
		if got := s.Point(c.Index, nil)[c.Dim]; got != c.Value {
			t.Errorf("seed %d, coordinate %d of point %d = %v, want %v",
				c.Seed, c.Dim, c.Index, got, c.Value)
		}
	}
}

func TestTableIsWellFormed(t *testing.T) {
	at, last := 0, uint64(0)
	for j := 1; j < MaxDim; j++ {
		poly := word(at)
		if poly <= last || poly&1 == 0 {
			t.Fatalf("dimension %d: polynomial %#x after %#x", j, poly, last)
		}
		last = poly
		s := bits.Len64(poly) - 1
		for k := 1; k <= s; k++ {
			if m := word(at + k); m&1 == 0 || m>>k != 0 {
				t.Errorf("dimension %d: m_%d = %d, want odd and below 2^%d",
					j, k, m, k)
			}
		}
		at += 1 + s
	}
	if 2*at != len(joeKuo) {
		t.Errorf("%d dimensions take %d of the table's %d bytes",
			MaxDim, 2*at, len(joeKuo))
	}
}
