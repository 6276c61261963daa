package harvest_test

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/afina-hpo/afina/harvest"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestReadResult(t *testing.T) {
	tests := []struct {
		name, text string
		want       []harvest.Metric
		err        string // part of the error
	}{
		{"flat", `{"val/loss": 0.31, "acc": 1}`, []harvest.Metric{{Name: "val/loss", Value: 0.31}, {Name: "acc", Value: 1}}, ""},
		{"nested and other values", "\n{\"a\": {\"b\": {\"c\": -2e3}},\n \"n\": null, \"l\": [1], \"s\": \"x\", \"id\": \"7\"}\n", []harvest.Metric{{Name: "a/b/c", Value: -2000}}, ""},
		{"non-finite", `{"a": NaN, "b": "-Infinity", "c": "nan"}`, []harvest.Metric{{Name: "a", Value: math.NaN()}, {Name: "b", Value: math.Inf(-1)}, {Name: "c", Value: math.NaN()}}, ""},
		{"afina key", `{"x": 1, "afina": {"loss": 2}}`, []harvest.Metric{{Name: "loss", Value: 2}}, ""},
		{"empty", " \n", nil, "it is empty: write one JSON object"},
		{"number", "0.31", nil, "line 1, column 1: expected an object"},
		{"cut", "{\"a\": 1,\n \"b\": ", nil, "line 2, column 7: expected a value"},
		{"no colon", `{"a" 1}`, nil, `line 1, column 6: expected ":"`},
		{"two", "{\"a\": 1}\n{\"a\": 2}", nil, "line 2, column 1: text after the object"},
		{"twice", `{"a": 1, "a": 2}`, nil, `"a" stands twice`},
		{"nothing", `{"a": "b"}`, nil, "it holds no number"},
		{"empty name", `{"": 1}`, nil, "the name \"\" is empty"},
		{"deep", strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40), nil, "expected less nesting"},
		{"large", `{"a": "` + strings.Repeat("x", 1<<20) + `", "b": 1}`, nil, "larger than 1048576 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "result.json")
			if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := harvest.ReadResult(path)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) || !strings.Contains(err.Error(), path) {
					t.Fatalf("error = %v, want the path and %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateNaNs()); diff != "" {
				t.Errorf("metrics (-want +got):\n%s", diff)
			}
		})
	}
	if _, err := harvest.ReadResult(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}
