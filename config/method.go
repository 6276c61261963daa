package config

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/afina-hpo/afina/internal/diag"
	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
)

// MaxParallel is the most trials that may run at once.
const MaxParallel = 10_000

// searchAndSchedule reads both and sets the methods up, so that what only
// they know to be wrong is told now. It reports whether a seed was given.
func (r *reader) searchAndSchedule(f *fields, d *study.Definition) (seeded bool) {
	where := methodPlaces{search: pos(f.node), schedule: pos(f.node), stop: pos(f.node)}
	if n := f.vals["stop"]; n != nil {
		where.stop = pos(n)
	}
	if n := f.vals["final"]; n != nil {
		where.final = pos(n)
	}
	if n := f.vals["search"]; n != nil {
		where.search = pos(n)
		seeded = r.search(n, d)
	}
	d.Schedule.Name = r.tables.ScheduleOf(d.Search.Name, d.Fidelity)
	if n := f.vals["schedule"]; n != nil {
		where.schedule = pos(n)
		r.schedule(n, d)
	}
	r.methods(d, where)
	return seeded
}

func (r *reader) search(n *yaml.Node, d *study.Definition) (seeded bool) {
	if n.Kind == yaml.ScalarNode {
		if name, ok := r.text(n, "search"); ok {
			r.searchName(n, "search", name, d)
		}
		return false
	}
	g, ok := r.fields(n, "search", searchKeys, true)
	if !ok {
		return false
	}
	name, node := "", n
	if g.text("algorithm", &name); name != "" {
		node = g.vals["algorithm"]
		r.searchName(node, "search.algorithm", name, d)
	}
	if s := g.vals["seed"]; s != nil {
		if v, ok := r.value(s, "search.seed"); ok {
			i, whole := v.AsInt()
			if !whole || i < 0 {
				r.bad(pos(s), "search.seed", "", "must be a whole number of at least 0, not %s", kindName(s))
			} else {
				d.Seed, seeded = uint64(i), true
			}
		}
	}
	g.whole("parallel", 1, &d.Parallel)
	g.whole("ahead", 0, &d.Ahead)
	r.repeats(g, d)
	if d.Parallel > MaxParallel {
		r.bad(g.at("parallel"), "search.parallel", "", "%d is more than the limit of %d", d.Parallel, MaxParallel)
	}
	if d.Ahead > MaxParallel {
		r.bad(g.at("ahead"), "search.ahead", "", "%d is more than the limit of %d", d.Ahead, MaxParallel)
	}
	for _, e := range g.more {
		path := join("search", e.name)
		method, err := r.tables.Search.Lookup(e.name)
		switch {
		case err != nil:
			known := []string{"algorithm", "seed", "parallel", "ahead", "repeat"}
			hint := diag.Nearest(e.name, append(known, d.Search.Name))
			if hint != "" {
				hint = `did you mean "` + hint + `"?`
			} else {
				hint = fmt.Sprintf("settings stand under the algorithm's name: %s: { %s: … }", d.Search.Name, e.name)
			}
			r.bad(pos(e.key), path, hint, "there is no such key")
		case e.name != d.Search.Name:
			r.bad(pos(e.key), path, "remove them, or write algorithm: "+e.name, "these are settings of %s, but the algorithm is %s", e.name, d.Search.Name)
		case e.val.Kind != yaml.MappingNode:
			r.bad(pos(e.val), path, settingsHint(method.Settings), "must be a mapping of settings, not %s", kindName(e.val))
		default:
			d.Search.Settings = r.settings(r.entries(e.val, path), method.Settings, path)
		}
	}
	return seeded
}

func (r *reader) searchName(n *yaml.Node, path, name string, d *study.Definition) {
	d.Search.Name = name
	if _, err := r.tables.Search.Lookup(name); err != nil {
		r.badLookup(pos(n), path, err)
	}
}

// badLookup notes the error of a table.
func (r *reader) badLookup(at place, path string, err error) {
	if e, ok := err.(*study.Error); ok {
		r.bad(at, path, e.Hint, "%s", e.Message)
		return
	}
	r.bad(at, path, "", "%v", err)
}

