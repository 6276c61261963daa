package cli

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/afina-hpo/afina/analyze"
	"github.com/afina-hpo/afina/config"
	"github.com/afina-hpo/afina/internal/home"
	"github.com/afina-hpo/afina/internal/present"
	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/worker"
)

// runFlags is what afina run can be told beside the study file.
type runFlags struct {
	file     string // the study file, "" of a study without one
	fresh    bool
	store    string
	name     string
	metrics  []string
	maximize bool
	fidelity string
	folds    string
	trials   int
	time     time.Duration
	parallel int
	search   string
	schedule string
	replay   string // a file with a schedule of values
	warm     []string
	seed     uint64
	target   float64
	fix      []string
	quiet    bool
	verbose  bool
}

func (x *app) runCommand() *cobra.Command {
	var f runFlags
	c := &cobra.Command{
		Use:   "run STUDY.yaml | run [flags] -- COMMAND …",
		Short: "Tune a program on this machine; the same command again goes on",
		Long: `Tune a program: try configurations on this machine until the budget is spent.

Either a study file says everything, or the command line does: each placeholder
{name:distribution} in the command is a parameter.

  float(a,b)  log(a,b)  int(a,b)  int(a,b,log)  choice(a,b,…)  bool()
  with default=… as a last word: {lr:log(1e-5,1e-1,default=1e-3)}

Metrics are read from what the program prints. The same command again resumes a
study that was interrupted, or killed; --new starts over and keeps the old one
beside it. Ctrl-C lets running trials finish; twice ends them.

Exit status: 0 the study has ended and there is a best configuration; 2 the
study file or command line is wrong; 3 the study was stopped because the program
does not work, or no trial completed; 5 another process runs the study; 130
interrupted.`,
		Example: `  afina run study.yaml
  afina run --metric val_loss -- python train.py --lr '{lr:log(1e-5,1e-1)}' --layers '{layers:int(1,6)}'`,
		RunE: func(c *cobra.Command, args []string) error {
			if c.ArgsLenAtDash() < 0 && len(args) == 1 {
				f.file = args[0]
			}
			got, err := x.describe(c, args, f)
			if err != nil {
				return err
			}
			return x.run(c.Context(), got, f)
		},
	}
	fl := c.Flags()
	fl.BoolVar(&f.fresh, "new", false, "start over; the old study is kept beside the new one")
	fl.StringVar(&f.store, "store", "", "database file to keep the study in (default: .afina/NAME/study.db beside the study file)")
	fl.StringVar(&f.name, "name", "", "name of the study")
	fl.StringArrayVar(&f.metrics, "metric", nil, "metric to tune, of a study without a file; repeat for several")
	fl.BoolVar(&f.maximize, "maximize", false, "make the metrics large instead of small")
	fl.StringVar(&f.folds, "folds", "", "`N` or A..B, the folds of a cross-validation, of a study without a file")
	fl.StringVar(&f.fidelity, "fidelity", "", "`MAX` or MIN:MAX, the steps of a whole training and the least that tell anything, of a study without a file")
	fl.IntVarP(&f.trials, "trials", "n", 0, "end after so many trials")
	fl.Var(durationFlag{&f.time}, "time", "end after so much time, such as 30m or 2d")
	fl.IntVarP(&f.parallel, "parallel", "j", 0, "trials at once")
	fl.StringVar(&f.search, "search", "", "search algorithm")
	fl.StringVar(&f.schedule, "schedule", "", "scheduler")
	fl.StringArrayVar(&f.warm, "warm-start", nil, "earlier `STUDY` to learn from; repeat for several")
	fl.StringVar(&f.replay, "replay", "", "run the schedule of values in this file, written by afina export --schedule")
	fl.Uint64Var(&f.seed, "seed", 0, "seed of everything random")
	fl.Float64Var(&f.target, "target", 0, "end when the first objective reaches this value")
	fl.StringArrayVar(&f.fix, "fix", nil, "`NAME=VALUE` that new trials have, while the rest is searched; repeat for several; also a context's value")
	fl.BoolVarP(&f.quiet, "quiet", "q", false, "print the end only")
	fl.BoolVarP(&f.verbose, "verbose", "v", false, "print every trial")
	return c
}

