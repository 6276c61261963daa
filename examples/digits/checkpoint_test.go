package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestInPieces trains in pieces and in one: the output is the same.
func TestInPieces(t *testing.T) {
	d := divide(load(t))
	output := func(args ...string) string {
		t.Helper()
		s, err := parseSettings(append(args, "--epochs=5", "--test"), nil)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := train(s, d, &out); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	for _, model := range [][]string{
		{"--dropout=0.2", "--shift=0.5", "--noise=0.1"},
		{"--optimizer=adam", "--layers=2"},
		{"--model=rbf", "--features=64"},
	} {
		t.Run(strings.Join(model, " "), func(t *testing.T) {
			want := output(model...)
			dir := t.TempDir()
			got := ""
			for _, until := range []int{1, 3, 0} {
				args := append(model, "--checkpoint="+dir, fmt.Sprintf("--until=%d", until))
				piece := output(args...)
				got += piece
				if until > 0 { // once more there is nothing to do but to say it again
					last := piece[strings.LastIndex(piece[:len(piece)-1], "\n")+1:]
					if again := output(args...); again != last {
						t.Errorf("up to epoch %d once more it says %q", until, again)
					}
				}
			}
			if got != want {
				t.Errorf("in pieces:\n%s\nin one:\n%s", got, want)
			}
			s, err := parseSettings([]string{"--width=7", "--checkpoint=" + dir}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := train(s, d, &bytes.Buffer{}); err == nil {
				t.Error("the checkpoint of another model is taken")
			}
			if err := os.WriteFile(filepath.Join(dir, checkpointFile), []byte("gob"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := train(s, d, &bytes.Buffer{}); err == nil {
				t.Error("a broken checkpoint is taken")
			}
		})
	}
}
