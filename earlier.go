package afina

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/afina-hpo/afina/store"
	"github.com/afina-hpo/afina/store/sqlite"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest/warm"
)

// WarmStart has a new study learn from earlier ones, each named by the file of
// its [Store], with #NAME behind it where that holds several, or by a list of
// results that afina export wrote (.csv, .jsonl): their best configurations are among the first that are tried, and the default search
// expects good values where they had them, as far as this study's own trials
// bear that out. What is common goes by name: parameters, and the objective,
// which must have the same direction.
//
// Earlier studies are read once, when the study is made; what becomes of them
// later changes nothing. See [WarmStartFrom] for a study that is open.
func WarmStart(studies ...string) Option {
	return func(o *options) {
		for _, ref := range studies {
			if strings.TrimSpace(ref) == "" {
				o.refuse("start warm: an earlier study has no name")
				continue
			}
			o.earlier(ref, func(ctx context.Context, def *study.Definition) (study.Earlier, error) {
				return readEarlier(ctx, ref, def)
			})
		}
	}
}

// WarmStartFrom is [WarmStart] for a study that is open in this program, or was
// and has been closed.
func WarmStartFrom(s *Study) Option {
	return func(o *options) {
		if s == nil {
			o.refuse("start warm: the earlier study is nil")
			return
		}
		o.earlier(s.def.Name, func(_ context.Context, def *study.Definition) (study.Earlier, error) {
			return warm.Take(s.def, s.view().History, def)
		})
	}
}

// source copies of an earlier study what another can learn from.
type source func(context.Context, *study.Definition) (study.Earlier, error)

func (o *options) earlier(ref string, from source) {
	o.def.WarmStart = append(o.def.WarmStart, ref)
	o.sources = append(o.sources, from)
	if len(o.sources) == warm.Most+1 {
		o.refuse("start warm from more than %d earlier studies: keep those most like this one", warm.Most)
	}
}

// readEarlier copies of the study in a file what def can learn from.
func readEarlier(ctx context.Context, ref string, def *study.Definition) (study.Earlier, error) {
	path, name := ref, ""
	if i := strings.LastIndexByte(ref, '#'); i > 0 {
		path, name = ref[:i], ref[i+1:]
	}
	if _, err := os.Stat(path); err != nil {
		return study.Earlier{}, study.Errorf(study.NotFound, "give the path that Store was given", "there is no study in %s: %v", path, err)
	}
	if warm.IsList(path) {
		text, err := os.ReadFile(path)
		if err != nil {
			return study.Earlier{}, study.Errorf(study.Invalid, "", "read the list of results: %v", err)
		}
		return warm.ReadList(filepath.Base(path), text, def)
	}
	s, err := sqlite.OpenReadOnly(ctx, path, sqlite.Options{})
	if err != nil {
		return study.Earlier{}, err
	}
	log, err := loadEarlier(ctx, s, path, name)
	if err = errors.Join(err, s.Close()); err != nil {
		return study.Earlier{}, err
	}
	return warm.Take(log.Def, log.Book.History(), def)
}

func loadEarlier(ctx context.Context, s store.Store, path, name string) (*study.Log, error) {
	list, err := s.Studies(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, found := range list {
		if found.Name == name || name == "" && len(list) == 1 {
			return s.Load(ctx, found.ID)
		}
		names = append(names, found.Name)
	}
	if name == "" && len(list) > 1 {
		return nil, study.Errorf(study.Invalid, "say which, as in "+path+"#"+names[0], "%s holds several studies: %s", path, strings.Join(names, ", "))
	}
	return nil, study.Errorf(study.NotFound, "", "%s holds no study %q", path, name)
}

// take copies what the earlier studies hold into the definition.
func (s *Study) take(ctx context.Context) error {
	s.def.Earlier = nil
	for i, from := range s.sources {
		e, err := from(ctx, s.def)
		if err != nil {
			return fmt.Errorf("start warm from %q: %w", s.def.WarmStart[i], err)
		}
		s.def.Earlier = append(s.def.Earlier, e)
	}
	return nil
}