// defaultTrials bounds a study without a file that says no budget at all.
const defaultTrials = 50

// describe makes the study's definition from a file or the command line, with
// the flags applied.
func (x *app) describe(c *cobra.Command, args []string, f runFlags) (*config.Result, error) {
	dash := c.ArgsLenAtDash()
	set := c.Flags().Changed
	var got *config.Result
	var err error
	switch {
	case dash < 0 && len(args) == 1:
		for _, name := range []string{"metric", "maximize"} {
			if set(name) {
				return nil, usageError{study.Errorf(study.Invalid, "write it in the study file, under objectives", "--%s is for a study without a file", name)}
			}
		}
		if got, err = config.Load(args[0], x.tables(), x.lookupEnv); err != nil {
			return nil, err
		}
		if set("folds") {
			return nil, usageError{study.Errorf(study.Invalid, "write fidelity: { folds: … } into "+args[0], "--folds is for a study without a file")}
		}
		if set("fidelity") {
			return nil, usageError{study.Errorf(study.Invalid, "write fidelity: { max: … } into "+args[0], "--fidelity is for a study without a file")}
		}
		if got.Definition.Command == nil {
			return nil, study.Errorf(study.Invalid, "add command: [program, arguments …], or drive it with: afina serve --stdio "+args[0], "%s has no command to run", args[0])
		}
	case dash == 0 && len(args) > 0:
		o := config.LineOptions{Metrics: f.metrics, Maximize: f.maximize}
		o.Folds = f.folds
		if set("fidelity") {
			if o.Fidelity, err = parseFidelity(f.fidelity); err != nil {
				return nil, err
			}
		}
		if got, err = config.ParseLine(args, o, x.tables()); err != nil {
			return nil, err
		}
		if got.Definition.Dir, err = os.Getwd(); err != nil {
			return nil, err
		}
		if !set("trials") && !set("time") && !set("target") {
			got.Definition.Stop.Trials = defaultTrials
		}
	default:
		return nil, usageError{study.Errorf(study.Invalid, "afina run study.yaml, or afina run --metric loss -- program --lr '{lr:log(1e-5,1e-1)}'", "run takes one study file, or -- and a command")}
	}
	def := got.Definition
	if set("name") {
		if !home.ValidName(f.name) {
			return nil, usageError{study.Errorf(study.Invalid, "use letters, digits and any of _ . -", "%q cannot name a study", f.name)}
		}
		def.Name = f.name
	}
	if set("trials") {
		def.Stop.Trials = f.trials
	}
	if set("time") {
		def.Stop.Time = study.Duration(f.time)
	}
	if set("target") {
		if math.IsNaN(f.target) || math.IsInf(f.target, 0) {
			return nil, usageError{study.Errorf(study.Invalid, "give a value that is good enough, such as --target 0.05", "--target %v is no number that can be reached", f.target)}
		}
		def.Stop.Target = &f.target
	}
	if set("parallel") {
		def.Parallel = f.parallel
	}
	x.chooseMethods(got, set, f.search, f.schedule)
	if set("replay") {
		if set("search") || set("schedule") || set("warm-start") {
			return nil, usageError{study.Errorf(study.Invalid, "leave them out", "--replay leaves nothing to --search, --schedule and --warm-start")}
		}
		if err := x.replays(def, f.replay, set("name")); err != nil {
			return nil, err
		}
	}
	if set("warm-start") {
		if err := warmed(def, f.warm); err != nil {
			return nil, err
		}
	}
	if set("seed") {
		def.Seed, got.SeedGiven = f.seed, true
	}
	if err := fixed(def, f.fix); err != nil {
		return nil, err
	}
	if def.Stop.Trials < 0 || def.Stop.Time < 0 || def.Parallel < 1 {
		return nil, usageError{study.Errorf(study.Invalid, "", "--trials, --time and --parallel cannot be negative, and at least 1 trial has to run at once")}
	}
	if err := checkParallel(def.Parallel); err != nil {
		return nil, err
	}
	if _, err := x.Search.Lookup(def.Search.Name); err != nil {
		return nil, err
	}
	if _, err := x.Schedule.Lookup(def.Schedule.Name); err != nil {
		return nil, err
	}
	return got, nil
}

