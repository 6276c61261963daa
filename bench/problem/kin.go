package problem

// kin names, for suites that are about starting warm, for each of the tasks one
// that is like it, and with the same parameters: what the earlier study is of.
// "" is the task itself with its optimum a little aside.
var kin = map[string][]string{
	"transfer-dev": {
		"yahpo/lcbench/189906",
		"yahpo/lcbench/3945",
		"yahpo/lcbench/126029",
		"yahpo/lcbench/167168",
		"yahpo/rbv2_rpart/11",
		"yahpo/rbv2_rpart/1461",
		"yahpo/rbv2_rpart/37",
		"", "", "", "", "",
	},
}

// Kin returns the tasks that earlier studies are of, in the order of the
// suite's; nil where its runs do not start warm. Do not modify it.
func (s Suite) Kin() []string { return kin[s.Name] }
