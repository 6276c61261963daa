package afina

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/afina-hpo/afina/analyze"
	"github.com/afina-hpo/afina/config"
	"github.com/afina-hpo/afina/engine"
	"github.com/afina-hpo/afina/internal/builtin"
	"github.com/afina-hpo/afina/internal/checkpoint"
	"github.com/afina-hpo/afina/internal/home"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/store"
	"github.com/afina-hpo/afina/store/memory"
	"github.com/afina-hpo/afina/store/sqlite"
	"github.com/afina-hpo/afina/study"
)

// worker is the name under which the library leases trials.
const worker = "library"

// Study is one tuning problem that is open for work. Its methods are safe for
// concurrent use. Close it.
type Study struct {
	def     *study.Definition
	onTrial func(Result)
	sources []source
	open    bool // the space is what trials ask for

	store  store.Store
	engine *engine.Engine
	cancel context.CancelFunc // ends the engine
	ran    chan error         // from the engine

	mu     sync.Mutex
	space  *space.Space
	params map[string]*space.Space // each a space of its own, by name
	last   engine.View

	files  string // the folder of the trials' files; "" until one is wanted
	remove bool   // files is temporary
	shelf  *checkpoint.Shelf

	telling sync.Mutex // held around onTrial
	halt    sync.Once
	close   sync.Once
	closed  error
}

// Open opens a study: a new one, or the one that the [Store] holds. A study
// that goes on must be the same as it was: space, objectives, search,
// schedule and seed; what bounds it may change. With an empty space its
// trials ask for their parameters; see [Trial.Float].
//
// The context is for opening alone.
func Open(ctx context.Context, declared Space, list ...Option) (*Study, error) {
	o, err := newOptions(list)
	if err != nil {
		return nil, fmt.Errorf("open study: %w", err)
	}
	if o.def.Space, err = declared.build(o.constraints); err != nil {
		return nil, fmt.Errorf("open study: %w", err)
	}
	s := &Study{def: &o.def, onTrial: o.onTrial, sources: o.sources, open: o.def.Space.Open(), params: map[string]*space.Space{}, ran: make(chan error, 1)}
	if o.store != "" {
		s.files = home.OfStore(o.store).Dir
	}
	if s.store, err = openStore(ctx, o.store); err != nil {
		return nil, fmt.Errorf("open study: %w", err)
	}
	if err := s.start(ctx, o.seeded); err != nil {
		return nil, errors.Join(fmt.Errorf("open study: %w", err), s.store.Close())
	}
	return s, nil
}

func openStore(ctx context.Context, path string) (store.Store, error) {
	if path == "" {
		return memory.New(), nil
	}
	return sqlite.Open(ctx, path, sqlite.Options{})
}

