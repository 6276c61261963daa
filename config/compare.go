package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
)

// Compare says how a study as it was started (old) and as it is described now
// (new) differ, in words, part by part. Blocking differences make old results
// mean something else or break the promise that the same seed and history give
// the same suggestions: such a study cannot go on under the new description.
// Allowed ones take effect when it does. ID, name, source and folder are not
// compared.
//
// Where the new description gives no seed ([Result.SeedGiven] is false), give
// it the old one first.
func Compare(old, new *study.Definition) (blocking, allowed []string) {
	blocking = append(blocking, compareSpaces(old.Space, new.Space)...)
	differ := func(to *[]string, what string, a, b any) {
		if x, y := compact(a), compact(b); x != y {
			*to = append(*to, fmt.Sprintf("%s: was %s, is %s", what, x, y))
		}
	}
	differ(&blocking, "objectives", old.Objectives, new.Objectives)
	differ(&blocking, "constraints on metrics", old.Outcomes, new.Outcomes)
	differ(&blocking, "fidelity", old.Fidelity, new.Fidelity)
	differ(&blocking, "search", old.Search, new.Search)
	differ(&blocking, "warm_start", old.WarmStart, new.WarmStart)
	differ(&blocking, "schedule", old.Schedule, new.Schedule)
	differ(&blocking, "seed", old.Seed, new.Seed)

	differ(&allowed, "parallel", old.Parallel, new.Parallel)
	differ(&allowed, "ahead", old.Ahead, new.Ahead)
	differ(&allowed, "repeat", old.Repeat, new.Repeat)
	differ(&allowed, "enqueue", old.Enqueue, new.Enqueue)
	differ(&allowed, "fix", old.Fix, new.Fix)
	differ(&allowed, "cost", old.Cost, new.Cost)
	differ(&allowed, "final", old.Final, new.Final)
	differ(&allowed, "stop", old.Stop, new.Stop)
	differ(&allowed, "retry", old.Retry, new.Retry)
	differ(&allowed, "command", old.Command, new.Command)
	differ(&allowed, "resources", old.Resources, new.Resources)
	differ(&allowed, "report", old.Report, new.Report)
	return blocking, allowed
}

// compact returns v as JSON without quotes, short enough for a message.
func compact(v any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Sprintf("%+v", v)
	}
	switch s := strings.TrimSpace(b.String()); s {
	case "null", "[]", "{}":
		return "none"
	default:
		return s
	}
}

// compareSpaces names the parameters, constraints and derived values that
// differ.
func compareSpaces(a, b *space.Space) []string {
	var found []string
	for i := range a.Params() {
		p := a.Param(i)
		j := b.Lookup(p.Name)
		if j < 0 {
			found = append(found, fmt.Sprintf("parameter %s is gone", p.Name))
			continue
		}
		if x, y := Describe(p), Describe(b.Param(j)); x != y {
			found = append(found, fmt.Sprintf("parameter %s: was %s, is %s", p.Name, x, y))
		}
	}
	for j := range b.Params() {
		if name := b.Param(j).Name; a.Lookup(name) < 0 {
			found = append(found, fmt.Sprintf("parameter %s is new", name))
		}
	}
	if len(found) == 0 {
		for i := range a.Params() {
			if a.Param(i).Name != b.Param(i).Name {
				found = append(found, "the parameters stand in another order")
				break
			}
		}
	}
	var was, is []string
	for _, c := range a.Spec().Constraints {
		was = append(was, c.Source())
	}
	for _, c := range b.Spec().Constraints {
		is = append(is, c.Source())
	}
	if !slices.Equal(was, is) {
		found = append(found, fmt.Sprintf("constraints: was %s, is %s", compact(was), compact(is)))
	}
	was, is = nil, nil
	for _, d := range a.Deriveds() {
		was = append(was, d.Name+" = "+d.Expr.Source())
	}
	for _, d := range b.Deriveds() {
		is = append(is, d.Name+" = "+d.Expr.Source())
	}
	if !slices.Equal(was, is) {
		found = append(found, fmt.Sprintf("derived: was %s, is %s", compact(was), compact(is)))
	}
	return found
}

// Describe writes a parameter in about the words of a study file.
func Describe(p *space.Param) string {
	var b strings.Builder
	b.WriteString(p.Kind.String())
	values := func(vs []space.Value) string {
		texts := make([]string, len(vs))
		for i, v := range vs {
			texts[i] = v.String()
		}
		return "[" + strings.Join(texts, ", ") + "]"
	}
	switch {
	case p.IsNumeric():
		fmt.Fprintf(&b, " [%s, %s]", value.FormatFloat(p.Low), value.FormatFloat(p.High))
		if p.Scale != space.Linear {
			b.WriteString(" " + p.Scale.String())
		}
		if p.Step > 0 {
			b.WriteString(" step " + value.FormatFloat(p.Step))
		}
		if p.Prior != space.Uniform {
			fmt.Fprintf(&b, " %s [%s, %s]", p.Prior, value.FormatFloat(p.Mean), value.FormatFloat(p.SD))
		}
	case p.Kind == space.Choice:
		if p.Ordered {
			b.WriteString(" ordered")
		}
		b.WriteString(" " + values(p.Choices))
		if p.Weights != nil {
			b.WriteString(" weights " + compact(p.Weights))
		}
	}
	if p.Context {
		b.WriteString(" context")
	}
	if !p.Default.IsAbsent() {
		b.WriteString(" default " + p.Default.String())
	}
	for _, branch := range p.Branches {
		b.WriteString(" under " + branch.Parent + " = " + values(branch.Values))
	}
	if p.If != nil {
		b.WriteString(" if " + p.If.Source())
	}
	return b.String()
}
