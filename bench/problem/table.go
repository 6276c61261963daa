package problem

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/afina-hpo/afina/space"
	scalar "github.com/afina-hpo/afina/space/value"
)

// table is the results of every configuration of a grid, each under several
// seeds of training.
type table struct {
	space  *space.Space
	stride []int       // of each parameter, in rows
	seeds  [][]float64 // of each row, as losses
	truth  []float64   // their means
	best   float64
}

// transforms is how each group's results become losses.
var transforms = map[string]func(float64) float64{
	"hpobench":    func(x float64) float64 { return -x }, // balanced accuracy
	"hpolib":      math.Log,                              // mean squared error
	"nasbench201": func(x float64) float64 { return -x }, // accuracy
}

// tableProblem draws one of the seeds at each evaluation.
type tableProblem struct {
	base
	*table
}

func openTable(l *Library, name string, _ []int, words []string) (Problem, error) {
	transform, ok := transforms[words[0]]
	if !ok {
		return nil, fmt.Errorf("the groups of tables are hpobench, hpolib and nasbench201, not %s", words[0])
	}
	if l.dir == "" {
		return nil, ErrNoData
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.tables[name]
	if t == nil {
		path := filepath.Join(l.dir, "tables", words[0]+"-"+words[1]+".csv.gz")
		var err error
		if t, err = readTable(path, words[0] != "nasbench201", transform); err != nil {
			return nil, err
		}
		l.tables[name] = t
	}
	p := &tableProblem{base: base{name: name, space: t.space, objectives: value}, table: t}
	p.judged(p, t.best, false)
	return p, nil
}

// Evaluate implements [Problem].
func (t *tableProblem) Evaluate(c space.Config, _ float64, r *rand.Rand) (Outcome, error) {
	seeds := t.seeds[t.row(c)]
	return Outcome{Values: []float64{seeds[r.IntN(len(seeds))]}}, nil
}

// True implements [Problem].
func (t *tableProblem) True(c space.Config) (Outcome, error) {
	return Outcome{Values: []float64{t.truth[t.row(c)]}}, nil
}

func (t *table) row(c space.Config) int {
	row := 0
	for i, stride := range t.stride {
		row += stride * t.space.Param(i).Index(c.At(i))
	}
	return row
}

func readTable(path string, ordered bool, transform func(float64) float64) (*table, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w; it has no %s", ErrNoData, filepath.Base(path))
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", filepath.Base(path), err)
	}
	t, err := parseTable(z, ordered, transform)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", filepath.Base(path), err)
	}
	return t, nil
}

// parseTable reads a table whose rows are the full grid, the last parameter
// turning fastest. Columns of numbers become ordered choices, if ordered says
// so, all others unordered ones.
func parseTable(in io.Reader, ordered bool, transform func(float64) float64) (*table, error) {
	rows := csv.NewReader(in)
	rows.ReuseRecord = true
	head, err := rows.Read()
	if err != nil {
		return nil, err
	}
	n := slices.IndexFunc(head, func(s string) bool { return strings.HasPrefix(s, "seed") })
	if n < 1 {
		return nil, errors.New("the first line names no parameters or no seeds")
	}
	names := slices.Clone(head[:n])
	levels := make([][]string, n)
	place := make([]map[string]int, n)
	for i := range place {
		place[i] = map[string]int{}
	}
	t := &table{best: math.Inf(1)}
	var keys [][]int32
	for {
		row, err := rows.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		key := make([]int32, n)
		for i, s := range row[:n] {
			k, ok := place[i][s]
			if !ok {
				s = strings.Clone(s)
				k = len(levels[i])
				place[i][s] = k
				levels[i] = append(levels[i], s)
			}
			key[i] = int32(k)
		}
		keys = append(keys, key)
		var seeds []float64
		sum := 0.0
		for _, s := range row[n:] {
			if s == "" {
				continue
			}
			x, err := strconv.ParseFloat(s, 64)
			if err != nil {
				return nil, fmt.Errorf("row %d: %w", len(keys), err)
			}
			if x = transform(x); math.IsNaN(x) || math.IsInf(x, 0) {
				return nil, fmt.Errorf("row %d: the result %s has no finite loss", len(keys), s)
			}
			seeds = append(seeds, x)
			sum += x
		}
		if len(seeds) == 0 {
			return nil, fmt.Errorf("row %d has no result", len(keys))
		}
		mean := sum / float64(len(seeds))
		t.seeds, t.truth = append(t.seeds, seeds), append(t.truth, mean)
		t.best = math.Min(t.best, mean)
	}
	t.stride = make([]int, n)
	total := 1
	for i := n - 1; i >= 0; i-- {
		t.stride[i] = total
		if total *= len(levels[i]); total > len(keys) {
			break
		}
	}
	if total != len(keys) {
		return nil, fmt.Errorf("%d rows are not the full grid of its values", len(keys))
	}
	for r, key := range keys {
		at := 0
		for i, k := range key {
			at += t.stride[i] * int(k)
		}
		if at != r {
			return nil, fmt.Errorf("row %d is out of order", r+1)
		}
	}
	t.space, err = gridSpace(names, levels, ordered)
	return t, err
}

// gridSpace is the space of the levels of a table.
func gridSpace(names []string, levels [][]string, ordered bool) (*space.Space, error) {
	ps := make([]space.Param, len(names))
	for i, name := range names {
		p := space.Param{Name: name, Kind: space.Choice, Ordered: ordered}
		for _, s := range levels[i] {
			if x, err := strconv.ParseInt(s, 10, 64); err == nil {
				p.Choices = append(p.Choices, scalar.Int(x))
			} else if x, err := strconv.ParseFloat(s, 64); err == nil {
				p.Choices = append(p.Choices, scalar.Float(x))
			} else {
				p.Choices = append(p.Choices, scalar.String(s))
				p.Ordered = false
			}
		}
		ps[i] = p
	}
	return space.New(space.Spec{Params: ps})
}
