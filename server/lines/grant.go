package lines

import (
	"strconv"

	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
)

// appendGrant appends the fields of an answer that hands out trials, and the
// end of the object.
func appendGrant(dst []byte, g *study.Grant) []byte {
	dst = append(dst, `"trials":[`...)
	for i := range g.Trials {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendTrial(dst, &g.Trials[i])
	}
	dst = append(dst, `],"state":"`...)
	dst = append(dst, g.State...)
	return append(dst, `"}`...)
}

// appendTrial appends a trial as ask hands it out.
func appendTrial(dst []byte, a *study.Assignment) []byte {
	whole := func(name string, n int64) {
		dst = append(dst, name...)
		dst = strconv.AppendInt(dst, n, 10)
	}
	whole(`{"number":`, int64(a.Trial))
	dst = append(dst, `,"params":`...)
	dst = a.Config.AppendJSON(dst)
	if len(a.Derived) > 0 {
		dst = appendDerived(dst, a)
	}
	whole(`,"seed":`, a.Seed)
	if a.Attempt > 1 { // it was handed out before
		whole(`,"attempt":`, int64(a.Attempt))
	}
	dst = append(dst, `,"resume_step":`...)
	dst = value.AppendJSONFloat(dst, a.Resume, false)
	if a.Until != 0 {
		dst = append(dst, `,"until_step":`...)
		dst = value.AppendJSONFloat(dst, a.Until, false)
	}
	if len(a.Samples) > 0 {
		opening := `,"samples":[`
		for _, name := range a.Samples {
			dst = append(dst, opening...)
			dst = value.String(name).AppendJSON(dst)
			opening = ","
		}
		dst = append(dst, ']')
	}
	if !a.Level.IsAbsent() {
		dst = append(dst, `,"level":`...)
		dst = a.Level.AppendJSON(dst)
		dst = append(dst, `,"level_step":`...)
		dst = value.AppendJSONFloat(dst, a.LevelStep, false)
	}
	if a.Copy != nil { // whose checkpoint at resume_step it begins with
		whole(`,"copy_from":`, int64(a.Copy.Trial))
	}
	return append(dst, '}')
}

// appendDerived appends the derived values that there are.
func appendDerived(dst []byte, a *study.Assignment) []byte {
	dst = append(dst, `,"derived":`...)
	opening := byte('{')
	for k, d := range a.Config.Space().Deriveds() {
		if v := a.Derived[k]; !v.IsAbsent() {
			dst = append(dst, opening)
			dst = value.String(d.Name).AppendJSON(dst)
			dst = append(dst, ':')
			dst = v.AppendJSON(dst)
			opening = ','
		}
	}
	if opening == '{' {
		dst = append(dst, opening)
	}
	return append(dst, '}')
}
