package de

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"
)

func TestNoteGoesThroughTheHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := note{
			Slot:   rapid.IntRange(0, 1<<40).Draw(t, "slot"),
			Parent: rapid.IntRange(0, 1<<40).Draw(t, "parent"),
			F:      rapid.Float64Range(0x1p-52, 1).Draw(t, "f"),
			CR:     rapid.Float64Range(0, 1).Draw(t, "cr"),
		}
		text := want.String()
		if !json.Valid([]byte(text)) {
			t.Fatalf("%s is not JSON", text)
		}
		if got, ok := parse(text); !ok || got != want {
			t.Fatalf("%s reads as %+v, %v; want %+v", text, got, ok, want)
		}
	})
}

func TestNotesThatAreNone(t *testing.T) {
	for _, text := range []string{
		"", "{}", "null", `{"de":`, `{"de":null}`, `{"de":3}`, `{"de":{"slot":0,"parent":0}}`,
		`{"de":{"slot":-1,"parent":0,"f":0.5,"cr":0.5}}`,
		`{"de":{"slot":0,"parent":-1,"f":0.5,"cr":0.5}}`,
		`{"de":{"slot":0,"parent":0,"f":0,"cr":0.5}}`,
		`{"de":{"slot":0,"parent":0,"f":1.5,"cr":0.5}}`,
		`{"de":{"slot":0,"parent":0,"f":0.5,"cr":-0.5}}`,
		`{"de":{"slot":0,"parent":0,"f":0.5,"cr":2}}`,
		`{"genetic":{"parents":[1]}}`,
	} {
		if n, ok := parse(text); ok {
			t.Errorf("%q reads as %+v", text, n)
		}
	}
}

func FuzzNote(f *testing.F) {
	f.Add(`{"de":{"slot":3,"parent":17,"f":0.5,"cr":0.9}}`)
	f.Add(`{"de":{"slot":1e400}}`)
	f.Fuzz(func(t *testing.T, text string) {
		n, ok := parse(text)
		if !ok {
			return
		}
		if again, ok := parse(n.String()); !ok || again != n {
			t.Errorf("%q reads as %+v, written and read again as %+v, %v", text, n, again, ok)
		}
	})
}