// start makes or finds the study in the store and sets the engine to work.
func (s *Study) start(ctx context.Context, seeded bool) error {
	resumed, err := s.enter(ctx, seeded)
	if err != nil {
		return err
	}
	s.space = s.def.Space
	o := engine.Options{Store: s.store, Study: s.def.ID, Holder: fmt.Sprintf("a program with pid %d", os.Getpid())}
	if resumed {
		o.Redefine = s.def
	}
	if o.Search, err = builtin.Search().Lookup(s.def.Search.Name); err != nil {
		return err
	}
	if o.Schedule, err = builtin.Schedule().Lookup(s.def.Schedule.Name); err != nil {
		return err
	}
	if s.engine, err = engine.Open(ctx, o); err != nil {
		return err
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.cancel = cancel
	go func() { s.ran <- s.engine.Run(running) }()
	err = s.engine.Join(ctx, worker)
	if err == nil {
		s.last, err = s.engine.View(ctx)
	}
	if err != nil {
		cancel()
		return errors.Join(err, <-s.ran)
	}
	return nil
}

// enter makes the study in the store, or finds it there and checks that it is
// the same. It completes the definition, and reports whether it was there.
func (s *Study) enter(ctx context.Context, seeded bool) (resumed bool, err error) {
	list, err := s.store.Studies(ctx)
	if err != nil {
		return false, err
	}
	for _, old := range list {
		if old.Name != s.def.Name {
			continue
		}
		log, err := s.store.Load(ctx, old.ID)
		if err != nil {
			return false, err
		}
		s.def.ID, s.def.Created = log.Def.ID, log.Def.Created
		if !seeded {
			s.def.Seed = log.Def.Seed
		}
		if s.open && log.Def.Space.Open() {
			s.def.Space = log.Def.Space // as far as it is known
		}
		if diffs, _ := config.Compare(log.Def, s.def); len(diffs) > 0 {
			return false, study.Errorf(study.Conflict, "undo the change, or use another Name or Store",
				"the study %q cannot go on as it is described now:\n  %s", s.def.Name, strings.Join(diffs, "\n  "))
		}
		return true, nil
	}
	s.def.ID, s.def.Created = strings.ToLower(rand.Text()[:16]), time.Now()
	if !seeded {
		var b [4]byte // short enough to be copied by hand
		rand.Read(b[:])
		s.def.Seed = uint64(binary.LittleEndian.Uint32(b[:]))
	}
	if err := s.take(ctx); err != nil {
		return false, err
	}
	return false, s.store.Create(ctx, s.def)
}

// Close ends the work with everything that was told stored. Trials that were
// asked for and not told run again when the study is opened the next time.
// Further calls return what the first did.
func (s *Study) Close() error {
	s.close.Do(func() {
		s.view()
		s.cancel()
		s.closed = errors.Join(<-s.ran, s.store.Close())
		if s.remove {
			s.closed = errors.Join(s.closed, os.RemoveAll(s.files))
		}
	})
	return s.closed
}

// checkpoint makes the checkpoint folder of a trial that is about to use it.
func (s *Study) checkpoint(ctx context.Context, a study.Assignment) (string, error) {
	s.mu.Lock()
	if s.files == "" {
		dir, err := os.MkdirTemp("", "afina-")
		if err != nil {
			s.mu.Unlock()
			return "", err
		}
		s.files, s.remove = dir, true
	}
	h := home.Home{Dir: home.Absolute(s.files)}
	if s.shelf == nil {
		s.shelf = checkpoint.NewShelf(h)
	}
	s.mu.Unlock()
	return h.Checkpoint(a.Trial), s.shelf.Prepare(ctx, a)
}

// Ask returns the next trial, and waits while there is none but may be one
// when others have ended. [ErrEnded] says that there is nothing more to try.
// The trial's context is ctx.
func (s *Study) Ask(ctx context.Context) (*Trial, error) { return s.AskFor(ctx, nil) }

// AskFor is [Study.Ask] for a trial in which some parameters have the given
// values, wherever they exist: contexts, which the world gives, or what is not
// to be searched this time. They come before those of [Fix].
func (s *Study) AskFor(ctx context.Context, values map[string]any) (*Trial, error) {
	vs, err := valuesOf(values)
	if err != nil {
		return nil, fmt.Errorf("ask for a trial: %w", err)
	}
	g, err := s.engine.Lease(ctx, study.LeaseRequest{Worker: worker, N: 1, Wait: true, Fix: vs})
	if err != nil {
		return nil, err
	}
	if len(g.Trials) == 0 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if v := s.view(); v.Status == study.StatusFailed {
			return nil, fmt.Errorf("%w: %s", ErrEnded, v.Reason)
		}
		return nil, ErrEnded
	}
	t := &Trial{study: s, ctx: ctx, given: g.Trials[0], used: map[string]space.Value{}}
	if s.open { // whose configurations lack what is not known yet
		t.fixed = maps.Clone(vs)
		for name, v := range s.def.Fix {
			if _, given := vs[name]; !given {
				if t.fixed == nil {
					t.fixed = map[string]space.Value{}
				}
				t.fixed[name] = v
			}
		}
	}
	if s.open && s.def.Search.Name == random {
		// What random search proposes depends on the parameters known at the
		// time. Drawn by name they do not, so that the configurations are the
		// same however many trials run at once.
		origin := s.view().History.Trial(t.Number()).Origin
		t.byName = origin != nil && origin.Method == random
	}
	return t, nil
}

// random is the name of the search algorithm whose proposals are draws from
// the prior and nothing else.
const random = "random"

// Tell ends a trial with a value for every objective, in the order in which
// [Minimize] and [Maximize] name them. A value that is not finite makes it
// failed.
func (s *Study) Tell(t *Trial, values ...float64) error { return t.finish(values, nil) }

