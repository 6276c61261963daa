package warm

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
)

// MaxList is the size of the largest list of results that is read, in bytes.
const MaxList = 64 << 20

// IsList reports whether a file of this name holds a list of results rather
// than a study.
func IsList(path string) bool {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".csv", ".jsonl", ".ndjson":
		return true
	}
	return false
}

// ReadList copies from a list of results what a study described by def can
// learn from. The list is what afina export writes, as JSON lines or as CSV, or
// a table from elsewhere: a column for each parameter and objective, under its
// name. As it does not say whether small or large is good, it is taken to mean
// the same as def. Rows of trials that have not completed are left out, values
// that are no numbers too. The error names the line.
func ReadList(name string, text []byte, def *study.Definition) (study.Earlier, error) {
	e := study.Earlier{Name: name}
	bad := func(format string, args ...any) (study.Earlier, error) {
		return e, study.Errorf(study.Invalid, "give what afina export writes, or a table with a column for each parameter and objective", "the list of results %s: %s", name, fmt.Sprintf(format, args...))
	}
	if len(text) > MaxList {
		return bad("it is larger than %d MiB", MaxList>>20)
	}
	read := readTable
	if trimmed := bytes.TrimLeft(text, " \t\r\n"); len(trimmed) > 0 && trimmed[0] == '{' {
		read = readLines
	}
	rows, err := read(text, def)
	if err != nil {
		return bad("%v", err)
	}
	var goals []study.Goal
	for _, o := range def.Objectives {
		if slices.ContainsFunc(rows, func(r result) bool { _, ok := r.values[o.Metric]; return ok }) {
			e.Metrics, goals = append(e.Metrics, o.Metric), append(goals, o.Goal)
		}
	}
	if len(e.Metrics) == 0 {
		return bad("it has no value of %s", metrics(def.Objectives))
	}
	common := map[string]bool{}
	for _, r := range rows {
		for name := range r.params {
			if def.Space.Open() || def.Space.Lookup(name) >= 0 {
				common[name] = true
			}
		}
	}
	e.Params = slices.Sorted(maps.Keys(common))
	if len(e.Params) == 0 {
		return bad("it has no parameter in common with this study")
	}
	e.Total = len(rows)
	for i, r := range rows {
		t := study.EarlierTrial{Number: i, Pruned: r.pruned, Params: map[string]space.Value{}}
		if r.number >= 0 {
			t.Number = r.number
		}
		for _, m := range e.Metrics {
			if v, ok := r.values[m]; ok && !math.IsNaN(v) && !math.IsInf(v, 0) {
				t.Values = append(t.Values, v)
			}
		}
		for name, v := range r.params {
			if common[name] {
				t.Params[name] = v
			}
		}
		if !r.left && len(t.Values) == len(e.Metrics) {
			e.Trials = append(e.Trials, t)
		}
	}
	return finish(e, def, goals)
}

// result is a row of a list.
type result struct {
	number int // -1: it says none
	pruned bool
	left   bool // it is no example
	params map[string]space.Value
	values map[string]float64
}

// state notes in which state a trial of the list is.
func (r *result) state(s string) {
	r.pruned = s == string(study.Pruned)
	r.left = s != "" && !r.pruned && s != string(study.Complete)
}

// readLines reads JSON lines as afina export writes them.
func readLines(text []byte, _ *study.Definition) ([]result, error) {
	var rows []result
	for n, line := range bytes.Split(text, []byte("\n")) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var in struct {
			Number   *int                   `json:"number"`
			State    string                 `json:"state"`
			Params   map[string]space.Value `json:"params"`
			Values   map[string]any         `json:"values"`
			Feasible *bool                  `json:"feasible"`
		}
		if err := json.Unmarshal(line, &in); err != nil {
			return nil, fmt.Errorf("line %d: %w", n+1, err)
		}
		r := result{number: -1, params: in.Params, values: map[string]float64{}}
		r.state(in.State)
		r.left = r.left || in.Feasible != nil && !*in.Feasible
		if in.Number != nil {
			r.number = *in.Number
		}
		for name, v := range in.Values {
			if x, ok := v.(float64); ok { // what is not finite is a text
				r.values[name] = x
			}
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// readTable reads CSV. A column called param:NAME, or else NAME, is that of the
// parameter.
func readTable(text []byte, def *study.Definition) ([]result, error) {
	in := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\uFEFF"))))
	head, err := in.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("it is empty")
	}
	if err != nil {
		return nil, err
	}
	metric := map[string]bool{}
	for _, o := range def.Objectives {
		metric[o.Metric] = true
	}
	var rows []result
	for {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, err // it names the line
		}
		r := result{number: -1, params: map[string]space.Value{}, values: map[string]float64{}}
		for i, cell := range cells {
			name, said := strings.CutPrefix(head[i], "param:")
			cell = strings.TrimSpace(cell)
			switch {
			case cell == "":
			case !said && name == "number":
				if n, err := strconv.Atoi(cell); err == nil && n >= 0 {
					r.number = n
				}
			case !said && name == "state":
				r.state(cell)
			case !said && metric[name]:
				if x, err := strconv.ParseFloat(cell, 64); err == nil {
					r.values[name] = x
				}
			case said || def.Space.Lookup(name) >= 0:
				r.params[name] = cellValue(cell, def.Space, name)
			}
		}
		rows = append(rows, r)
	}
}

// cellValue returns what a cell means: what the parameter of that name can
// take, or else a number, a truth value or a text.
func cellValue(cell string, s *space.Space, name string) space.Value {
	readings := []space.Value{value.String(cell)}
	if v, err := value.ParseJSON([]byte(cell)); err == nil {
		readings = []space.Value{v, value.String(cell)}
	}
	if i := s.Lookup(name); i >= 0 {
		for _, v := range readings {
			if _, ok := fit(s.Param(i), v); ok {
				return v
			}
		}
	}
	return readings[0]
}
