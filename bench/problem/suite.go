package problem

import "fmt"

// Suite is a list of tasks with what it is for.
type Suite struct {
	Name, Doc string
	// Development is set where methods may be designed and tuned on the
	// tasks. The others only judge: whoever looks at them to change a method
	// has used them up.
	Development bool
	Budget      int // trials, or where Fidelity is set whole trainings
	Tasks       []string
	// Fidelity is set where trials need not be trained to the end: a scheduler
	// works beside the search algorithm.
	Fidelity bool
}

// Suites is the one table of which tasks are for what. Other instances and
// data sets of the same families separate development from judgement.
var Suites = []Suite{
	{"dev", "one objective, development; the tasks of peers' published traces", true, 50, []string{
		"table/hpobench/australian",
		"table/hpolib/naval_propulsion",
		"table/nasbench201/cifar10",
		"yahpo/lcbench/3945",
		"yahpo/lcbench/189906",
		"yahpo/rbv2_rpart/37",
		"bbob/f8/d5/i1",
		"bbob/f15/d5/i1",
	}, false},
	{"wide-dev", "one objective, development; more functions and dimensions", true, 100, []string{
		"yahpo/lcbench/167168",
		"yahpo/lcbench/126029",
		"yahpo/rbv2_rpart/11",
		"yahpo/rbv2_rpart/1461",
		"bbob/f2/d5/i1",
		"bbob/f4/d5/i1",
		"bbob/f7/d5/i1",
		"bbob/f12/d5/i1",
		"bbob/f22/d5/i1",
		"bbob/f1/d10/i1",
		"bbob/f10/d10/i1",
		"bbob/f14/d10/i1",
		"bbob/f18/d10/i1",
		"bbob/f24/d10/i1",
		"bbob/f8/d20/i1",
		"bbob/f13/d20/i1",
		"bbob-mixint/f1/d10/i1",
		"bbob-mixint/f10/d5/i1",
		"bbob-mixint/f17/d10/i1",
	}, false},
	{"broad-dev", "one objective, development; more data sets and functions", true, 50, []string{
		"yahpo/lcbench/167184",
		"yahpo/lcbench/34539",
		"yahpo/lcbench/189909",
		"yahpo/lcbench/168331",
		"yahpo/lcbench/189354",
		"yahpo/lcbench/146212",
		"yahpo/lcbench/167104",
		"yahpo/lcbench/168868",
		"yahpo/rbv2_rpart/1489",
		"yahpo/rbv2_rpart/54",
		"yahpo/rbv2_rpart/12",
		"yahpo/rbv2_rpart/40701",
		"bbob/f11/d10/i1",
		"bbob/f16/d5/i1",
		"bbob/f19/d5/i1",
		"bbob/f23/d5/i1",
		"bbob-mixint/f19/d5/i1",
		"bbob-mixint/f11/d10/i1",
	}, false},
	{"more-dev", "one objective, development; what the others do not have", true, 50, []string{
		"yahpo/lcbench/167149",
		"yahpo/lcbench/167152",
		"yahpo/lcbench/167161",
		"yahpo/lcbench/167181",
		"yahpo/lcbench/168329",
		"yahpo/lcbench/189862",
		"yahpo/lcbench/189905",
		"yahpo/lcbench/189908",
		"yahpo/rbv2_rpart/1049",
		"yahpo/rbv2_rpart/1067",
		"yahpo/rbv2_rpart/1494",
		"yahpo/rbv2_rpart/31",
		"bbob/f1/d5/i3",
		"bbob/f1/d20/i3",
		"bbob/f5/d20/i3",
		"bbob/f6/d5/i3",
		"bbob/f8/d10/i3",
		"bbob/f9/d5/i3",
		"bbob/f10/d5/i3",
		"bbob/f11/d20/i3",
		"bbob/f12/d10/i3",
		"bbob/f13/d5/i3",
		"bbob/f14/d5/i3",
		"bbob/f17/d10/i3",
		"bbob/f20/d5/i3",
		"bbob/f21/d10/i3",
		"bbob-mixint/f2/d5/i3",
		"bbob-mixint/f14/d10/i3",
		"bbob-mixint/f20/d5/i3",
		"bbob-mixint/f6/d5/i3",
	}, false},
	{"noisy-dev", "one objective with noise, development; beside the tables of dev, which have some", true, 100, []string{
		"noisy/yahpo/lcbench/3945",
		"noisy/yahpo/lcbench/189906",
		"noisy/yahpo/rbv2_rpart/37",
		"noisy/bbob/f8/d5/i1",
		"noisy/bbob/f15/d5/i1",
	}, false},
	{"test", "one objective, judgement", false, 50, []string{
		"table/hpobench/blood_transfusion",
		"table/hpobench/segment",
		"table/hpolib/parkinsons_telemonitoring",
		"yahpo/lcbench/7593",
		"yahpo/lcbench/126026",
		"yahpo/lcbench/167190",
		"yahpo/lcbench/168910",
		"yahpo/rbv2_rpart/1040",
		"yahpo/rbv2_rpart/1479",
		"yahpo/rbv2_rpart/40981",
		"bbob/f3/d5/i2",
		"bbob/f6/d10/i2",
		"bbob/f9/d10/i2",
		"bbob/f17/d5/i2",
		"bbob/f20/d10/i2",
		"bbob/f21/d5/i2",
		"bbob-mixint/f8/d5/i2",
		"bbob-mixint/f15/d10/i2",
	}, false},
	{"prior-dev", "the tasks of dev with priors, development", true, 50, withPriors(
		"table/hpobench/australian", "table/hpolib/naval_propulsion", "table/nasbench201/cifar10",
		"yahpo/lcbench/3945", "yahpo/lcbench/189906", "yahpo/rbv2_rpart/37", "bbob/f8/d5/i1", "bbob/f15/d5/i1",
	), false},
	{"special-dev", "outcome constraints, crashes and conditions, development", true, 100, []string{
		"constrained/bbob/f1/d5/i1",
		"constrained/gardner",
		"crash/bbob/f8/d5/i1",
		"conditional/jenatton",
		"conditional/layers",
	}, false},
	{"special-test", "outcome constraints, crashes and conditions, judgement", false, 100, []string{
		"constrained/bbob/f8/d5/i2",
		"constrained/pressure-vessel",
		"constrained/welded-beam",
		"crash/bbob/f15/d5/i2",
		"conditional/cash",
	}, false},
	{"trap-dev", "what trainings do to a search, development", true, 100, []string{
		"trap/accuracy/i1",
		"trap/boosting/i1",
		"trap/chance/i1",
		"trap/choices/i1",
		"trap/cliff/i1",
		"trap/decades/i1",
		"trap/failures/i1",
		"trap/nested/i1",
		"trap/outliers/i1",
		"trap/ratio/i1",
		"trap/switches/i1",
		"trap/unscaled/i1",
		"trap/useless/i1",
	}, false},
	{"trap-test", "what trainings do to a search, judgement", false, 100, []string{
		"trap/accuracy/i2",
		"trap/boosting/i2",
		"trap/chance/i2",
		"trap/choices/i2",
		"trap/cliff/i2",
		"trap/decades/i2",
		"trap/failures/i2",
		"trap/nested/i2",
		"trap/outliers/i2",
		"trap/ratio/i2",
		"trap/switches/i2",
		"trap/unscaled/i2",
		"trap/useless/i2",
	}, false},
	{"multi-dev", "several objectives, development", true, 100, []string{
		"zdt/1", "zdt/3", "dtlz/2/m2", "wfg/4/m2", "wfg/7/m3",
	}, false},
	{"multi-wide-dev", "several objectives, development; more functions, three and four objectives", true, 100, []string{
		"dtlz/2/m3", "dtlz/2/m4", "wfg/1/m2", "wfg/3/m2", "wfg/6/m2", "wfg/8/m3",
	}, false},
	{"multi-test", "several objectives, judgement", false, 100, []string{
		"zdt/2", "zdt/4", "zdt/6", "dtlz/1/m2", "dtlz/5/m3", "dtlz/7/m2", "wfg/2/m2", "wfg/5/m3", "wfg/9/m2",
	}, false},
	{"transfer-dev", "one objective, warm from earlier studies that help or mislead, development", true, 50, []string{
		"yahpo/lcbench/3945",
		"yahpo/lcbench/189906",
		"yahpo/lcbench/167168",
		"yahpo/lcbench/126029",
		"yahpo/rbv2_rpart/37",
		"yahpo/rbv2_rpart/11",
		"yahpo/rbv2_rpart/1461",
		"table/hpolib/naval_propulsion",
		"table/hpobench/australian",
		"bbob/f8/d5/i1",
		"bbob/f15/d5/i1",
		"bbob/f10/d10/i1",
	}, false},
	{"mf-dev", "one objective by steps of training, development", true, 20, []string{
		"yahpo/lcbench/3945",
		"yahpo/lcbench/189906",
		"yahpo/lcbench/167168",
		"yahpo/rbv2_rpart/37",
		"mf-hartmann/d3/moderate",
		"mf-hartmann/d6/moderate",
	}, true},
	{"mf-wide-dev", "one objective by steps of training, development; more data sets", true, 20, []string{
		"yahpo/lcbench/126029",
		"yahpo/lcbench/167184",
		"yahpo/lcbench/34539",
		"yahpo/lcbench/168331",
		"yahpo/lcbench/146212",
		"yahpo/rbv2_rpart/11",
		"yahpo/rbv2_rpart/1461",
		"yahpo/rbv2_rpart/1489",
		"yahpo/rbv2_rpart/54",
		"mf-hartmann/d3/good",
		"mf-hartmann/d6/bad",
	}, true},
	{"mf-digits", "recorded trainings of the example by epoch, development", true, 20, []string{
		"digits/loss",
	}, true},
	{"mf-test", "one objective by steps of training, judgement", false, 20, []string{
		"yahpo/lcbench/7593",
		"yahpo/lcbench/126026",
		"yahpo/lcbench/167190",
		"yahpo/lcbench/168910",
		"yahpo/rbv2_rpart/1040",
		"yahpo/rbv2_rpart/40981",
		"mf-hartmann/d3/bad",
		"mf-hartmann/d6/good",
	}, true},
}

// withPriors returns tasks with good, weak and wrong priors.
func withPriors(tasks ...string) []string {
	var out []string
	for _, kind := range []string{"good", "weak", "wrong"} {
		for _, t := range tasks {
			out = append(out, "prior/"+kind+"/"+t)
		}
	}
	return out
}

// FindSuite returns the suite called name.
func FindSuite(name string) (Suite, error) {
	for _, s := range Suites {
		if s.Name == name {
			return s, nil
		}
	}
	list := ""
	for _, s := range Suites {
		list += " " + s.Name
	}
	return Suite{}, fmt.Errorf("there is no suite %q; there are:%s", name, list)
}
