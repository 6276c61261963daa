package problem

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// ErrNoData is the error of problems that need the folder of data where there
// is none.
var ErrNoData = errors.New("this task needs the folder of benchmark data: name it by AFINA_BENCH_DATA or --data")

// Library opens problems by name. It keeps what it has read, and is safe for
// concurrent use.
type Library struct {
	dir string // of data; "" for none

	mu     sync.Mutex
	tables map[string]*table
	models map[string]*surrogate
}

// NewLibrary returns a library that reads data from the folder dir; "" leaves
// it to the problems that need none.
func NewLibrary(dir string) *Library {
	return &Library{dir: dir, tables: map[string]*table{}, models: map[string]*surrogate{}}
}

// family is a group of problems: the form of their names, with # for a number
// and * for a word, and how one is opened.
type family struct {
	form, doc string
	open      func(l *Library, name string, n []int, words []string) (Problem, error)
}

// families lists the names that there are.
var families = []family{
	{"bbob/f#/d#/i#", "COCO's noiseless functions 1 to 24: function, dimension, instance", openBBOB},
	{"bbob-mixint/f#/d#/i#", "their mixed-integer form; dimension 5, 10, 20 or 40", openMixed},
	{"table/*/*", "exhaustive tables of real trainings: group hpobench, hpolib or nasbench201, name", openTable},
	{"yahpo/*/*", "YAHPO Gym surrogates: scenario lcbench or rbv2_rpart, instance", openYAHPO},
	{"mf-hartmann/*/*", "Hartmann functions by step: d3 or d6; first steps good, moderate or bad", openHartmann},
	{"digits/*", "recorded trainings of examples/digits by epoch: loss", openDigits},
	{"zdt/#", "two objectives: ZDT 1 to 4 and 6", openZDT},
	{"dtlz/#/m#", "DTLZ 1, 2, 5 and 7: number, objectives (2 to 4)", openDTLZ},
	{"wfg/#/m#", "WFG 1 to 9: number, objectives (2 to 4)", openWFG},
	{"constrained/bbob/f#/d#/i#", "bbob with an outcome constraint that is active at the optimum", openConstrained},
	{"constrained/*", "gardner, pressure-vessel or welded-beam", openDesign},
	{"crash/bbob/f#/d#/i#", "bbob where three tenths of the space fail", openCrash},
	{"noisy/bbob/f#/d#/i#", "bbob with noise that grows with the distance from the optimum", openNoisy(openBBOB, noiseLow, noiseGrowing)},
	{"noisy/yahpo/*/*", "YAHPO Gym surrogates with noise that is everywhere alike", openNoisy(openYAHPO, noiseEven, 0)},
	{"trap/*/i#", "what trainings do to a search, one thing each: " + trapNames(), openTrap},
	{"conditional/*", "cash, jenatton or layers: parameters that depend on others", openConditional},
}

var forms = sync.OnceValue(func() []*regexp.Regexp {
	out := make([]*regexp.Regexp, len(families))
	for i, f := range families {
		pattern := strings.ReplaceAll(regexp.QuoteMeta(f.form), "#", "([1-9][0-9]{0,5})")
		out[i] = regexp.MustCompile("^" + strings.ReplaceAll(pattern, `\*`, `([A-Za-z0-9_-]+)`) + "$")
	}
	return out
})

// Open returns the problem called name. The error says what names there are,
// or is [ErrNoData].
func (l *Library) Open(name string) (Problem, error) {
	if kind, task, ok := cutPrior(name); ok {
		return openPrior(l, name, kind, task)
	}
	for i, form := range forms() {
		m := form.FindStringSubmatch(name)
		if m == nil {
			continue
		}
		var numbers []int
		var words []string
		for _, part := range m[1:] {
			if n, err := strconv.Atoi(part); err == nil && !strings.Contains(families[i].form, "*") {
				numbers = append(numbers, n)
			} else {
				words = append(words, part)
			}
		}
		p, err := families[i].open(l, name, numbers, words)
		if err != nil {
			return nil, fmt.Errorf("open task %q: %w", name, err)
		}
		return p, nil
	}
	var b strings.Builder
	for _, f := range families {
		fmt.Fprintf(&b, "\n  %-28s %s", f.form, f.doc)
	}
	return nil, fmt.Errorf("there is no task %q; tasks are called (# is a number):%s", name, b.String())
}

// Forms returns the forms of names with what they mean, for help.
func Forms() [][2]string {
	out := make([][2]string, len(families))
	for i, f := range families {
		out[i] = [2]string{f.form, f.doc}
	}
	return append(out, [2]string{"prior/*/TASK", "any of these with priors of its parameters: good, weak or wrong"})
}
