package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/afina-hpo/afina/engine"
	"github.com/afina-hpo/afina/internal/home"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/store"
	"github.com/afina-hpo/afina/study"
)

func (x *app) addCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "add STUDY NAME=VALUE … | JSON",
		Short: "Add a configuration by hand, to be tried next",
		Long: `Add a configuration by hand: as words NAME=VALUE, or as one JSON object.
Parameters left out take their default, else a random value. A running study
tries it next; otherwise the next run does.`,
		Example: `  afina add study.yaml lr=3e-4 layers=3
  afina add study.yaml '{"lr": 0.0003, "layers": 3}'`,
		Args: argCount(2, 1000, "a study and a configuration"),
		RunE: func(c *cobra.Command, args []string) error {
			values, err := parseAssignment(args[1:])
			if err != nil {
				return err
			}
			n, err := x.add(c.Context(), args[0], values)
			if err != nil {
				return err
			}
			if x.json {
				x.printJSON(map[string]int{"number": n})
			} else {
				fmt.Fprintf(x.Out, "added as trial %d\n", n)
			}
			return nil
		},
	}
}

// parseAssignment reads NAME=VALUE words, or one JSON object. A value is read
// as JSON where it is a JSON scalar, else taken as text.
func parseAssignment(words []string) (map[string]space.Value, error) {
	values := map[string]space.Value{}
	if len(words) == 1 && strings.HasPrefix(strings.TrimSpace(words[0]), "{") {
		if err := json.Unmarshal([]byte(words[0]), &values); err != nil {
			return nil, study.Errorf(study.Invalid, `write {"lr": 0.001}`, "the configuration is no JSON object of scalars: %v", err)
		}
		return values, nil
	}
	for _, w := range words {
		name, text, ok := strings.Cut(w, "=")
		if !ok {
			return nil, study.Errorf(study.Invalid, "write NAME=VALUE, such as lr=3e-4", "%q gives no value", w)
		}
		v, err := value.ParseJSON([]byte(text))
		if err != nil {
			v = value.String(text)
		}
		values[name] = v
	}
	return values, nil
}

// add adds a configuration through the process that runs the study, or, where
// none does, in the store itself.
func (x *app) add(ctx context.Context, ref string, values map[string]space.Value) (int, error) {
	h, err := x.find(ref)
	if err != nil {
		return 0, err
	}
	var answer struct {
		Number int `json:"number"`
	}
	line := map[string]any{"op": "add", "params": values}
	if running, err := x.order(ctx, db(h, ref), line, &answer); running || err != nil {
		return answer.Number, err
	}
	n := 0
	err = x.withLog(ctx, h, ref, func(e *editor) error {
		n = e.log.Book.Len()
		c, err := engine.Fill(e.log.Book.Space, e.log.Def.Seed, n, values)
		if err != nil {
			return &study.Error{Code: study.Invalid, Message: "the configuration cannot be added", Err: err}
		}
		return e.append(ctx, &study.Event{Kind: study.EventQueued, Trial: n, Config: c, Origin: &study.Origin{Method: engine.MethodAdded, Stream: n}})
	})
	return n, err
}

func (x *app) stopCommand() *cobra.Command {
	var kill bool
	c := &cobra.Command{
		Use:   "stop [STUDY]",
		Short: "Stop a running study: running trials may finish, no new ones start",
		Long: `Stop a running study. Running trials may finish; with --kill they are ended, and
run again when the study is resumed. The same afina run goes on later.`,
		Args: argCount(0, 1, "at most one study"),
		RunE: func(c *cobra.Command, args []string) error {
			ref := ""
			if len(args) == 1 {
				ref = args[0]
			}
			h, err := x.find(ref)
			if err != nil {
				return err
			}
			var answer struct {
				OK bool `json:"ok"`
			}
			running, err := x.order(c.Context(), db(h, ref), map[string]any{"op": "stop", "kill": kill}, &answer)
			if err != nil {
				return err
			}
			if !running {
				return study.Errorf(study.Conflict, "afina ls shows its status", "no process runs this study")
			}
			if x.json {
				x.printJSON(answer)
			} else {
				fmt.Fprintln(x.Out, "the study is being stopped; the same afina run goes on")
			}
			return nil
		},
	}
	c.Flags().BoolVar(&kill, "kill", false, "end running trials instead of letting them finish")
	return c
}

// editor changes a study that no process runs.
type editor struct {
	log   *study.Log
	store Store
	epoch int64
}

// withLog opens the study that ref names for changing.
func (x *app) withLog(ctx context.Context, h home.Home, ref string, edit func(*editor) error) error {
	s, err := x.OpenStore(ctx, db(h, ref), x.allowFS)
	if err != nil {
		return err
	}
	err = func() error {
		log, err := loadOnly(ctx, s)
		if err != nil {
			return err
		}
		epoch, err := s.Claim(ctx, log.Def.ID, holder())
		if err != nil {
			return err
		}
		return edit(&editor{log: log, store: s, epoch: epoch})
	}()
	if closed := s.Close(); err == nil {
		err = closed
	}
	return err
}

// append stores events now.
func (e *editor) append(ctx context.Context, events ...*study.Event) error {
	for _, ev := range events {
		ev.At = time.Now()
	}
	receipts, err := e.store.Append(ctx, []store.Tx{{Study: e.log.Def.ID, Epoch: e.epoch, Events: events}})
	if err != nil {
		return err
	}
	return receipts[0].Err
}
