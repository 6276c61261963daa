// Package warm starts a study from what earlier studies have found.
//
// It copies of an earlier study what this one can use ([Take]), reads such a
// copy in this study's space ([Points]), and lets the best configurations of
// the earlier studies run first, whatever the search algorithm ([Start]). It
// learns nothing itself: methods that can, such as package bo, read the points
// and decide how far to believe them.
//
// The one idea: an earlier study is a guess about this one, never a part of it.
// Its values are not comparable (another data set, another machine), so only
// their order is used, and every use is bounded: at most half of the trials
// before a model decides are its configurations, and no more of them once they
// have turned out worse than those that were chosen without it. A copy is part
// of the study's definition, so what follows from it follows again after a
// restart, and when the earlier study is gone.
//
// # What is common
//
// A parameter is common where both studies have one of that name and both are
// numbers, on whatever scale, or one has values that the other can take, too. A
// trial whose value of a common parameter lies outside this study's range, or
// is none of its choices, is left out: clamped it would claim a value at the
// border that nobody measured there. Parameters that only this study has stand
// at their default, or in the middle. An objective is common by its name, and
// then must have the same goal.
package warm

import "github.com/afina-hpo/afina/study"

// Most is the largest number of earlier studies of one study, and of the trials
// that are kept of each.
const (
	Most       = 10
	MostTrials = 300
)

// keep returns the trials to keep: where they are too many the third of
// [MostTrials] with the best values, and of the others as many as there is room
// for, evenly spread over time.
func keep(list []study.EarlierTrial, goals []study.Goal) []study.EarlierTrial {
	if len(list) <= MostTrials {
		return list
	}
	taken := make([]bool, len(list))
	for _, i := range rank(list, goals)[:MostTrials/3] {
		taken[i] = true
	}
	var out, rest []study.EarlierTrial
	for i, t := range list {
		if !taken[i] {
			rest = append(rest, t)
		}
	}
	room := MostTrials - MostTrials/3
	spread := map[int]bool{}
	for k := range room {
		spread[rest[k*len(rest)/room].Number] = true
	}
	for i, t := range list {
		if taken[i] || spread[t.Number] {
			out = append(out, t)
		}
	}
	return out
}
