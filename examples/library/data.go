package main

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

//go:embed wine.csv
var wineCSV string

const (
	classes = 3
	folds   = 5
)

// row is one wine: its measurements and its cultivar.
type row struct {
	x     []float64
	class int
}

// wines is the data, divided for good.
type wines struct {
	tune []row // for cross-validation
	test []row // for the end
}

// readWines reads the data and divides it: of each cultivar every fifth wine,
// in an order shuffled with a seed of its own, is kept for the test.
func readWines() (wines, error) {
	records, err := csv.NewReader(strings.NewReader(wineCSV)).ReadAll()
	if err != nil {
		return wines{}, fmt.Errorf("read wine.csv: %w", err)
	}
	var rows []row
	for line, record := range records[1:] { // without the header
		r := row{x: make([]float64, len(record)-1)}
		for i := range r.x {
			if r.x[i], err = strconv.ParseFloat(record[i], 64); err != nil {
				return wines{}, fmt.Errorf("read wine.csv, line %d: %w", line+2, err)
			}
		}
		if r.class, err = strconv.Atoi(record[len(r.x)]); err != nil || r.class < 0 || r.class >= classes {
			return wines{}, fmt.Errorf("read wine.csv, line %d: there is no class %q", line+2, record[len(r.x)])
		}
		rows = append(rows, r)
	}
	rng := rand.New(rand.NewPCG(1991, 7))
	rng.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	var w wines
	var seen [classes]int
	for _, r := range rows {
		if seen[r.class]++; seen[r.class]%5 == 0 {
			w.test = append(w.test, r)
		} else {
			w.tune = append(w.tune, r)
		}
	}
	return w, nil
}

// fold divides rows for round k of the cross-validation.
func fold(rows []row, k int) (train, valid []row) {
	for i, r := range rows {
		if i%folds == k {
			valid = append(valid, r)
		} else {
			train = append(train, r)
		}
	}
	return train, valid
}