// parseFidelity reads MAX or MIN:MAX; the least is 1 where it is left out.
func parseFidelity(text string) (*study.Fidelity, error) {
	f := &study.Fidelity{Min: 1}
	low, high, two := strings.Cut(text, ":")
	if !two {
		low, high = "1", text
	}
	var errs [2]error
	f.Min, errs[0] = strconv.ParseFloat(low, 64)
	f.Max, errs[1] = strconv.ParseFloat(high, 64)
	if errs[0] != nil || errs[1] != nil || !(f.Min > 0 && f.Min < f.Max) || math.IsInf(f.Max, 0) {
		return nil, usageError{study.Errorf(study.Invalid, "write --fidelity 81 or --fidelity 3:81", "--fidelity %s says no number of steps", text)}
	}
	return f, nil
}

// What runs a schedule of values: a scheduler that makes its own trials, and a
// search that makes none.
const (
	replaySchedule = "replay"
	replaySearch   = "manual"
)

// replays makes def a study of its own that runs the schedule of values in a
// file and nothing else.
func (x *app) replays(def *study.Definition, file string, named bool) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return study.Errorf(study.Invalid, "afina export --schedule STUDY -o "+file+" writes one", "read the schedule: %v", err)
	}
	m, err := x.Schedule.Lookup(replaySchedule)
	if err != nil {
		return err
	}
	def.Search = study.Method{Name: replaySearch}
	def.Schedule = study.Method{Name: m.Name, Settings: setting.Values{"plan": value.String(string(text))}}
	if _, err := m.New(schedule.Problem{Space: def.Space, Objectives: def.Objectives, Fidelity: def.Fidelity, Parallel: def.Parallel}, def.Schedule.Settings); err != nil {
		return err
	}
	// What bounds a search does not bound this, and nothing else is tried.
	def.Stop, def.Enqueue, def.WarmStart = study.Stop{Time: def.Stop.Time, Finish: def.Stop.Finish}, nil, nil
	if !named {
		def.Name += "-" + replaySchedule
	}
	return nil
}

// run opens or makes the study and works on it until it ends.
func (x *app) run(ctx context.Context, got *config.Result, f runFlags) (err error) {
	def := got.Definition
	h := home.At(def.Dir, def.Name)
	path := h.DB()
	if f.store != "" {
		h, path = home.OfStore(f.store), f.store
	}
	if f.store == "" {
		h.Dir = nearby(h.Dir)
		path = h.DB()
	}
	v := x.newViewer(f, h, path)
	for _, w := range got.Warnings {
		v.say("%s", w.Error())
	}
	if f.fresh || !exists(path) {
		// What cannot be read is told before anything is made or moved.
		if err := x.takeEarlier(ctx, def); err != nil {
			return err
		}
	}
	if f.fresh {
		if err := x.unused(ctx, path); err != nil {
			return err
		}
		moved, err := setAside(h, path)
		if err != nil {
			return err
		}
		if moved != "" {
			v.say("the old study is kept as %s", moved)
		}
	}
	if err := h.Ensure(); err != nil {
		return err
	}
	s, err := x.OpenStore(ctx, path, x.allowFS)
	if err != nil {
		return err
	}
	resumed, err := x.enter(ctx, s, got, v)
	if err != nil {
		return errors.Join(err, s.Close())
	}
	return x.pursue(ctx, s, def, resumed, h, v)
}

