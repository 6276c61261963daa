package main

import (
	"encoding/gob"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// state points to everything that a training carries from epoch to epoch, so
// that one that is done in pieces is, to the bit, the one in a single piece.
type state struct {
	epoch, bestEpoch *int
	line             *string // what was printed after epoch
	numbers          []*float64
	vectors          [][]float64
	steps            *int
	chance           []*rand.PCG
}

// file is the state as it is kept.
type file struct {
	Epoch, BestEpoch, Steps int
	Line                    string
	Numbers                 []float64
	Vectors                 [][]float64
	Chance                  [][]byte
}

const checkpointFile = "training"

// save writes the state into folder dir, if there is one: whole or not at
// all, because it may be killed at any moment.
func (s *state) save(dir string) error {
	if dir == "" {
		return nil
	}
	f := file{Epoch: *s.epoch, BestEpoch: *s.bestEpoch, Line: *s.line, Steps: *s.steps, Vectors: s.vectors}
	for _, x := range s.numbers {
		f.Numbers = append(f.Numbers, *x)
	}
	for _, r := range s.chance {
		b, err := r.MarshalBinary()
		if err != nil {
			return fmt.Errorf("save checkpoint: %w", err)
		}
		f.Chance = append(f.Chance, b)
	}
	path := filepath.Join(dir, checkpointFile)
	out, err := os.Create(path + ".new")
	if err != nil {
		return fmt.Errorf("save checkpoint: %w", err)
	}
	err = errors.Join(gob.NewEncoder(out).Encode(f), out.Close())
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		return fmt.Errorf("save checkpoint: %w", err)
	}
	return nil
}

// load reads the state that is kept in folder dir, if there is one and it
// holds one. A state of another model is an error.
func (s *state) load(dir string) error {
	if dir == "" {
		return nil
	}
	in, err := os.Open(filepath.Join(dir, checkpointFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("load checkpoint: %w", err)
	}
	defer in.Close() // it was only read
	var f file
	if err := gob.NewDecoder(in).Decode(&f); err != nil {
		return fmt.Errorf("load checkpoint: %w", err)
	}
	if len(f.Numbers) != len(s.numbers) || len(f.Vectors) != len(s.vectors) || len(f.Chance) != len(s.chance) {
		return errors.New("load checkpoint: it is of another model")
	}
	for i, v := range f.Vectors {
		if len(v) != len(s.vectors[i]) {
			return errors.New("load checkpoint: it is of another model")
		}
		copy(s.vectors[i], v)
	}
	for i, x := range f.Numbers {
		*s.numbers[i] = x
	}
	for i, b := range f.Chance {
		if err := s.chance[i].UnmarshalBinary(b); err != nil {
			return fmt.Errorf("load checkpoint: %w", err)
		}
	}
	*s.epoch, *s.bestEpoch, *s.steps, *s.line = f.Epoch, f.BestEpoch, f.Steps, f.Line
	return nil
}

// values are the numbers of tensors.
func values(of []tensor) [][]float64 {
	all := make([][]float64, len(of))
	for i, t := range of {
		all[i] = t.value
	}
	return all
}
