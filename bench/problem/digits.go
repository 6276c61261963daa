package problem

import (
	"bufio"
	"bytes"
	"compress/gzip"
	_ "embed" // the recorded curves
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"

	"github.com/afina-hpo/afina/space"
	scalar "github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
)

// digitsEpochs is how long each training of digits was.
const digitsEpochs = 30

// DigitsSeeds is how many trainings of each configuration were recorded, with
// seeds from 1 on. A tuner sees the first; the truth is the mean of all.
const DigitsSeeds = 3

// digitsUnit is what the file counts in: thousandths of a natural logarithm.
const digitsUnit = 1000

// digitsCurves is one line a training: those of the first seed have a number
// an epoch, the first as it is and the others less the one before; those of
// the other seeds the last number only. A training that diverged has fewer, or
// an empty line.
//
//go:embed testdata/digits.csv.gz
var digitsCurves []byte

// digitsSpace is the grid of the example's trainer: each parameter a flag.
var digitsSpace = sync.OnceValues(func() (*space.Space, error) {
	ordered := func(name string, values ...float64) space.Param {
		p := space.Param{Name: name, Kind: space.Choice, Ordered: true}
		for _, v := range values {
			if v == math.Trunc(v) {
				p.Choices = append(p.Choices, scalar.Int(int64(v)))
			} else {
				p.Choices = append(p.Choices, scalar.Float(v))
			}
		}
		return p
	}
	word := func(name string, words ...string) space.Param {
		p := space.Param{Name: name, Kind: space.Choice}
		for _, w := range words {
			p.Choices = append(p.Choices, scalar.String(w))
		}
		return p
	}
	sgd, mlp, rbf := scalar.String("sgd"), scalar.String("mlp"), scalar.String("rbf")
	return space.New(space.Spec{Params: []space.Param{
		ordered("lr", 0.001, 0.004, 0.016, 0.063, 0.25, 1),
		ordered("batch", 16, 64),
		word("optimizer", "sgd", "adam"),
		under("optimizer", ordered("momentum", 0, 0.9, 0.98), sgd),
		word("model", "mlp", "rbf"),
		under("model", ordered("layers", 1, 2), mlp),
		under("model", ordered("width", 16, 48, 144), mlp),
		under("model", ordered("dropout", 0, 0.3), mlp),
		under("model", ordered("features", 64, 192, 576), rbf),
		under("model", ordered("gamma", 0.03, 0.1, 0.3), rbf),
	}})
})

// DigitsFlags returns the flags of every configuration of digits, in the order
// of the file.
func DigitsFlags() ([][]string, error) {
	s, err := digitsSpace()
	if err != nil {
		return nil, fmt.Errorf("the space of digits: %w", err)
	}
	all := [][]string{nil}
	for i := range s.Len() {
		p := s.Param(i)
		var longer [][]string
		for _, flags := range all {
			if !exists(p, flags) {
				longer = append(longer, flags)
				continue
			}
			for _, v := range p.Choices {
				longer = append(longer, append(flags[:len(flags):len(flags)], flagOf(p.Name, v)))
			}
		}
		all = longer
	}
	return all, nil
}

// exists reports whether p has a value where its parents have those of flags.
func exists(p *space.Param, flags []string) bool {
	if len(p.Branches) == 0 {
		return true
	}
	for _, b := range p.Branches {
		for _, v := range b.Values {
			want := flagOf(b.Parent, v)
			for _, f := range flags {
				if f == want {
					return true
				}
			}
		}
	}
	return false
}

func flagOf(name string, v space.Value) string {
	text := v.Text()
	if v.IsNumber() {
		text = v.String()
	}
	return "--" + name + "=" + text
}

// digitsTable is the recorded curves by the flags of their configuration.
type digitsTable struct {
	curves map[string][]float64 // natural logarithms of the loss; short: diverged
	truth  map[string]float64   // at the last epoch; NaN: diverged
	best   float64
}

var readDigits = sync.OnceValues(func() (*digitsTable, error) {
	z, err := gzip.NewReader(bytes.NewReader(digitsCurves))
	if err != nil {
		return nil, err
	}
	return parseDigits(z)
})

