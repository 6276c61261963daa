package main

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/csv"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
)

const (
	side    = 8           // pixels along an edge of an image
	pixels  = side * side // inputs of a model
	classes = 10
	maxInk  = 16 // darkest value of a pixel in the file
)

// archive travels inside the binary: the trainer runs from any directory.
// DATA.md tells where it comes from.
//
//go:embed digits.csv.gz
var archive []byte

// images are rows of inputs with their labels. Pixels are scaled to 0..1.
type images struct {
	x     []float64 // count() rows, one after the other
	y     []int     // class of each row, 0..9
	width int       // inputs in a row: pixels, or features made of them
}

func (d images) count() int { return len(d.y) }

func (d images) row(i int) []float64 {
	return d.x[i*d.width : (i+1)*d.width]
}

func (d *images) add(x []float64, y int) {
	d.x, d.y = append(d.x, x...), append(d.y, y)
}

// loadImages reads the embedded file: 64 pixels and a label on every line.
func loadImages() (images, error) {
	unzipped, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return images{}, fmt.Errorf("open digits.csv.gz: %w", err)
	}
	return parseImages(unzipped)
}

func parseImages(from io.Reader) (images, error) {
	d := images{width: pixels}
	lines := csv.NewReader(from)
	lines.FieldsPerRecord = pixels + 1
	lines.ReuseRecord = true
	x := make([]float64, pixels)
	for {
		fields, err := lines.Read()
		if err == io.EOF {
			return d, nil
		}
		if err != nil {
			return images{}, fmt.Errorf("read digits.csv: %w", err)
		}
		for i := range x {
			v, err := boundedInt(fields[i], maxInk)
			if err != nil {
				return images{}, fmt.Errorf("read digits.csv: image %d, "+
					"pixel %d: %w", d.count()+1, i+1, err)
			}
			x[i] = float64(v) / maxInk
		}
		y, err := boundedInt(fields[pixels], classes-1)
		if err != nil {
			return images{}, fmt.Errorf("read digits.csv: image %d, "+
				"label: %w", d.count()+1, err)
		}
		d.add(x, y)
	}
}

func boundedInt(text string, limit int) (int, error) {
	v, err := strconv.Atoi(text)
	if err == nil && (v < 0 || v > limit) {
		err = fmt.Errorf("%d is not in 0..%d", v, limit)
	}
	return v, err
}

// division is the data in its three parts.
type division struct {
	train, validation, test images
}

// divide deals the images into parts of one half and two quarters.
func divide(all images) division {
	var d division
	for part, index := range divideIndex(all.y) {
		to := []*images{&d.train, &d.validation, &d.test}[part]
		to.width = all.width
		for _, i := range index {
			to.add(all.row(i), all.y[i])
		}
	}
	return d
}

// divideIndex says which image goes where: training, validation, test. The
// images of a class are shuffled and dealt in turn, two of four to training,
// and the dealing carries on from class to class, so that each part holds
// each class in proportion, give or take one. The shuffle has a seed of its
// own: were it --seed, a lucky division could pass for a good setting.
func divideIndex(y []int) [3][]int {
	rng := rand.New(rand.NewPCG(1797, 64))
	byClass := make([][]int, classes)
	for i, class := range y {
		byClass[class] = append(byClass[class], i)
	}
	var parts [3][]int
	dealt := 0
	for _, index := range byClass {
		rng.Shuffle(len(index), func(i, j int) {
			index[i], index[j] = index[j], index[i]
		})
		for _, i := range index {
			part := [4]int{0, 1, 0, 2}[dealt%4]
			parts[part] = append(parts[part], i)
			dealt++
		}
	}
	return parts
}
