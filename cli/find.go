package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/afina-hpo/afina/config"
	"github.com/afina-hpo/afina/internal/diag"
	"github.com/afina-hpo/afina/internal/home"
	"github.com/afina-hpo/afina/store"
	"github.com/afina-hpo/afina/study"
)

// tables is what study files are checked against.
func (x *app) tables() config.Tables {
	return config.Tables{
		Search: x.Search, Schedule: x.Schedule,
		DefaultSearch: x.DefaultSearch, DefaultSchedule: x.DefaultSchedule, FidelitySchedule: x.FidelitySchedule,
	}
}

// lookupEnv finds a variable of the environment.
func (x *app) lookupEnv(name string) (string, bool) {
	for i := len(x.Environ) - 1; i >= 0; i-- {
		if rest, ok := strings.CutPrefix(x.Environ[i], name+"="); ok {
			return rest, true
		}
	}
	return "", false
}

func isStudyFile(ref string) bool {
	switch strings.ToLower(filepath.Ext(ref)) {
	case ".yaml", ".yml":
		return true
	}
	return false
}

// find returns the home of the study that ref names: a study file, a folder, a
// database file, a name below ./.afina, or nothing where there is only one
// study to mean.
func (x *app) find(ref string) (home.Home, error) {
	if ref == "" {
		return x.onlyStudy()
	}
	if isStudyFile(ref) {
		got, err := config.Load(ref, x.tables(), x.lookupEnv)
		if err != nil {
			return home.Home{}, err
		}
		h := home.At(filepath.Dir(ref), got.Definition.Name)
		if !exists(h.DB()) {
			return home.Home{}, study.Errorf(study.NotFound, "start it with: afina run "+ref, "study %q has not been run yet", got.Definition.Name)
		}
		return h, nil
	}
	if info, err := os.Stat(ref); err == nil {
		if !info.IsDir() {
			return home.OfStore(ref), nil
		}
		if h := (home.Home{Dir: ref}); exists(h.DB()) {
			return h, nil
		}
	}
	if h := home.At(".", ref); exists(h.DB()) {
		return h, nil
	}
	return home.Home{}, study.Errorf(study.NotFound, diag.DidYouMean(ref, studyNames(".")), "there is no study %q: no such file, and none of that name below ./%s", ref, home.Root)
}

// onlyStudy returns the one study below ./.afina.
func (x *app) onlyStudy() (home.Home, error) {
	names := studyNames(".")
	switch len(names) {
	case 0:
		return home.Home{}, study.Errorf(study.NotFound, "name a study file, a folder or a database, or start one with: afina run study.yaml", "there is no study below ./%s", home.Root)
	case 1:
		return home.At(".", names[0]), nil
	}
	return home.Home{}, study.Errorf(study.Invalid, "say which: "+strings.Join(names, ", "), "there are %d studies below ./%s", len(names), home.Root)
}

// studyNames lists the studies below dir.
func studyNames(dir string) []string {
	found, err := filepath.Glob(filepath.Join(dir, home.Root, "*", "study.db"))
	if err != nil { // the pattern is ours, and right
		return nil
	}
	names := make([]string, len(found))
	for i, f := range found {
		names[i] = filepath.Base(filepath.Dir(f))
	}
	return names
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// db returns the database file of h, which may have been named itself.
func db(h home.Home, ref string) string {
	if info, err := os.Stat(ref); err == nil && !info.IsDir() && !isStudyFile(ref) {
		return ref
	}
	return h.DB()
}

// load reads the study that ref names.
func (x *app) load(ctx context.Context, ref string) (*study.Log, home.Home, error) {
	h, err := x.find(ref)
	if err != nil {
		return nil, h, err
	}
	s, err := x.ReadStore(ctx, db(h, ref))
	if err != nil {
		return nil, h, err
	}
	log, err := loadOnly(ctx, s)
	return log, h, errors.Join(err, s.Close())
}

// loadOnly loads the study of a store that holds one.
func loadOnly(ctx context.Context, s store.Store) (*study.Log, error) { return loadNamed(ctx, s, "") }

// loadNamed loads the study called name, with "" the newest.
func loadNamed(ctx context.Context, s store.Store, name string) (*study.Log, error) {
	list, err := s.Studies(ctx)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, study.Errorf(study.NotFound, "", "the database holds no study")
	}
	names := make([]string, len(list))
	for i, found := range list {
		if names[i] = found.Name; found.Name == name {
			return s.Load(ctx, found.ID)
		}
	}
	if name != "" {
		return nil, study.Errorf(study.NotFound, diag.DidYouMean(name, names), "the database holds no study %q", name)
	}
	return s.Load(ctx, list[len(list)-1].ID)
}

// trialNumber reads the number of a trial of h from an argument; "best" would
// be a number too, but is a command.
func trialNumber(log *study.Log, arg string) (*study.Trial, error) {
	var n int
	if _, err := fmt.Sscanf(strings.TrimPrefix(arg, "#"), "%d", &n); err != nil || fmt.Sprint(n) != strings.TrimPrefix(arg, "#") {
		return nil, study.Errorf(study.Invalid, "a trial is named by its number, such as 17", "%q is no trial number", arg)
	}
	t := log.Book.Trial(n)
	if t == nil {
		return nil, study.Errorf(study.NotFound, "afina ls lists them", "there is no trial %d; the study has %d", n, log.Book.Len())
	}
	return t, nil
}

// nearby returns path as seen from the working directory where it lies below
// it, which is what people can read and type.
func nearby(path string) string {
	here, err := os.Getwd()
	if err != nil {
		return path
	}
	rel, err := filepath.Rel(here, path)
	if err != nil || !filepath.IsLocal(rel) {
		return path
	}
	return rel
}

// loadTrial loads what the arguments [STUDY] N of a command name.
func (x *app) loadTrial(ctx context.Context, args []string) (*study.Log, home.Home, *study.Trial, error) {
	ref := ""
	if len(args) == 2 {
		ref = args[0]
	}
	log, h, err := x.load(ctx, ref)
	if err != nil {
		return nil, h, nil, err
	}
	t, err := trialNumber(log, args[len(args)-1])
	return log, h, t, err
}
