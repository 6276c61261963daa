package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
)

// TestData holds the file against the checksum in DATA.md and against the
// class counts that the UCI repository gives for optdigits.tes.
func TestData(t *testing.T) {
	unzipped, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(unzipped)
	if err != nil {
		t.Fatal(err)
	}
	const want = "6ebb3d2fee246a4e99363262ddf8a00a3c41bee6014c373ed9d9216ba7f651b8"
	if got := fmt.Sprintf("%x", sha256.Sum256(raw)); got != want {
		t.Errorf("SHA-256 %s, want %s", got, want)
	}
	d := load(t)
	if d.count() != 1797 || d.width != 64 || len(d.x) != 1797*64 {
		t.Errorf("%d images of %d pixels, %d in all",
			d.count(), d.width, len(d.x))
	}
	if low, high := slices.Min(d.x), slices.Max(d.x); low != 0 || high != 1 {
		t.Errorf("pixels run from %g to %g, want 0 to 1", low, high)
	}
	counts := []int{178, 182, 177, 183, 181, 182, 181, 179, 174, 180}
	if got := classCounts(d.y); !slices.Equal(got, counts) {
		t.Errorf("class counts %v, want %v", got, counts)
	}
}

func TestDivision(t *testing.T) {
	d := load(t)
	parts := divideIndex(d.y)
	seen := make([]bool, d.count())
	for _, index := range parts {
		for _, i := range index {
			if seen[i] {
				t.Errorf("image %d is dealt twice", i)
			}
			seen[i] = true
		}
	}
	if i := slices.Index(seen, false); i >= 0 {
		t.Errorf("image %d is in no part", i)
	}
	all := classCounts(d.y)
	v := divide(d)
	for _, part := range []struct {
		name        string
		images      images
		share       float64
		count, from int
	}{
		{"training", v.train, 0.5, 899, 0},
		{"validation", v.validation, 0.25, 449, 1},
		{"test", v.test, 0.25, 449, 2},
	} {
		if part.images.count() != part.count {
			t.Errorf("%s: %d images, want %d",
				part.name, part.images.count(), part.count)
		}
		for class, n := range classCounts(part.images.y) {
			if math.Abs(float64(n)-part.share*float64(all[class])) > 1 {
				t.Errorf("%s: %d of %d images of class %d",
					part.name, n, all[class], class)
			}
		}
		for k, i := range parts[part.from] {
			if part.images.y[k] != d.y[i] ||
				!slices.Equal(part.images.row(k), d.row(i)) {
				t.Fatalf("%s: image %d is not image %d of all", part.name, k, i)
			}
		}
	}
}

func TestParseImagesErrors(t *testing.T) {
	line := func(pixel, label string) string {
		return pixel + strings.Repeat(",0", pixels-1) + "," + label + "\n"
	}
	tests := []struct{ name, text, want string }{
		{"too few fields", "1,2,3\n", "wrong number of fields"},
		{"no number", line("x", "3"), "image 1, pixel 1"},
		{"too dark", line("17", "3"), "17 is not in 0..16"},
		{"negative", line("-1", "3"), "-1 is not in 0..16"},
		{"no such class", line("1", "3") + line("1", "10"),
			"image 2, label: 10 is not in 0..9"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := parseImages(strings.NewReader(test.text))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
		})
	}
}

func FuzzParseImages(f *testing.F) {
	f.Add(strings.Repeat("1,", pixels) + "3\n")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := parseImages(strings.NewReader(text))
		if err != nil {
			return
		}
		if len(d.x) != d.count()*pixels {
			t.Fatalf("%d pixels for %d images", len(d.x), d.count())
		}
		for i, class := range d.y {
			row := d.row(i)
			if class < 0 || class >= classes ||
				slices.Min(row) < 0 || slices.Max(row) > 1 {
				t.Fatalf("image %d is out of range: %v %d", i, row, class)
			}
		}
	})
}

func TestMoveImage(t *testing.T) {
	dot := func(row, column int) []float64 {
		x := make([]float64, pixels)
		if row >= 0 {
			x[row*side+column] = 1
		}
		return x
	}
	spread := make([]float64, pixels)
	spread[2*side+3], spread[2*side+4] = 0.75, 0.25
	corner := make([]float64, pixels)
	corner[2*side+3], corner[2*side+2] = 0.25, 0.25
	corner[1*side+3], corner[1*side+2] = 0.25, 0.25
	tests := []struct {
		name       string
		from, want []float64
		dx, dy     float64
	}{
		{"nowhere", dot(2, 3), dot(2, 3), 0, 0},
		{"right", dot(2, 3), dot(2, 4), 1, 0},
		{"left and down", dot(2, 3), dot(3, 2), -1, 1},
		{"out", dot(0, 3), dot(-1, 0), 0, -1},
		{"a quarter right", dot(2, 3), spread, 0.25, 0},
		{"half left and up", dot(2, 3), corner, -0.5, -0.5},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := make([]float64, pixels)
			moveImage(got, test.from, test.dx, test.dy)
			if !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func load(t *testing.T) images {
	t.Helper()
	d, err := loadImages()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func classCounts(y []int) []int {
	counts := make([]int, classes)
	for _, class := range y {
		counts[class]++
	}
	return counts
}
