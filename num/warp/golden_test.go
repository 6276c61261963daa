package warp_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/afina-hpo/afina/num/warp"
)

var kinds = []warp.Kind{
	warp.Identity, warp.Log, warp.YeoJohnson, warp.BoxCox,
	warp.HalfRank, warp.HalfRankLog, warp.Rank,
}

// golden is testdata/golden.json, written by testdata/generate.py from SciPy,
// scikit-learn and Vizier, whose versions it names. No value in it lies in the
// bent tail.
type golden struct {
	Sets []struct {
		Name   string
		Losses []float64
		Want   map[string][]float64 // by kind
	}
}

func TestAgainstOthers(t *testing.T) {
	raw, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(raw, &g); err != nil {
		t.Fatal(err)
	}
	if len(g.Sets) < 8 {
		t.Fatalf("%d sets of losses", len(g.Sets))
	}
	for _, s := range g.Sets {
		compared := 0
		for _, k := range kinds {
			want, found := s.Want[k.String()]
			if !found {
				continue
			}
			compared++
			w, ok := warp.Fit(k, s.Losses)
			if !ok {
				t.Errorf("%s: %v does not apply", s.Name, k)
				continue
			}
			for i, y := range s.Losses {
				// Losses a 1e-13th apart have lost as many digits there.
				if got := w.At(y); !(math.Abs(got-want[i]) < 1e-9) {
					t.Errorf("%s: %v maps %v to %v, want %v", s.Name, k, y, got, want[i])
				}
			}
		}
		if compared != len(s.Want) || compared < 5 {
			t.Errorf("%s: compared %d kinds of %d", s.Name, compared, len(s.Want))
		}
	}
}
