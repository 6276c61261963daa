package forest

import (
	"math"
	"slices"
	"sort"
)

// Feature describes one column: with Levels 0 of numbers (or NaN), else of
// categories 0 to Levels-1 (or NaN).
type Feature struct{ Levels int }

// Data is the rows that a forest learns from, kept by column and in order of
// every column. It is not safe for concurrent use.
type Data struct {
	features []Feature
	columns  [][]float64
	order    [][]int32 // of columns of numbers: rows by value, NaN last
	n        int
	sorted   int // rows that are in order
}

// NewData returns data without rows.
func NewData(features []Feature) *Data {
	return &Data{
		features: slices.Clone(features),
		columns:  make([][]float64, len(features)),
		order:    make([][]int32, len(features)),
	}
}

// Len returns the number of rows.
func (d *Data) Len() int { return d.n }

// Features returns the columns. Do not modify them.
func (d *Data) Features() []Feature { return d.features }

// At returns the value of a row in a column.
func (d *Data) At(row, column int) float64 { return d.columns[column][row] }

// Row writes a row to dst, which has one place a column.
func (d *Data) Row(row int, dst []float64) {
	for j, c := range d.columns {
		dst[j] = c[row]
	}
}

// Append adds a row. A category outside its range, or an infinite number, is a
// programmer's error and panics.
func (d *Data) Append(row []float64) {
	for j, f := range d.features {
		v := row[j]
		if math.IsInf(v, 0) || f.Levels > 0 && !math.IsNaN(v) && (v != math.Trunc(v) || v < 0 || v >= float64(f.Levels)) {
			panic("forest: a value outside the range of its column")
		}
		d.columns[j] = append(d.columns[j], v)
	}
	d.n++
}

// Truncate takes away all rows but the first n. The time is proportional to
// rows times columns.
func (d *Data) Truncate(n int) {
	for j := range d.columns {
		d.columns[j] = d.columns[j][:n]
		if n < d.sorted {
			keep := d.order[j][:0]
			for _, row := range d.order[j] {
				if int(row) < n {
					keep = append(keep, row)
				}
			}
			d.order[j] = keep
		}
	}
	d.n = n
	d.sorted = min(d.sorted, n)
}

// after reports whether row i with value v stands behind row j with value w:
// by value, NaN last, equal ones by row.
func after(v float64, i int32, w float64, j int32) bool {
	switch {
	case v > w:
		return true
	case v < w:
		return false
	case math.IsNaN(v) != math.IsNaN(w):
		return math.IsNaN(v)
	}
	return i > j
}

// sort brings the rows that were added since the last call into order: a few
// one by one, many together.
func (d *Data) sort() {
	fresh := d.n - d.sorted
	if fresh == 0 {
		return
	}
	for j, f := range d.features {
		if f.Levels > 0 {
			continue
		}
		c := d.columns[j]
		if fresh > 8 {
			for i := d.sorted; i < d.n; i++ {
				d.order[j] = append(d.order[j], int32(i))
			}
			slices.SortFunc(d.order[j], func(a, b int32) int {
				switch va, vb := c[a], c[b]; {
				case va < vb:
					return -1
				case va > vb:
					return 1
				case after(va, a, vb, b):
					return 1
				}
				return -1
			})
			continue
		}
		for i := d.sorted; i < d.n; i++ {
			o := d.order[j]
			at := sort.Search(len(o), func(k int) bool { return after(c[o[k]], o[k], c[i], int32(i)) })
			d.order[j] = slices.Insert(o, at, int32(i))
		}
	}
	d.sorted = d.n
}
