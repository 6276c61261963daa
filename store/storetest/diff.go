package storetest

import (
	"encoding/json"
	"fmt"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
)

// options compare everything that is stored: moments as moments, NaN as equal
// to NaN, nil as different from empty.
var options = cmp.Options{
	cmpopts.EquateNaNs(),
	cmp.Comparer(func(a, b space.Config) bool { return a.IsZero() == b.IsZero() && a.Equal(b) }),
	cmp.Comparer(func(a, b *space.Space) bool { return spaceText(a) == spaceText(b) }),
	cmp.Comparer(func(a, b *study.Definition) bool { return mustJSON(a) == mustJSON(b) }),
}

func spaceText(s *space.Space) string {
	if s == nil {
		return ""
	}
	return mustJSON(s)
}

func mustJSON(x any) string {
	b, err := json.Marshal(x)
	if err != nil {
		return "cannot be written: " + err.Error()
	}
	return string(b)
}

// picture is a log in a form that can be compared.
type picture struct {
	Definition  string
	Space       string
	Seq         int64
	Status      study.Status
	Reason      string
	Spent       string
	Trials      []*study.Trial
	Ended, Open []int
}

func pictureOf(l *study.Log) picture {
	h := l.Book.History()
	p := picture{
		Definition: mustJSON(l.Def), Space: spaceText(l.Book.Space), Seq: l.Seq,
		Status: l.Status, Reason: l.Reason, Spent: l.Spent.String(),
	}
	for t := range h.All() {
		p.Trials = append(p.Trials, t)
	}
	for i := range h.EndedLen() {
		p.Ended = append(p.Ended, h.Ended(i).Number)
	}
	for t := range h.Open() {
		p.Open = append(p.Open, t.Number)
	}
	return p
}

// DiffLogs returns how two logs differ, "" where they do not. Everything
// counts, the order in which trials ended included.
func DiffLogs(want, got *study.Log) string {
	return cmp.Diff(pictureOf(want), pictureOf(got), options)
}

// diffEvents compares events without their numbers.
func diffEvents(want, got []*study.Event) string {
	if len(want) == 0 && len(got) == 0 {
		return ""
	}
	if len(want) != len(got) {
		return fmt.Sprintf("%d events instead of %d", len(got), len(want))
	}
	return cmp.Diff(want, got, options, cmpopts.IgnoreFields(study.Event{}, "Seq"))
}
