package nsga

import (
	"github.com/afina-hpo/afina/num/pareto"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
)

// Method2 returns the description of NSGA-II.
func Method2() suggest.Method {
	return suggest.Method{
		Name:     "nsga2",
		Version:  "1",
		Doc:      "Genetic search for two or three objectives, or one, with hundreds of cheap trials and many at once (NSGA-II, Deb et al. 2002).",
		Settings: settings,
		New: func(p suggest.Problem, v setting.Values) (suggest.Suggester, error) {
			return newSuggester(p, v, settings, nil)
		},
	}
}

// Method3 returns the description of NSGA-III.
func Method3() suggest.Method {
	return suggest.Method{
		Name:     "nsga3",
		Version:  "1",
		Doc:      "Genetic search for four or more objectives, with hundreds of cheap trials and many at once (NSGA-III, Deb and Jain 2014).",
		Settings: settings3,
		New: func(p suggest.Problem, v setting.Values) (suggest.Suggester, error) {
			directions, err := layers(p, v)
			if err != nil {
				return nil, err
			}
			return newSuggester(p, v, settings3, directions)
		},
	}
}

const (
	smallest = 4 // population
	usual    = 50
	// maxDirections bounds what a hostile study file can ask for.
	maxDirections = 100_000
	// manyObjectives is how many there may be; beyond it nearly nothing
	// dominates anything.
	manyObjectives = 64
)

var settings = []setting.Setting{
	{Name: "population", Kind: setting.Int, Min: smallest, Max: 10_000,
		Doc: "How many survive each generation; by default 50, but at most a quarter of the trials and at least 10."},
	{Name: "offspring", Kind: setting.Int, Min: 1, Max: 10_000,
		Doc: "How many results end a generation; by default as many as the population, and 1 selects after every result."},
	{Name: "crossover", Kind: setting.String, Default: value.String("sbx"), Options: []string{"sbx", "uniform", "blx", "undx", "spx", "pcx"},
		Doc: "How parents are recombined: sbx and uniform gene by gene, blx between and a little beyond both, undx, spx and pcx along the directions in which three parents differ."},
	{Name: "crossover_probability", Kind: setting.Float, Default: value.Float(0.9), Min: 0, Max: 1,
		Doc: "How often a child has more than one parent."},
	{Name: "crossover_eta", Kind: setting.Float, Min: 0, Max: 1000,
		Doc: "Distribution index of sbx: the larger, the closer children are to their parents; by default 20, and 2 with one objective."},
	{Name: "alpha", Kind: setting.Float, Default: value.Float(0.5), Min: 0, Max: 10,
		Doc: "How far blx goes beyond the parents, as a share of their distance."},
	{Name: "mutation", Kind: setting.String, Default: value.String("polynomial"), Options: []string{"polynomial", "uniform"},
		Doc: "How a gene changes: polynomial prefers small steps, uniform draws it from the prior."},
	{Name: "mutation_probability", Kind: setting.Float, Min: 0, Max: 1,
		Doc: "How often each gene mutates; by default one of them on average."},
	{Name: "mutation_eta", Kind: setting.Float, Default: value.Float(20), Min: 0, Max: 1000,
		Doc: "Distribution index of polynomial mutation: the larger, the smaller the steps."},
}

var settings3 = append(settings[:len(settings):len(settings)], setting.Setting{
	Name: "divisions", Kind: setting.Int, Min: 1, Max: 1000,
	Doc: "Into how many parts each objective is divided to place the reference directions; by default as many as give no more directions than the population has members.",
})

// populationOf returns the size of the population.
func populationOf(p suggest.Problem, v setting.Values, list []setting.Setting) int {
	if n, ok := v.Get(list, "population").AsInt(); ok {
		return int(n)
	}
	if p.Trials > 0 {
		return min(usual, max(10, p.Trials/4))
	}
	return usual
}

// layers returns the reference directions of NSGA-III. Where the objectives
// are too many for one layer to have a point inside, a second one, halfway to
// the middle, is added (Deb and Jain, section IV.B).
func layers(p suggest.Problem, v setting.Values) ([][]float64, error) {
	if err := check(p); err != nil {
		return nil, err
	}
	m, most := p.Objectives, populationOf(p, v, settings3)
	outer, inner := 1, 0
	if n, ok := v.Get(settings3, "divisions").AsInt(); ok {
		outer = int(n)
		if k := pareto.DirectionCount(m, outer); k > maxDirections {
			return nil, study.Errorf(study.Invalid, "use fewer divisions",
				"%d divisions of %d objectives make more than %d reference directions", outer, m, maxDirections)
		}
	} else if m > 1 {
		for pareto.DirectionCount(m, outer+1) <= most {
			outer++
		}
		for outer < m && inner < outer && pareto.DirectionCount(m, outer)+pareto.DirectionCount(m, inner+1) <= most {
			inner++
		}
	}
	directions := pareto.Directions(m, outer)
	if inner > 0 {
		for _, d := range pareto.Directions(m, inner) {
			for i := range d {
				d[i] = (d[i] + 1/float64(m)) / 2
			}
			directions = append(directions, d)
		}
	}
	return directions, nil
}

// check refuses what neither algorithm can do.
func check(p suggest.Problem) error {
	if p.Objectives < 1 || p.Objectives > manyObjectives {
		return study.Errorf(study.Invalid, "combine some of them into one",
			"nsga2 and nsga3 take 1 to %d objectives, not %d", manyObjectives, p.Objectives)
	}
	return nil
}

func newSuggester(p suggest.Problem, v setting.Values, list []setting.Setting, directions [][]float64) (*suggester, error) {
	if err := check(p); err != nil {
		return nil, err
	}
	number := func(name string, otherwise float64) float64 {
		if x := v.Get(list, name); x.IsNumber() {
			return x.AsFloat()
		}
		return otherwise
	}
	n := populationOf(p, v, list)
	s := &suggester{population: population{
		size: n, offspring: int(number("offspring", float64(n))), survive: crowded,
	}}
	if directions != nil {
		s.population.survive = niches(directions)
	}
	eta := 20.0
	if p.Objectives == 1 {
		eta = 2
	}
	kind, _ := v.Get(list, "crossover").AsString()
	mutation, _ := v.Get(list, "mutation").AsString()
	cross := newCrossover(kind, number("crossover_eta", eta), number("alpha", 0.5))
	s.population.mates = cross.parents
	s.breeder = breeder{
		cross:       cross,
		crossing:    number("crossover_probability", 0.9),
		mutating:    number("mutation_probability", -1),
		mutationEta: number("mutation_eta", 20),
		uniform:     mutation == "uniform",
	}
	return s, nil
}