// pursue works on the study in s until it ends, and closes s.
func (x *app) pursue(ctx context.Context, s Store, def *study.Definition, redefine bool, h home.Home, v *viewer) (err error) {
	launcher, err := x.Launcher(h.Marker())
	if err != nil {
		return errors.Join(err, s.Close())
	}
	defer func() { err = errors.Join(err, launcher.Close()) }()
	w, err := x.openEngine(ctx, s, def, redefine, &h, v.observe)
	if err != nil {
		return errors.Join(err, s.Close())
	}
	err = x.work(ctx, w, worker.Options{
		Name: "local", Queue: w.engine, Launcher: launcher, Definition: def, Home: h,
		Slots: def.Parallel, GPUs: x.gpus(def), Environ: x.Environ, Warn: v.warn,
	}, v)
	return errors.Join(err, w.close())
}

// enter makes the study in the store, or finds it there and checks that it is
// the same. It completes the definition, and reports whether it was there.
func (x *app) enter(ctx context.Context, s Store, got *config.Result, v *viewer) (resumed bool, err error) {
	def := got.Definition
	list, err := s.Studies(ctx)
	if err != nil {
		return false, err
	}
	for _, old := range list {
		if old.Name != def.Name {
			continue
		}
		log, err := s.Load(ctx, old.ID)
		if err != nil {
			return false, err
		}
		def.ID, def.Created = log.Def.ID, log.Def.Created
		if !got.SeedGiven {
			def.Seed = log.Def.Seed
		}
		if diffs, _ := config.Compare(log.Def, def); len(diffs) > 0 {
			return false, study.Errorf(study.Conflict, "undo the change, or start over with --new", "the study %q cannot go on as it is written now:\n  %s", def.Name, strings.Join(diffs, "\n  "))
		}
		v.resuming(log)
		return true, nil
	}
	def.ID, def.Created = newID(), time.Now()
	if !got.SeedGiven {
		def.Seed = randomSeed()
	}
	if len(def.Earlier) < len(def.WarmStart) {
		if err := x.takeEarlier(ctx, def); err != nil {
			return false, err
		}
	}
	v.starting(def)
	return false, s.Create(ctx, def)
}

// work runs trials until the study ends, is interrupted or fails, and prints
// how it came out.
func (x *app) work(ctx context.Context, w *session, o worker.Options, v *viewer) error {
	wk, err := worker.New(o)
	if err != nil {
		return err
	}
	v.slots = wk.Slots()
	done := make(chan error, 1)
	working, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { done <- wk.Run(working) }()
	interrupts := 0
	tick := time.NewTicker(v.every())
	defer tick.Stop()
	for {
		select {
		case <-x.Interrupts:
			interrupts++
			running := v.running(w.engine)
			switch {
			case running == 0: // the setup commands run, or nothing does
				v.say("interrupted; the same command goes on")
				err = w.engine.Stop(ctx, "it was interrupted", true)
				cancel()
			case interrupts == 1:
				v.say("letting %s finish; Ctrl-C again ends them", plural(running, "running trial"))
				err = w.engine.Stop(ctx, "it was interrupted", false)
			case interrupts == 2:
				v.say("ending the running trials; they run again when the study goes on")
				err = w.engine.Stop(ctx, "it was interrupted", true)
			default:
				cancel() // kills what still runs
			}
			if err != nil {
				return errors.Join(err, stopped(cancel, done))
			}
		case <-tick.C:
			if view, err := w.engine.View(ctx); err == nil {
				v.draw(view)
			}
		case err := <-done:
			if err != nil {
				return err
			}
			view, err := w.engine.View(ctx)
			if err != nil {
				return err
			}
			believe := func(c space.Config) (mean, se []float64, ok bool) { return w.engine.Estimate(view.History, c) }
			return x.finish(view, v, believe, interrupts > 0)
		}
	}
}

// stopped ends the worker and waits for it.
func stopped(cancel context.CancelFunc, done <-chan error) error {
	cancel()
	return <-done
}

