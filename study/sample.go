package study

import (
	"fmt"
	"math"
	"strings"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
)

// Samples says that the steps of a study are not more and more of the same
// training but other samples of one quality: the folds of a cross-validation,
// problem instances, seeds. Step k of every trial is the k-th sample of one
// order, which all trials share, so that two trials that have come to the same
// step were measured on the same samples.
type Samples struct {
	// Names is the samples as the program knows them, in the order of the
	// study file.
	Names []string `json:"names"`
	// Random says that the shared order is drawn from the study's seed; else
	// it is that of Names.
	Random bool `json:"random,omitempty"`
	// Each says that the command runs one sample at a time, and so once for
	// every one of them.
	Each bool `json:"each,omitempty"`
}

// MaxSamples is the most samples that a study may have.
const MaxSamples = 10_000

// Check says what is wrong with the names, "" for nothing, and what to do.
func (s *Samples) Check() (message, hint string) {
	switch n := len(s.Names); {
	case n < 2:
		return fmt.Sprintf("%d are too few to compare trials on", n), "give at least two"
	case n > MaxSamples:
		return fmt.Sprintf("%d samples are more than the limit of %d", n, MaxSamples), ""
	}
	seen := make(map[string]bool, len(s.Names))
	for _, name := range s.Names {
		switch {
		case name == "" || strings.ContainsAny(name, ",\n\r\x00"):
			return fmt.Sprintf("%q cannot name a sample", name), "names are not empty and hold neither commas nor line ends, since the program gets them as a list"
		case seen[name]:
			return fmt.Sprintf("the sample %q is there twice", name), "drop one"
		}
		seen[name] = true
	}
	return "", ""
}

// PurposeSamples is the random stream of the shared order of samples.
const PurposeSamples = "samples"

// SampleOrder is the order in which all trials of a study run its samples. It
// does not change and is safe for concurrent use. The nil order is that of a
// study without samples, and has none.
type SampleOrder struct {
	names []string // names[k-1] is that of step k
	steps map[string]float64
}

// Sampled reports whether steps are samples.
func (f *Fidelity) Sampled() bool { return f != nil && f.Samples != nil }

// OrderOf returns the order of the samples of a study, nil where its steps are
// none. It follows from the definition alone.
func OrderOf(d *Definition) *SampleOrder {
	if !d.Fidelity.Sampled() {
		return nil
	}
	s := d.Fidelity.Samples
	o := &SampleOrder{names: append([]string(nil), s.Names...), steps: make(map[string]float64, len(s.Names))}
	if s.Random {
		r := Stream(d.Seed, 0, PurposeSamples)
		r.Shuffle(len(o.names), func(i, j int) { o.names[i], o.names[j] = o.names[j], o.names[i] })
	}
	for i, name := range o.names {
		o.steps[name] = float64(i + 1)
	}
	return o
}

// Len returns the number of samples.
func (o *SampleOrder) Len() int {
	if o == nil {
		return 0
	}
	return len(o.names)
}

// Name returns the sample of a step, "" where there is none.
func (o *SampleOrder) Name(step float64) string {
	if k := int(step); o != nil && float64(k) == step && k >= 1 && k <= len(o.names) {
		return o.names[k-1]
	}
	return ""
}

// Step returns the step of a sample, false where there is no such sample.
func (o *SampleOrder) Step(name string) (float64, bool) {
	if o == nil {
		return 0, false
	}
	step, ok := o.steps[name]
	return step, ok
}

// Left returns the samples up to its Until, or all, of which t has no report
// with every objective, in order: what its newest attempt has to run. After an
// attempt that was lost it begins with the last one once more, of which nobody
// knows whether the verdict on it was carried out.
func (o *SampleOrder) Left(t *Trial, objectives []Objective) []string {
	if o == nil {
		return nil
	}
	last := len(o.names)
	if t.Until >= 1 {
		last = min(last, int(t.Until))
	}
	again := 0.0
	if n := len(t.Attempts); n >= 2 && t.Attempts[n-2].Outcome == Requeued {
		again = min(t.LastStep(), float64(last))
	}
	out := make([]string, 0, last)
	i := 0
	for k := 1; k <= last; k++ {
		for i < len(t.Reports) && t.Reports[i].Step < float64(k) {
			i++
		}
		if i < len(t.Reports) && t.Reports[i].Step == float64(k) && hasAll(&t.Reports[i], objectives) && float64(k) != again {
			continue
		}
		out = append(out, o.names[k-1])
	}
	if len(out) == 0 { // it was told all, and not ended
		out = append(out, o.names[last-1])
	}
	return out
}

func hasAll(r *Report, objectives []Objective) bool {
	for _, o := range objectives {
		if _, ok := r.Values.Get(o.Metric); !ok {
			return false
		}
	}
	return true
}