func (r *reader) schedule(n *yaml.Node, d *study.Definition) {
	if n.Kind == yaml.ScalarNode {
		if name, ok := r.text(n, "schedule"); ok {
			r.scheduleName(n, "schedule", name, d)
		}
		return
	}
	g, ok := r.fields(n, "schedule", scheduleKeys, true)
	if !ok {
		return
	}
	name := ""
	g.text("algorithm", &name)
	switch {
	case name != "":
		if method, ok := r.scheduleName(g.vals["algorithm"], "schedule.algorithm", name, d); ok {
			d.Schedule.Settings = r.settings(g.more, method.Settings, "schedule")
		}
	case g.keys["algorithm"] == nil:
		var names []string
		for _, m := range r.tables.Schedule {
			names = append(names, m.Name)
		}
		r.bad(pos(n), "schedule", "add algorithm: one of "+strings.Join(names, ", "), "does not say which scheduler")
	}
}

func (r *reader) scheduleName(n *yaml.Node, path, name string, d *study.Definition) (schedule.Method, bool) {
	d.Schedule.Name = name
	method, err := r.tables.Schedule.Lookup(name)
	if err != nil {
		r.badLookup(pos(n), path, err)
	}
	return method, err == nil
}

// settings reads the settings of a method.
func (r *reader) settings(entries []entry, list []setting.Setting, path string) setting.Values {
	vs := make(setting.Values, len(entries))
	where := make(map[string]entry, len(entries))
	for _, e := range entries {
		if v, ok := r.value(e.val, join(path, e.name)); ok {
			vs[e.name], where[e.name] = v, e
		}
	}
	for _, p := range setting.Check(list, vs) {
		e := where[p.Name]
		at, hint := pos(e.val), p.Hint
		if known := lookupSetting(list, p.Name); !known {
			at = pos(e.key)
			if hint == "" {
				hint = settingsHint(list)
			}
		}
		r.bad(at, join(path, p.Name), hint, "%s", p.Message)
	}
	if len(vs) == 0 {
		return nil
	}
	return vs
}

func lookupSetting(list []setting.Setting, name string) bool {
	for _, s := range list {
		if s.Name == name {
			return true
		}
	}
	return false
}

func settingsHint(list []setting.Setting) string {
	if len(list) == 0 {
		return "it has no settings"
	}
	var names []string
	for _, s := range list {
		names = append(names, s.Name)
	}
	return "settings: " + strings.Join(names, ", ")
}

// methodPlaces is where the choice of methods stands, and the stop rules that
// not all of them can follow.
type methodPlaces struct{ search, schedule, stop, final place }

// methods sets both methods up for the definition, unless something else is
// wrong already: they may complain of what follows from that.
func (r *reader) methods(d *study.Definition, where methodPlaces) {
	if len(r.list.Found) > 0 {
		return
	}
	search, err := r.tables.Search.Lookup(d.Search.Name)
	if err != nil {
		r.badLookup(where.search, "search", err)
	} else if search.New != nil {
		p := suggest.Problem{Objectives: len(d.Objectives), Parallel: d.Parallel, Trials: d.Stop.Trials}
		if s, err := search.New(p, d.Search.Settings); err != nil {
			r.badLookup(where.search, "search", err)
		} else if err := suggest.CheckStop(d, s); err != nil {
			r.badLookup(where.stop, "stop", err)
		} else {
			r.repeatable(where.search, d, s)
		}
	}
	sched, err := r.tables.Schedule.Lookup(d.Schedule.Name)
	if err != nil {
		r.badLookup(where.schedule, "schedule", err)
	} else if sched.New != nil {
		p := schedule.Problem{Space: d.Space, Objectives: d.Objectives, Fidelity: d.Fidelity, Parallel: d.Parallel, Trials: d.Stop.Trials, Seed: d.Seed}
		if _, err := sched.New(p, d.Schedule.Settings); err != nil {
			r.badLookup(where.schedule, "schedule", err)
		} else if err := schedule.CheckFinal(d, sched); err != nil {
			r.badLookup(where.final, "final", err)
		}
	}
}
