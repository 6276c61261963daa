package config

import (
	"slices"

	"go.yaml.in/yaml/v4"

	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest/warm"
)

// warmStart reads the names of the earlier studies. What they name is looked
// for by who makes the study: this package reads nothing but the file.
func (r *reader) warmStart(f *fields, d *study.Definition) {
	n := f.vals["warm_start"]
	if n == nil {
		return
	}
	items := []*yaml.Node{n}
	if n.Kind != yaml.ScalarNode {
		var ok bool
		if items, ok = r.listOf(n, "warm_start", "write warm_start: [ other-study ]"); !ok {
			return
		}
	}
	for i, item := range items {
		path := "warm_start"
		if n.Kind != yaml.ScalarNode {
			path = index(path, i)
		}
		name, ok := r.text(item, path)
		switch {
		case !ok:
		case slices.Contains(d.WarmStart, name):
			r.bad(pos(item), path, "name each study once", "%q is named twice", clip(name))
		default:
			d.WarmStart = append(d.WarmStart, name)
		}
	}
	if len(d.WarmStart) > warm.Most {
		r.bad(pos(n), "warm_start", "keep those most like this study", "%d earlier studies are more than the limit of %d", len(d.WarmStart), warm.Most)
	}
}