// Paired keeps what the samples of a study are like, to judge trials that did
// not run all of them: their plain mean would be that of the samples which
// happened to come first.
//
// With y the value of a trial on a sample and e the mean over all complete
// trials of their values on it, the estimate of a trial that has run the
// samples S of all samples A is
//
//	mean over S of (y - e) + mean over A of e,
//
// which is right where a sample is as much harder for one configuration as for
// another. Only complete trials make e, because later samples are run by the
// better trials only.
//
// The zero Paired is ready. It follows a study by what has ended since, and
// what it returns is a function of the history alone. It is not safe for
// concurrent use.
type Paired struct {
	last *History
	done int
	n    int
	sums [][]float64 // of each objective, by step-1
}

// follow takes in the trials that have ended.
func (p *Paired) follow(h *History) {
	if !h.Continues(p.last) {
		*p = Paired{}
	}
	p.last = h
	if p.sums == nil {
		p.sums = make([][]float64, len(h.Objectives))
		for i := range p.sums {
			p.sums[i] = make([]float64, int(h.Fidelity.Max))
		}
	}
	for ; p.done < h.EndedLen(); p.done++ {
		t := h.Ended(p.done)
		if t.State != Complete || !whole(h, t) {
			continue
		}
		p.n++
		for i, o := range h.Objectives {
			for _, r := range t.Reports {
				if k := int(r.Step); k >= 1 && k <= len(p.sums[i]) {
					x, _ := r.Values.Get(o.Metric)
					p.sums[i][k-1] += x
				}
			}
		}
	}
}

// whole reports whether t has a number for every objective on every sample.
func whole(h *History, t *Trial) bool {
	for _, o := range h.Objectives {
		if _, missing := Unsampled(t, o, int(h.Fidelity.Max)); missing {
			return false
		}
	}
	return true
}

// Unsampled returns the first step up to max at which t has no finite value of
// o, false where it has all.
func Unsampled(t *Trial, o Objective, max int) (step float64, missing bool) {
	next := 1
	for _, r := range t.Reports {
		if r.Step != float64(next) {
			continue
		}
		x, ok := r.Values.Get(o.Metric)
		if !ok || math.IsNaN(x) || math.IsInf(x, 0) {
			break
		}
		next++
	}
	return float64(next), next <= max
}

// Estimate returns the paired estimate of what trial t, which has reports of
// some samples, would come to on all of them, a number for each objective;
// false where it has none of one of them or one that is not finite. While no
// trial is complete it is the plain mean. The history's fidelity must have
// samples. The time is that of the trials which have ended since the last call.
func (p *Paired) Estimate(h *History, t *Trial) ([]float64, bool) {
	p.follow(h)
	out := make([]float64, len(h.Objectives))
	for i, o := range h.Objectives {
		mean, n, all := 0.0, 0, 0.0
		for _, r := range t.Reports {
			x, ok := r.Values.Get(o.Metric)
			k := int(r.Step)
			if !ok || k < 1 || k > len(p.sums[i]) {
				continue
			}
			if p.n > 0 {
				x -= p.sums[i][k-1] / float64(p.n)
			}
			mean += x
			n++
		}
		if p.n > 0 {
			for _, s := range p.sums[i] {
				all += s / float64(p.n)
			}
			all /= float64(len(p.sums[i]))
		}
		if n == 0 {
			return nil, false
		}
		out[i] = mean/float64(n) + all
		if math.IsNaN(out[i]) || math.IsInf(out[i], 0) {
			return nil, false
		}
	}
	return out, true
}

// Levels says that the steps of a study are the values of a parameter which the
// program is given: the size of its images, the part of its data. A trial at
// level L is one that is run with it, and its result there counts.
type Levels struct {
	// Parameter is the name under which the program gets the level, beside the
	// parameters that are searched.
	Parameter string `json:"parameter"`
	// Values is the levels from the cheapest to the whole one; none: any
	// number from Min to Max. Steps is what each costs, ascending; the last is
	// Max and the first Min.
	Values []space.Value `json:"values,omitempty"`
	Steps  []float64     `json:"steps,omitempty"`
	// Whole says that where Values is empty levels are whole numbers.
	Whole bool `json:"whole,omitempty"`
}

// Level returns the value that a trial which may run up to step until (0: to
// its end) is given, and its step: the first level that is not below until.
func (f *Fidelity) Level(until float64) (v space.Value, step float64) {
	if until <= 0 || until > f.Max {
		until = f.Max
	}
	l := f.Levels
	for i, s := range l.Steps {
		if s >= until || i == len(l.Steps)-1 {
			return l.Values[i], s
		}
	}
	if l.Whole {
		return value.Int(int64(math.Ceil(until))), math.Ceil(until)
	}
	return value.Float(until), until
}