func parseDigits(r io.Reader) (*digitsTable, error) {
	all, err := DigitsFlags()
	if err != nil {
		return nil, err
	}
	t := &digitsTable{curves: map[string][]float64{}, truth: map[string]float64{}, best: math.Inf(1)}
	lines := bufio.NewScanner(r)
	for row, flags := range all {
		name, sum := strings.Join(flags, " "), 0.0
		for k := range DigitsSeeds {
			if !lines.Scan() {
				return nil, fmt.Errorf("the curves of digits end in line %d of %d", row*DigitsSeeds+k+1, len(all)*DigitsSeeds)
			}
			curve, err := parseCurve(lines.Text())
			if err != nil {
				return nil, fmt.Errorf("the curves of digits, line %d: %w", row*DigitsSeeds+k+1, err)
			}
			want := 1
			if k == 0 {
				t.curves[name], want = curve, digitsEpochs
			}
			switch {
			case len(curve) < want:
				sum = math.NaN()
			case len(curve) > want:
				return nil, fmt.Errorf("the curves of digits, line %d: %d numbers, want %d", row*DigitsSeeds+k+1, len(curve), want)
			default:
				sum += curve[want-1] / DigitsSeeds
			}
		}
		t.truth[name] = sum
		if !math.IsNaN(sum) {
			t.best = min(t.best, sum)
		}
	}
	if lines.Scan() {
		return nil, fmt.Errorf("the curves of digits have lines after the last, %d", len(all)*DigitsSeeds)
	}
	return t, lines.Err()
}

// parseCurve reads a line of the file.
func parseCurve(line string) ([]float64, error) {
	if line == "" {
		return nil, nil
	}
	var out []float64
	at := 0
	for _, word := range strings.Split(line, ",") {
		d, err := strconv.Atoi(word)
		if err != nil {
			return nil, err
		}
		at += d
		out = append(out, float64(at)/digitsUnit)
	}
	return out, nil
}

// FormatDigits writes the validation losses of a training as a line of the
// file of curves, without the line's end. A loss that is not a positive number ends
// the curve: the training diverged.
func FormatDigits(losses []float64, seed int) string {
	var words []string
	last := 0
	for _, y := range losses {
		if !(y > 0) || math.IsInf(y, 0) {
			break
		}
		n := int(math.Round(digitsUnit * math.Log(y)))
		words = append(words, strconv.Itoa(n-last))
		last = n
	}
	switch {
	case seed == 1:
		return strings.Join(words, ",")
	case len(words) < digitsEpochs:
		return ""
	}
	return strconv.Itoa(last)
}

// digitsProblem is recorded trainings of the example: the loss by epoch.
type digitsProblem struct {
	base
	*digitsTable
}

func openDigits(_ *Library, name string, _ []int, words []string) (Problem, error) {
	if words[0] != "loss" {
		return nil, fmt.Errorf("of digits there is the loss, not %s", words[0])
	}
	s, err := digitsSpace()
	if err != nil {
		return nil, err
	}
	t, err := readDigits()
	if err != nil {
		return nil, err
	}
	p := &digitsProblem{base: base{name: name, space: s, objectives: value, fidelity: &study.Fidelity{Step: "epoch", Min: 1, Max: digitsEpochs}}, digitsTable: t}
	p.judged(p, t.best, false)
	return p, nil
}

// flags is what c is recorded under.
func (p *digitsProblem) flags(c space.Config) string {
	var out []string
	for i := range p.space.Len() {
		if v, active := c.Get(p.space.Param(i).Name); active {
			out = append(out, flagOf(p.space.Param(i).Name, v))
		}
	}
	return strings.Join(out, " ")
}

// Evaluate implements [Problem]: the logarithm of the loss after an epoch of
// the first training. Between two epochs it is that of the one before.
func (p *digitsProblem) Evaluate(c space.Config, fidelity float64, _ *rand.Rand) (Outcome, error) {
	if fidelity == 0 {
		fidelity = digitsEpochs
	}
	curve := p.curves[p.flags(c)]
	epoch := min(max(int(fidelity+1e-9), 1), digitsEpochs)
	if epoch > len(curve) {
		return Outcome{Crashed: true}, nil
	}
	return Outcome{Values: []float64{curve[epoch-1]}}, nil
}

// True implements [Problem]: the mean over all trainings.
func (p *digitsProblem) True(c space.Config) (Outcome, error) {
	y := p.truth[p.flags(c)]
	if math.IsNaN(y) {
		return Outcome{Crashed: true}, nil
	}
	return Outcome{Values: []float64{y}}, nil
}
