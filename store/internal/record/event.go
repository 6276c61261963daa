package record

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
)

// AppendEvent appends what e says as a JSON object, without its number, kind,
// time, trial and attempt, which a store keeps in fields of their own. Fields
// that are zero are left out. See [Reader.Event].
func AppendEvent(dst []byte, e *study.Event) ([]byte, error) {
	w := writer{append(dst, '{')}
	if !e.Config.IsZero() {
		w.key("params")
		w.b = e.Config.AppendJSON(w.b)
	}
	if e.Origin != nil {
		w.key("origin")
		w.b = appendOrigin(w.b, e.Origin)
	}
	w.num("resume", e.Resume)
	w.num("until", e.Until)
	w.int("bracket", int64(e.Bracket))
	if e.Copy != nil {
		w.key("copy")
		w.b = appendCopy(w.b, e.Copy)
	}
	w.str("worker", e.Worker)
	w.str("ref", e.Ref)
	w.num("step", e.Step)
	w.str("state", string(e.State))
	if e.Objectives != nil {
		w.key("objectives")
		w.b = AppendFloats(w.b, e.Objectives)
	}
	if e.Violations != nil {
		w.key("violations")
		w.b = AppendFloats(w.b, e.Violations)
	}
	if e.Values != nil {
		w.key("values")
		w.b = e.Values.AppendJSON(w.b)
	}
	if e.Failure != nil {
		w.key("failure")
		w.b = AppendFailure(w.b, e.Failure)
	}
	if !e.NotBefore.IsZero() {
		w.key("not_before")
		w.b = value.Int(Nano(e.NotBefore)).AppendJSON(w.b)
	}
	w.num("paid", e.Paid)
	w.str("status", string(e.Status))
	w.str("reason", e.Reason)
	w.int("spent", int64(e.Spent))
	if e.Space != nil {
		text, err := json.Marshal(e.Space)
		if err != nil {
			return nil, fmt.Errorf("write space: %w", err)
		}
		w.key("space")
		w.b = append(w.b, text...)
	}
	if e.Def != nil {
		text, err := e.Def.MarshalJSON()
		if err != nil {
			return nil, fmt.Errorf("write definition: %w", err)
		}
		w.key("definition")
		w.b = append(w.b, text...)
	}
	return append(w.b, '}'), nil
}

// Reader reads the events of one study. It needs a call of [Reader.Use] before
// it reads configurations. It is not safe for concurrent use.
type Reader struct {
	Names   Names
	Origins Origins
	params  *Params
}

// Use makes s the space of the configurations that are read from now on.
func (r *Reader) Use(s *space.Space) {
	if r.params == nil || r.params.space != s {
		r.params = NewParams(s)
	}
}

// Config reads what [space.Config.AppendJSON] writes; see [Params.Parse].
func (r *Reader) Config(s string) (space.Config, error) { return r.params.Parse(s) }

// Event reads what [AppendEvent] wrote into the fields of e.
func (r *Reader) Event(s string, e *study.Event) error {
	return object(s, func(key, raw string) error {
		err := r.field(e, key, raw)
		if err != nil {
			return fmt.Errorf("%.40s: %w", key, err)
		}
		return nil
	})
}

func (r *Reader) field(e *study.Event, key, raw string) (err error) {
	var t string
	var k int64
	switch key {
	case "params":
		e.Config, err = r.params.Parse(raw)
	case "origin":
		var o study.Origin
		if o, err = parseOrigin(raw, &r.Names); err == nil {
			e.Origin = r.Origins.Share(o)
		}
	case "resume":
		e.Resume, err = number(raw)
	case "until":
		e.Until, err = number(raw)
	case "bracket":
		k, err = whole(raw)
		e.Bracket = int(k)
	case "copy":
		e.Copy, err = parseCopy(raw)
	case "worker":
		t, err = text(raw)
		e.Worker = r.Names.Share(t)
	case "ref":
		t, err = text(raw)
		e.Ref = strings.Clone(t)
	case "step":
		e.Step, err = number(raw)
	case "state":
		t, err = text(raw)
		e.State = study.State(r.Names.Share(t))
	case "objectives":
		e.Objectives, err = ParseFloats(raw)
	case "violations":
		e.Violations, err = ParseFloats(raw)
	case "values":
		e.Values, err = ParseMetrics(raw, &r.Names)
	case "failure":
		e.Failure, err = ParseFailure(raw, &r.Names)
	case "not_before":
		k, err = whole(raw)
		e.NotBefore = time.Unix(0, k).UTC()
	case "paid":
		e.Paid, err = number(raw)
	case "status":
		t, err = text(raw)
		e.Status = study.Status(r.Names.Share(t))
	case "reason":
		t, err = text(raw)
		e.Reason = strings.Clone(t)
	case "spent":
		k, err = whole(raw)
		e.Spent = time.Duration(k)
	case "space":
		e.Space, err = space.Parse([]byte(raw))
	case "definition":
		e.Def = new(study.Definition)
		err = e.Def.UnmarshalJSON([]byte(raw))
	default:
		err = fmt.Errorf("unknown field")
	}
	return err
}
