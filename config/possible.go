package config

import (
	"github.com/afina-hpo/afina/study"
)

// byHand is the search algorithm that finds nothing itself.
const byHand = "manual"

// possible notes constraints that nothing satisfies, before a study is made
// that could not begin, and warns of defaults that do not: the study would not
// try them, and have nothing to compare its best with.
func (r *reader) possible(p *params, d *study.Definition) {
	if len(r.list.Found) > 0 || d.Space == nil || len(p.constraints) == 0 {
		return
	}
	if k, err := d.Space.Possible(); err != nil && len(d.Enqueue) == 0 && d.Search.Name != byHand {
		r.bad(pos(p.constraints[k]), "constraints", "", "%v", err)
		return
	}
	if err := d.Space.CheckDefault(); err != nil {
		r.warn(pos(p.constraints[0]), "constraints", "it will not be tried; change the default values or the constraint", "%v", err)
	}
}
