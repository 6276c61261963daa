package afina

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/afina-hpo/afina/store"
	"github.com/afina-hpo/afina/store/sqlite"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest/warm"
)

// WarmStart has a new study learn from earlier ones, each named by the file of
// its [Store], with #NAME behind it where that holds several: their best
// configurations are among the first that are tried, and the default search
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
			o.earlier(ref, func(ctx context.Context) (*study.Definition, *study.History, error) { return readEarlier(ctx, ref) })
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
		o.earlier(s.def.Name, func(context.Context) (*study.Definition, *study.History, error) {
			return s.def, s.view().History, nil
		})
	}
}

// source reads an earlier study.
type source func(context.Context) (*study.Definition, *study.History, error)

func (o *options) earlier(ref string, from source) {
	o.def.WarmStart = append(o.def.WarmStart, ref)
	o.sources = append(o.sources, from)
	if len(o.sources) == warm.Most+1 {
		o.refuse("start warm from more than %d earlier studies: keep those most like this one", warm.Most)
	}
}

// readEarlier reads the study in a file.
func readEarlier(ctx context.Context, ref string) (*study.Definition, *study.History, error) {
	path, name := ref, ""
	if i := strings.LastIndexByte(ref, '#'); i > 0 {
		path, name = ref[:i], ref[i+1:]
	}
	if _, err := os.Stat(path); err != nil {
		return nil, nil, study.Errorf(study.NotFound, "give the path that Store was given", "there is no study in %s: %v", path, err)
	}
	s, err := sqlite.OpenReadOnly(ctx, path, sqlite.Options{})
	if err != nil {
		return nil, nil, err
	}
	log, err := loadEarlier(ctx, s, path, name)
	if err = errors.Join(err, s.Close()); err != nil {
		return nil, nil, err
	}
	return log.Def, log.Book.History(), nil
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
		old, h, err := from(ctx)
		if err == nil {
			var e study.Earlier
			if e, err = warm.Take(old, h, s.def); err == nil {
				s.def.Earlier = append(s.def.Earlier, e)
				continue
			}
		}
		return fmt.Errorf("start warm from %q: %w", s.def.WarmStart[i], err)
	}
	return nil
}
