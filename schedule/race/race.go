package race

import (
	"math"
	"slices"
	"strings"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
)

var settings = []setting.Setting{
	{Name: "confidence", Kind: setting.Float, Default: value.Float(0.95), Min: 0.5, Max: 0.999999,
		Doc: "how probably a trial that would have been better than its rival is kept, over all tests of it together"},
	{Name: "first", Kind: setting.Int, Default: value.Int(3), Min: 2, Max: study.MaxSamples,
		Doc: "how many samples a trial and its rival must both have before the first test"},
	{Name: "each", Kind: setting.Int, Min: 1, Max: study.MaxSamples,
		Doc: "samples between two tests; default: so many that there are at most 20 tests"},
	{Name: "test", Kind: setting.String, Default: value.String("t"), Options: []string{"t", "wilcoxon", "friedman"},
		Doc: "the paired test: t of the differences, wilcoxon of their ranks, friedman of the ranks among all in the race"},
}

// Method returns the description of the race.
func Method() schedule.Method {
	return schedule.Method{
		Name: "race", Version: "1", Settings: settings,
		Doc: "Drops a trial that a paired test on the same folds or instances shows to be worse than the best one, with the error of all tests together bounded (Birattari et al. 2002, López-Ibáñez et al. 2016).",
		New: func(p schedule.Problem, v setting.Values) (schedule.Scheduler, error) { return build(p, v) },
	}
}

func build(p schedule.Problem, v setting.Values) (schedule.Scheduler, error) {
	f := p.Fidelity
	switch n := len(p.Objectives); {
	case n != 1:
		return nil, study.Errorf(study.Invalid, "use the scheduler asha, or one objective with the others as outcome constraints",
			"race compares trials by one objective, and the study has %d", n)
	case f == nil || !Samples(f):
		return nil, study.Errorf(study.Invalid, "say fidelity: { folds: 10 } or fidelity: { instances: [...] }; for epochs use asha or median",
			"race compares trials on folds, instances or seeds, and the study's steps are none")
	}
	first, _ := v.Get(settings, "first").AsInt()
	if _, said := v["first"]; !said {
		first = min(first, max(2, int64(f.Max)-1))
	}
	n := int(f.Max)
	if int(first) >= n {
		return nil, study.Errorf(study.Invalid, "take a smaller first, or use schedule: fixed",
			"race tests trials from sample %d on, and there are %d", first, n)
	}
	each, ok := v.Get(settings, "each").AsInt()
	if !ok {
		each = int64((n - int(first) + 19) / 20)
	}
	r := &race{samples: n, first: int(first), each: int(each), alpha: 1 - v.Get(settings, "confidence").AsFloat()}
	r.test, _ = v.Get(settings, "test").AsString()
	return r, nil
}

// paired are the names of steps that are not a longer training but another
// sample, the same for all trials.
var paired = []string{"fold", "folds", "split", "splits", "instance", "instances", "seed", "seeds", "repeat", "repeats"}

// Samples reports whether the steps of a fidelity are samples, as it says or as
// the name of its steps does.
func Samples(f *study.Fidelity) bool {
	return f.Sampled() || f.Levels == nil && f.Max >= 2 && f.Max <= study.MaxSamples && slices.Contains(paired, strings.ToLower(f.Step))
}

// race is the scheduler.
type race struct {
	samples     int
	first, each int
	alpha       float64 // of all tests together
	level       float64 // of one; 0: not planned yet
	test        string

	table table
}

// plan sets the level of one test such that all of them together keep to alpha,
// when it is needed first: it takes a fraction of a millisecond. Tests by signs of few samples cannot reject anything whatever they see, and
// are left out: they would cost error for nothing.
func (r *race) plan() {
	for r.level == 0 || r.test != "t" && math.Ldexp(1, -r.first) >= r.level && r.first+r.each < r.samples {
		if r.level > 0 {
			r.first += r.each
		}
		r.level = pocock(r.first, r.each, r.samples, r.alpha)
	}
}

// Next always starts a new trial.
func (*race) Next(*study.History) schedule.Order {
	return schedule.Order{Action: schedule.Start, CopyFrom: -1}
}

// Judge drops t where it is proved to be worse than its rival.
func (r *race) Judge(h *study.History, t *study.Trial) study.Verdict {
	o := h.Objectives[0]
	mine, finite := measure(o, t.Reports)
	switch {
	case !finite: // it can never have a mean over all
		return study.VerdictPrune
	case len(mine) < r.first || len(mine) >= r.samples:
		return study.VerdictContinue
	}
	r.plan()
	if len(mine) < r.first {
		return study.VerdictContinue
	}
	r.table.follow(h, r.samples)
	rivals, among := r.table.best[:min(1, len(r.table.best))], 1
	if len(rivals) == 0 {
		rivals, among = alongside(h, t, mine)
	}
	for _, rival := range rivals {
		pair := match(mine, rival.values)
		n := len(pair.differences)
		if n < r.first || n >= r.samples || (n-r.first)%r.each != 0 || mean(pair.differences) <= 0 {
			continue
		}
		if float64(among)*r.chance(h, t, mine, rival, pair) < r.level {
			return study.VerdictPrune
		}
	}
	return study.VerdictContinue
}

