package analyze

import (
	"cmp"
	"math"
	"slices"

	"github.com/afina-hpo/afina/num/special"
	"github.com/afina-hpo/afina/study"
)

// methodDefault is the origin of the trial of the default configuration.
const methodDefault = "default"

// Round is the final comparison that was begun last.
type Round struct {
	// Trials are the first trials of the configurations that are compared, in
	// order of choice.
	Trials []int
	// Seen and SeenEnded are how many trials there were, and had ended, when
	// they were chosen.
	Seen, SeenEnded int
}

// LastRound returns the newest final comparison of h; false where there is
// none, or where the search has gone on since.
func LastRound(h *study.History) (Round, bool) {
	var r Round
	searched := 0 // one more than the number of the last trial of the search
	for t := range h.All() {
		switch among := t.Among(); {
		case among == nil:
			if t.State != study.Cancelled {
				searched = t.Number + 1
			}
		case t.Origin.Seen >= r.Seen:
			r = Round{Trials: among, Seen: t.Origin.Seen, SeenEnded: t.Origin.SeenEnded}
		}
	}
	return r, len(r.Trials) > 0 && searched <= r.Seen
}

// RoundSize returns how many configurations a final comparison of the top
// configurations has.
func RoundSize(h *study.History, top int) int { return len(Finalists(h, top, nil)) }

// Finalists returns the trials whose configurations are to be compared: of the
// top configurations the first trials, the one with the best value that was
// measured before all, then those of which most is believed (measured, where
// believe is nil or knows nothing), and last the default, whatever became of
// it. Trials of earlier comparisons do not count.
func Finalists(h *study.History, top int, believe Belief) []int {
	o := h.Objectives[0]
	base := defaultOf(h)
	var raw *study.Trial
	var all []Measured
	for _, m := range replicates(h, func(t *study.Trial) bool { return counts(t) && !t.Final() }) {
		if base != nil && m.Trial.Config.Equal(base.Config) {
			continue
		}
		if raw == nil || o.Better(m.Trial.Values[0], raw.Values[0]) {
			raw = m.Trial
		}
		all = append(all, m)
	}
	slices.SortStableFunc(all, func(a, b Measured) int { return cmp.Compare(o.Loss(a.Mean), o.Loss(b.Mean)) })
	if believe != nil {
		all = byBelief(all, o, believe)
	}
	i := slices.IndexFunc(all, func(m Measured) bool { return m.Trial == raw })
	if i > 0 {
		m := all[i]
		copy(all[1:i+1], all[:i])
		all[0] = m
	}
	var out []int
	for _, m := range all[:min(top, len(all))] {
		out = append(out, m.first)
	}
	if base != nil && len(out) > 0 {
		out = append(out, base.Number)
	}
	return out
}

// byBelief sorts the first of all by what is believed of them.
func byBelief(all []Measured, o study.Objective, believe Belief) []Measured {
	type believed struct {
		Measured
		loss float64
	}
	list := make([]believed, 0, len(all))
	for i, m := range all {
		b := believed{m, math.Inf(1)}
		if i < maxBelieved {
			mean, _, ok := believe(m.Trial.Config)
			if !ok {
				return all
			}
			b.loss = o.Loss(mean[0])
		}
		list = append(list, b)
	}
	slices.SortStableFunc(list, func(a, b believed) int { return cmp.Compare(a.loss, b.loss) })
	out := make([]Measured, len(list))
	for i, b := range list {
		out[i] = b.Measured
	}
	return out
}

// defaultOf returns the trial of the default configuration, nil where there is
// none. One that was made again counts.
func defaultOf(h *study.History) *study.Trial {
	var base *study.Trial
	for t := range h.All() {
		if t.Origin != nil && t.Origin.Method == methodDefault {
			base = t
		}
	}
	return base
}

// Answer says whether tuning has helped.
type Answer string

// The answers.
const (
	Helped    Answer = "yes"         // the winner is better than the default
	Harmed    Answer = "no"          // the default is better, or as good to the last digit
	Unclear   Answer = "cannot tell" // the difference may be luck
	NoDefault Answer = "no default"  // there is nothing to compare with
)

// Finalist is a configuration in the final comparison.
type Finalist struct {
	Trial   *study.Trial // the first with the configuration
	Default bool
	// Search is what the search measured of it: the best value, NaN for none.
	Search float64
	// Runs is how many runs of the comparison came to their end, Mean their
	// average and SE its standard error, NaN for less than two.
	Runs     int
	Mean, SE float64
	// Gain is how much better it is than the default on average, over Pairs
	// runs with the same seeds, in units of the objective and above 0 whatever
	// the goal; Low and High are the interval that holds the true gains of all
	// finalists at once with 95 % probability (Student's t of the differences,
	// by Bonferroni's rule). NaN where there is no default, or too few runs.
	Pairs           int
	Gain, Low, High float64

	values map[int]float64 // losses by run
}

// Verdict is the outcome of a final comparison.
type Verdict struct {
	// Finalists are in order of their mean, the best first; those without a
	// run that came to its end are the last.
	Finalists []Finalist
	// Winner is the best of them that is not the default, Raw the one with the
	// best value in the search, Base the default; -1 for none.
	Winner, Raw, Base int
	Answer            Answer
	// Waiting is how many runs have not ended yet.
	Waiting int
}