// Fail ends a trial without a value: as pruned or infeasible where err is
// [ErrPruned] or [ErrInfeasible], else as failed. Once the trial's context has
// ended it runs again when the study goes on.
func (s *Study) Fail(t *Trial, err error) error {
	if err == nil {
		err = errors.New("no reason was given")
	}
	return t.finish(nil, err)
}

// Add has a configuration of a declared space tried next and returns the
// number of its trial. Parameters left out take their defaults or are drawn.
func (s *Study) Add(ctx context.Context, values map[string]any) (int, error) {
	if s.open {
		return 0, study.Errorf(study.Invalid, "declare the space", "a configuration can only be added to a declared space")
	}
	vs, err := valuesOf(values)
	if err != nil {
		return 0, fmt.Errorf("add configuration: %w", err)
	}
	return s.engine.Add(ctx, vs)
}

// valuesOf returns values of parameters as spaces have them, nil for none.
func valuesOf(values map[string]any) (map[string]space.Value, error) {
	var vs map[string]space.Value
	for name, x := range values {
		v, err := value.FromAny(x)
		if err != nil {
			return nil, fmt.Errorf("parameter %s: %w", name, err)
		}
		if vs == nil {
			vs = make(map[string]space.Value, len(values))
		}
		vs[name] = v
	}
	return vs, nil
}

// view looks at the study; once it is closed, or cannot be stored any more, at
// what it last was.
func (s *Study) view() engine.View {
	v, err := s.engine.View(context.Background())
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		s.last = v
	}
	return s.last
}

// Best returns the complete trial with the best value of the first objective,
// nil where no trial is complete. It works on a closed study too, as do
// [Study.Incumbent], [Study.Front] and [Study.Trials].
func (s *Study) Best() *Result {
	t := analyze.Best(s.view().History)
	if t == nil {
		return nil
	}
	r := newResult(t)
	return &r
}

// Incumbent returns the complete trial that the evidence speaks for: of all
// configurations that were tried, the one of which the search algorithm expects
// the best. Unlike the best value measured that is not partly luck. With fewer
// than ten complete trials, and where the algorithm does not model the
// objective, it is the one with the best mean of its runs, if some have several
// ([Repeat]). It is nil with several objectives, and where there is neither;
// then there is only [Study.Best]. It may take as long as Ask, and waits for one
// that is under way.
func (s *Study) Incumbent() *Result {
	h := s.view().History
	i, ok := analyze.ByEvidence(h, func(c space.Config) (mean, se []float64, ok bool) { return s.engine.Estimate(h, c) })
	if !ok {
		m, ok := analyze.ByRuns(h)
		if !ok {
			return nil
		}
		r := newResult(m.Trial)
		r.Expected = []Estimate{{m.Mean, m.SE()}}
		return &r
	}
	r := newResult(i.Trial)
	r.Expected = []Estimate{{i.Believed, i.BelievedSE}}
	return &r
}

// Foreseen returns the trial that is expected to end best, trials that are
// paused, pruned or running on the way included: each is carried to its end by
// what those that went on have shown. Expected is its value at the end, with how
// far off that usually is. It is nil where there is no [Fidelity] or are several
// objectives, and while no trial has reported. Unlike [Study.Best] it has
// something to say before any trial is complete.
func (s *Study) Foreseen() *Result {
	f, ok := analyze.Foreseen(s.view().History)
	if !ok {
		return nil
	}
	r := newResult(f.Trial)
	r.Expected = []Estimate{{f.Expected, f.SD}}
	return &r
}

// expect adds what the search algorithm expects of a trial.
func (s *Study) expect(r *Result) {
	if mean, se, ok := s.engine.Estimate(s.view().History, r.Params.config); ok {
		for i := range mean {
			r.Expected = append(r.Expected, Estimate{mean[i], se[i]})
		}
	}
}

// Front returns the complete trials that no other beats in every objective, in
// order of number.
func (s *Study) Front() []Result {
	var rs []Result
	for _, t := range analyze.Front(s.view().History) {
		rs = append(rs, newResult(t))
	}
	return rs
}

// Trials returns every trial, in order of number.
func (s *Study) Trials() []Result {
	h := s.view().History
	rs := make([]Result, 0, h.Len())
	for t := range h.All() {
		rs = append(rs, newResult(t))
	}
	return rs
}

// Seed returns the study's seed, drawn where [Seed] did not say one.
func (s *Study) Seed() uint64 { return s.def.Seed }