// alongside returns the trial that is best on the samples of t among those that
// run and have all of them, and among how many it is.
func alongside(h *study.History, t *study.Trial, mine []measured) (best []contender, among int) {
	least := math.Inf(1)
	for other := range h.Open() {
		if other.Number == t.Number || len(other.Reports) < len(mine) {
			continue
		}
		values, finite := measure(h.Objectives[0], other.Reports)
		if !finite {
			continue
		}
		pair := match(mine, values)
		if len(pair.differences) < len(mine) {
			continue
		}
		among++
		if m := -mean(pair.differences); m < least {
			least, best = m, []contender{{other.Number, 0, values}}
		}
	}
	return best, among
}

// chance returns the probability of seeing t so much worse than its rival when
// it is not.
func (r *race) chance(h *study.History, t *study.Trial, mine []measured, rival contender, pair matched) float64 {
	switch r.test {
	case "wilcoxon":
		return signs(pair.differences)
	case "friedman":
		return friedman(r.field(h, t, mine, rival, pair))
	}
	return student(pair.differences, r.samples)
}

// fieldSize is how many trials beside the two a test of Friedman looks at.
const fieldSize = 16

// field returns the losses on the samples that t and its rival share, of t, its
// rival, and others that are in the race and have run them all: the best
// complete ones, then those that run.
func (r *race) field(h *study.History, t *study.Trial, mine []measured, rival contender, pair matched) [][]float64 {
	rows := [][]float64{pair.a, pair.b}
	shared := pair.on(mine)
	enter := func(number int, values []measured) {
		if number == t.Number || number == rival.trial || len(rows) >= fieldSize+2 {
			return
		}
		if m := match(shared, values); len(m.b) == len(shared) {
			rows = append(rows, m.b)
		}
	}
	for _, c := range r.table.best {
		enter(c.trial, c.values)
	}
	for other := range h.Open() {
		if len(rows) >= fieldSize+2 {
			break
		}
		if values, finite := measure(h.Objectives[0], other.Reports); finite && len(values) >= len(shared) {
			enter(other.Number, values)
		}
	}
	return rows
}

// measured is the loss on one sample.
type measured struct{ step, loss float64 }

// measure returns what was reported of an objective as losses; false where one
// of them is not finite.
func measure(o study.Objective, reports []study.Report) ([]measured, bool) {
	out := make([]measured, 0, len(reports))
	for _, r := range reports {
		x, ok := r.Values.Get(o.Metric)
		switch {
		case !ok:
		case math.IsNaN(x) || math.IsInf(x, 0):
			return nil, false
		default:
			out = append(out, measured{r.Step, o.Loss(x)})
		}
	}
	return out, true
}

// matched is the losses of two trials on the samples that both have.
type matched struct{ a, b, differences, steps []float64 }

// match pairs what two trials have measured, which is in order of samples.
func match(a, b []measured) matched {
	n := min(len(a), len(b))
	m := matched{a: make([]float64, 0, n), b: make([]float64, 0, n), differences: make([]float64, 0, n), steps: make([]float64, 0, n)}
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i].step < b[j].step:
			i++
		case a[i].step > b[j].step:
			j++
		default:
			m.a, m.b = append(m.a, a[i].loss), append(m.b, b[j].loss)
			m.differences = append(m.differences, a[i].loss-b[j].loss)
			m.steps = append(m.steps, a[i].step)
			i, j = i+1, j+1
		}
	}
	return m
}

// on returns those of mine that were matched.
func (m matched) on(mine []measured) []measured {
	out := make([]measured, 0, len(m.steps))
	for i, k := 0, 0; i < len(mine) && k < len(m.steps); i++ {
		if mine[i].step == m.steps[k] {
			out = append(out, mine[i])
			k++
		}
	}
	return out
}

// contender is a trial in the race.
type contender struct {
	trial  int
	mean   float64 // of the losses on all samples
	values []measured
}

// table is the best complete trials on all samples, followed as trials end.
type table struct {
	last *study.History
	done int
	best []contender // ascending by mean; of equals the one that ended first
}

// follow takes in what has ended. Trials that violate a constraint are no
// rivals: to be worse than one of those is no reason to be dropped.
func (b *table) follow(h *study.History, samples int) {
	if !h.Continues(b.last) {
		*b = table{}
	}
	b.last = h
	for ; b.done < h.EndedLen(); b.done++ {
		t := h.Ended(b.done)
		if t.State != study.Complete || !t.Feasible() {
			continue
		}
		values, finite := measure(h.Objectives[0], t.Reports)
		if !finite || len(values) < samples {
			continue // it was told its mean, or its samples are others
		}
		c := contender{t.Number, 0, values}
		for _, v := range values {
			c.mean += v.loss / float64(len(values))
		}
		i, _ := slices.BinarySearchFunc(b.best, c, func(x, y contender) int {
			if x.mean <= y.mean {
				return -1
			}
			return 1
		})
		if b.best = slices.Insert(b.best, i, c); len(b.best) > fieldSize+1 {
			b.best = b.best[:fieldSize+1]
		}
	}
}

func mean(xs []float64) float64 {
	sum := 0.0
	for _, x := range xs {
		sum += x
	}
	return sum / float64(len(xs))
}