// confidence is that of the intervals, of all together.
const confidence = 0.95

// Judge returns the verdict of the newest final comparison of h, false where
// none was begun. It goes by the runs of the comparison alone: what the search
// measured has been selected for being good. The time is linear in the number
// of trials.
func Judge(h *study.History) (Verdict, bool) {
	v := Verdict{Winner: -1, Raw: -1, Base: -1, Answer: NoDefault}
	if len(h.Objectives) != 1 {
		return v, false
	}
	round, _ := LastRound(h)
	if len(round.Trials) == 0 {
		return v, false
	}
	o := h.Objectives[0]
	base := defaultOf(h)
	for _, n := range round.Trials {
		f := Finalist{Trial: h.Trial(n), Search: math.NaN(), values: map[int]float64{}}
		f.Default = base != nil && n == base.Number
		v.Finalists = append(v.Finalists, f)
	}
	v.Waiting = v.gather(h, o)
	var against *Finalist
	for i := range v.Finalists {
		f := &v.Finalists[i]
		f.Runs, f.Mean, f.SE = average(f.values)
		f.Mean = o.Loss(f.Mean)
		if f.Default {
			against = f
		}
	}
	rivals := len(v.Finalists)
	if against != nil {
		rivals--
		for i := range v.Finalists {
			v.Finalists[i].compare(*against, rivals)
		}
	} else {
		for i := range v.Finalists {
			f := &v.Finalists[i]
			f.Gain, f.Low, f.High = math.NaN(), math.NaN(), math.NaN()
		}
	}
	slices.SortStableFunc(v.Finalists, func(a, b Finalist) int {
		switch {
		case a.Runs == 0 || b.Runs == 0:
			return cmp.Compare(min(b.Runs, 1), min(a.Runs, 1))
		}
		return cmp.Compare(o.Loss(a.Mean), o.Loss(b.Mean))
	})
	v.conclude(o)
	return v, true
}

// gather notes the results of the runs, and what the search measured, and
// returns how many runs have not ended.
func (v *Verdict) gather(h *study.History, o study.Objective) (waiting int) {
	place := map[int]int{}
	keys := map[string]int{}
	for i, f := range v.Finalists {
		place[f.Trial.Number] = i
		keys[f.Trial.Config.Key()] = i
	}
	for t := range h.All() {
		r, again := t.Repeats()
		if !again || !t.Final() {
			if i, ok := keys[t.Config.Key()]; ok && counts(t) {
				if f := &v.Finalists[i]; math.IsNaN(f.Search) || o.Better(t.Values[0], f.Search) {
					f.Search = t.Values[0]
				}
			}
			continue
		}
		i, ok := place[r.Of]
		switch {
		case !ok:
		case !t.State.Ended():
			waiting++
		case counts(t):
			v.Finalists[i].values[r.Run] = o.Loss(t.Values[0])
		}
	}
	return waiting
}

// compare sets what f gains over the default, one of so many rivals of it.
func (f *Finalist) compare(base Finalist, rivals int) {
	gains := map[int]float64{}
	for run, x := range f.values {
		if y, ok := base.values[run]; ok {
			gains[run] = y - x
		}
	}
	var se float64
	f.Pairs, f.Gain, se = average(gains)
	f.Low, f.High = math.NaN(), math.NaN()
	if f.Pairs >= 2 {
		q := special.StudentQuantile(1-(1-confidence)/(2*float64(max(rivals, 1))), float64(f.Pairs-1))
		f.Low, f.High = f.Gain-float64(q*se), f.Gain+float64(q*se)
	}
}

// average returns the mean of values with its standard error; NaN where there
// are too few. The sum is in order of the runs, so that it is always the same.
func average(values map[int]float64) (n int, mean, se float64) {
	runs := make([]int, 0, len(values))
	for run := range values {
		runs = append(runs, run)
	}
	slices.Sort(runs)
	if len(runs) == 0 {
		return 0, math.NaN(), math.NaN()
	}
	squares := 0.0
	for _, run := range runs {
		n++
		d := values[run] - mean
		mean += d / float64(n)
		squares += float64(d * (values[run] - mean))
	}
	if n < 2 {
		return n, mean, math.NaN()
	}
	return n, mean, math.Sqrt(squares / float64(n-1) / float64(n))
}

// conclude finds the winner and says whether it is better than the default.
func (v *Verdict) conclude(o study.Objective) {
	for i := range v.Finalists {
		f := &v.Finalists[i]
		switch {
		case f.Default:
			v.Base = i
		case v.Winner < 0 && f.Runs > 0:
			v.Winner = i
		}
		if !f.Default && !math.IsNaN(f.Search) && (v.Raw < 0 || o.Better(f.Search, v.Finalists[v.Raw].Search)) {
			v.Raw = i
		}
	}
	if v.Base < 0 {
		return
	}
	v.Answer = Unclear
	if v.Winner < 0 {
		return
	}
	switch w := v.Finalists[v.Winner]; {
	case math.IsNaN(w.Low):
	case w.Low > 0:
		v.Answer = Helped
	case w.High < 0 || w.Low == 0 && w.High == 0:
		v.Answer = Harmed
	}
}