// setAside moves an old study out of the way and returns where it is now, ""
// where there was none.
func setAside(h home.Home, path string) (string, error) {
	if !exists(path) {
		return "", nil
	}
	for n := 1; ; n++ {
		aside := fmt.Sprintf("%s.old%d", h.Dir, n)
		dbAside := fmt.Sprintf("%s.old%d", path, n)
		if exists(aside) || exists(dbAside) {
			continue
		}
		if filepath.Dir(path) == filepath.Clean(h.Dir) {
			return aside, os.Rename(h.Dir, aside)
		}
		for _, suffix := range []string{"", "-wal", "-shm"} {
			if err := os.Rename(path+suffix, dbAside+suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
				return "", err
			}
		}
		if exists(h.Dir) {
			return dbAside, os.Rename(h.Dir, home.OfStore(dbAside).Dir)
		}
		return dbAside, nil
	}
}

// unused fails where another process has the database file open: a study that
// runs must keep its folder. A file that cannot be opened for another reason
// may be moved.
func (x *app) unused(ctx context.Context, path string) error {
	if !exists(path) {
		return nil
	}
	s, err := x.OpenStore(ctx, path, x.allowFS)
	if err == nil {
		return s.Close()
	}
	if study.CodeOf(err) == study.Conflict {
		return err
	}
	return nil
}

// gpus returns the devices to share out: those that CUDA_VISIBLE_DEVICES
// names, or where it is not set as many as trials need, by index.
func (x *app) gpus(def *study.Definition) []string {
	if list, ok := x.lookupEnv("CUDA_VISIBLE_DEVICES"); ok {
		var ids []string
		for _, id := range strings.Split(list, ",") {
			if id = strings.TrimSpace(id); id != "" {
				ids = append(ids, id)
			}
		}
		return ids
	}
	found, err := filepath.Glob("/dev/nvidia[0-9]*")
	if err != nil { // the pattern is ours, and right
		return nil
	}
	ids := make([]string, len(found))
	for i := range found {
		ids[i] = fmt.Sprint(i)
	}
	return ids
}

func newID() string {
	var b [8]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// randomSeed is short enough to be copied by hand.
func randomSeed() uint64 {
	var b [4]byte
	rand.Read(b[:]) // never fails
	return uint64(binary.LittleEndian.Uint32(b[:]))
}

// finish prints how the study came out, and turns it into an exit status.
func (x *app) finish(view engineView, v *viewer, believe analyze.Belief, interrupted bool) error {
	v.finish(view, believe)
	switch {
	case interrupted:
		return statusError(ExitInterrupt)
	case view.Status == study.StatusFailed, view.Best < 0:
		return statusError(ExitFailed)
	}
	return nil
}

// summary is the last line of run --json.
type summary struct {
	Event  string              `json:"event"`
	Study  string              `json:"study"`
	Status study.Status        `json:"status"`
	Reason string              `json:"reason"`
	Trials map[study.State]int `json:"trials"`
	Spent  float64             `json:"seconds"`
	Store  string              `json:"store"`
	Best   any                 `json:"best"`
	// Resource is what was spent of it, where any trial reported steps.
	Resource *analyze.Spending `json:"resource,omitempty"`
	// Default is the default configuration's trial, where it completed.
	Default *present.Trial `json:"default,omitempty"`
	Command string         `json:"command,omitempty"`
}

// chooseMethods takes the algorithms that flags name over into the definition.
// A search that is meant for a scheduler brings it where the file names none.
func (x *app) chooseMethods(got *config.Result, set func(string) bool, search, schedule string) {
	def := got.Definition
	if set("search") {
		def.Search = study.Method{Name: search}
		if !got.ScheduleGiven {
			tables := x.tables()
			def.Schedule = study.Method{Name: tables.ScheduleOf(search, def.Fidelity)}
		}
	}
	if set("schedule") {
		def.Schedule = study.Method{Name: schedule}
	}
}
