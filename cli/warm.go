package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/afina-hpo/afina/internal/home"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest/warm"
)

// warmed adds the earlier studies that the command line names to those of the
// study file.
func warmed(def *study.Definition, names []string) error {
	for _, name := range names {
		if strings.TrimSpace(name) == "" {
			return usageError{study.Errorf(study.Invalid, "name a study, its file, folder or database", "--warm-start names no study")}
		}
		if !slices.Contains(def.WarmStart, name) {
			def.WarmStart = append(def.WarmStart, name)
		}
	}
	if len(def.WarmStart) > warm.Most {
		return usageError{study.Errorf(study.Invalid, "keep those most like this study", "%d earlier studies are more than the limit of %d", len(def.WarmStart), warm.Most)}
	}
	return nil
}

// takeEarlier copies into def what the earlier studies that it names hold now.
func (x *app) takeEarlier(ctx context.Context, def *study.Definition) error {
	def.Earlier = nil
	for _, ref := range def.WarmStart {
		e, err := x.earlier(ctx, def, ref)
		if err != nil {
			return &study.Error{Code: study.CodeOf(err), Message: fmt.Sprintf("warm_start %q", ref), Err: err}
		}
		def.Earlier = append(def.Earlier, e)
	}
	return nil
}

// earlier reads the study, or the list of results, that ref names, as seen from
// def's folder or else from the working directory. With #NAME behind a database
// it is the study of that name in it.
func (x *app) earlier(ctx context.Context, def *study.Definition, ref string) (study.Earlier, error) {
	path, name := ref, ""
	if i := strings.LastIndexByte(ref, '#'); i > 0 {
		path, name = ref[:i], ref[i+1:]
	}
	if !filepath.IsAbs(path) && def.Dir != "" {
		if full := filepath.Join(def.Dir, path); exists(full) {
			path = full
		} else if h := home.At(def.Dir, path); exists(h.DB()) {
			path = h.Dir
		}
	}
	if warm.IsList(path) && exists(path) {
		text, err := os.ReadFile(path)
		if err != nil {
			return study.Earlier{}, study.Errorf(study.Invalid, "", "read the list of results: %v", err)
		}
		return warm.ReadList(filepath.Base(path), text, def)
	}
	itself := study.Errorf(study.Invalid, "leave it out: a study knows its own trials; one that --new has put aside goes by its new folder", "the study cannot start warm from itself")
	h, err := x.find(path)
	if err != nil {
		if name == "" && path == def.Name {
			return study.Earlier{}, itself // and nothing of it is there yet
		}
		return study.Earlier{}, err
	}
	if name == "" && home.Absolute(db(h, path)) == home.Absolute(home.At(def.Dir, def.Name).DB()) {
		return study.Earlier{}, itself
	}
	s, err := x.ReadStore(ctx, db(h, path))
	if err != nil {
		return study.Earlier{}, err
	}
	log, err := loadNamed(ctx, s, name)
	if err = errors.Join(err, s.Close()); err != nil {
		return study.Earlier{}, err
	}
	return warm.Take(log.Def, log.Book.History(), def)
}

// learnedFrom says what of e is learned from, for people.
func learnedFrom(e *study.Earlier, def *study.Definition) string {
	text := plural(len(e.Trials), "trial")
	if e.Total > len(e.Trials) {
		text += fmt.Sprintf(" of %d", e.Total)
	}
	if n := def.Space.Len(); n > 0 {
		text += fmt.Sprintf(", %d of %s", len(e.Params), plural(n, "parameter"))
	} else {
		text += ", " + plural(len(e.Params), "parameter")
	}
	if len(e.Metrics) < len(def.Objectives) {
		text += ", " + strings.Join(e.Metrics, ", ") + " only"
	}
	return text
}

// earlierTrial says which trial of an earlier study a configuration is.
func earlierTrial(def *study.Definition, name string, number int) string {
	text := fmt.Sprintf("trial %d of the earlier study %s", number, clean(name))
	for _, e := range def.Earlier {
		for _, t := range e.Trials {
			if e.Name != name || t.Number != number {
				continue
			}
			var parts []string
			for k, m := range e.Metrics {
				parts = append(parts, m+" "+short(t.Values[k]))
			}
			return text + ", which had " + strings.Join(parts, ", ")
		}
	}
	return text
}
