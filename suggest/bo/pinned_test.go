package bo_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/suggest/suggesttest"
)

// The suggestions of a run are the same whatever computes the products: with
// the build tag purego this test runs the loops in Go. Processors of another
// kind may differ in the last bit of a logarithm, and then in everything.
func TestSameSuggestionsWithAndWithoutVectors(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("the suggestions were noted on amd64")
	}
	s := suggesttest.Space(
		space.Param{Name: "lr", Kind: space.Float, Low: 1e-5, High: 1, Scale: space.Log},
		space.Param{Name: "layers", Kind: space.Int, Low: 1, High: 6},
		space.Param{Name: "kind", Kind: space.Choice, Choices: []space.Value{value.String("a"), value.String("b"), value.String("c")}},
		space.Param{Name: "depth", Kind: space.Float, Low: 0, High: 1, Branches: []space.Branch{{Parent: "kind", Values: []space.Value{value.String("b")}}}},
	)
	result := run(t, s, 1, 30, 1, 11, nil, func(c space.Config) suggesttest.Outcome {
		x, n := s.EncodeParam(0, c.At(0))-0.4, c.At(1).AsFloat()-3
		loss := x*x + 0.02*n*n
		if c.At(2).Text() == "b" {
			d := c.At(3).AsFloat() - 0.7
			loss += d*d - 0.1
		}
		return losses(loss)
	})
	var got []json.RawMessage
	for tr := range result.Log.Book.History().All() {
		b, err := tr.Config.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, b)
	}
	text, err := json.MarshalIndent(got, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", "suggestions.json")
	if os.Getenv("AFINA_UPDATE") != "" {
		if err := os.WriteFile(file, append(text, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(text)+"\n"); d != "" {
		t.Errorf("the suggestions have changed; if that is meant, raise the method's version and run with AFINA_UPDATE=1\n%s", d)
	}
}
