package suggest

// Startup returns how many trials come before a model decides in a space of
// params parameters, where the settings do not say it: half as many and three,
// and no more than a third of a budget of trials that is known, 0 where it is
// not, but for the first five. Where trials begin with a part of their steps one
// costs little and says little, so there are twice as many, whatever the budget.
func Startup(params, trials int, steps bool) int {
	n := params/2 + 3
	switch {
	case steps:
		return 2 * n
	case trials > 0:
		return min(n, max(trials/3, 5))
	}
	return n
}
