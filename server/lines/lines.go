package lines

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/afina-hpo/afina/analyze"
	"github.com/afina-hpo/afina/engine"
	"github.com/afina-hpo/afina/internal/diag"
	"github.com/afina-hpo/afina/internal/present"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
)

// MaxLine is the longest line that is read, in bytes.
const MaxLine = 4 << 20

// MaxAsk is the largest n of one ask.
const MaxAsk = 4096

// Server answers lines about one study.
type Server struct {
	Engine *engine.Engine
	// Worker is the name under which trials are leased to who asks; "" means
	// that the operations of a worker (ask, report, tell) are not served.
	Worker string
}

// Serve answers lines from in on out until in ends, ctx does, or the study can
// not be stored any more, which is the error returned. Several Serves of one
// Server may run at once.
func (s *Server) Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	r := bufio.NewReaderSize(in, 64<<10)
	w := bufio.NewWriterSize(out, 64<<10)
	var answer []byte
	for {
		line, err := readLine(r)
		if errors.Is(err, errTooLong) {
			if err := send(w, present.Line(errorLine{present.MakeError(study.Errorf(study.Invalid, "send less in one line", "the line is longer than %d bytes", MaxLine))}), true); err != nil {
				return err
			}
			continue
		}
		if len(bytes.TrimSpace(line)) > 0 {
			var fatal error
			answer, fatal = s.answer(ctx, line, answer[:0])
			// With more lines at hand the answer may wait for theirs.
			if err := send(w, answer, r.Buffered() == 0); err != nil {
				return fmt.Errorf("send answer: %w", err)
			}
			if fatal != nil {
				return errors.Join(fatal, w.Flush())
			}
		}
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return errors.Join(err, w.Flush())
		}
	}
}

func send(w *bufio.Writer, answer []byte, flush bool) error {
	if _, err := w.Write(answer); err != nil {
		return err
	}
	if err := w.WriteByte('\n'); err != nil {
		return err
	}
	if flush {
		return w.Flush()
	}
	return nil
}

var errTooLong = errors.New("line too long")

// readLine returns the next line. A line over MaxLine is passed over whole.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return line, err
	}
	long := append([]byte(nil), line...)
	over := false
	for errors.Is(err, bufio.ErrBufferFull) {
		line, err = r.ReadSlice('\n')
		if over = over || len(long)+len(line) > MaxLine; !over {
			long = append(long, line...)
		}
	}
	if over {
		return nil, errTooLong
	}
	return long, err
}

// request is any line. Which fields may be set depends on Op; see fields.
type request struct {
	Op      string                 `json:"op"`
	ID      json.RawMessage        `json:"id"`
	N       *int                   `json:"n"`
	Ask     *int                   `json:"ask"`
	Number  *int                   `json:"number"`
	Attempt int                    `json:"attempt"`
	Step    *float64               `json:"step"`
	Sample  sampleName             `json:"sample"`
	Values  study.Metrics          `json:"values"`
	State   study.State            `json:"state"`
	Class   study.Class            `json:"class"`
	Message string                 `json:"message"`
	Params  map[string]space.Value `json:"params"`
	Fix     map[string]space.Value `json:"fix"`
	Kill    bool                   `json:"kill"`
}

// fields is what each operation may be sent, besides op and id.
var fields = map[string][]string{
	"ask":    {"n", "fix"},
	"report": {"number", "attempt", "step", "sample", "values"},
	"tell":   {"number", "attempt", "values", "state", "class", "message", "ask", "fix"},
	"add":    {"params"},
	"best":   {},
	"trials": {},
	"stop":   {"kill"},
}

// ops lists the operations in the order of the documentation.
var ops = []string{"ask", "report", "tell", "add", "best", "trials", "stop"}

// Operations lists what a line may ask for.
func Operations() []string { return slices.Clone(ops) }

type errorLine struct {
	Error present.Error `json:"error"`
}

// answer appends the answer to one line to dst. A second result says that
// nothing more can be answered.
func (s *Server) answer(ctx context.Context, line, dst []byte) ([]byte, error) {
	req, ok := quick(line, s.Engine.Objectives())
	var err error
	if !ok {
		req, err = parse(line)
	}
	if req.ID != nil {
		dst = append(append(append(dst, `{"id":`...), req.ID...), ',')
	}
	from := len(dst)
	if err == nil {
		dst, err = s.do(ctx, req, dst)
	}
	if err != nil {
		dst = append(dst[:from], present.Line(errorLine{present.MakeError(err)})...)
		if study.CodeOf(err) != study.Unavailable {
			err = nil
		}
	}
	if req.ID != nil { // dst[from] opens an object that is open already
		dst = append(dst[:from], dst[from+1:]...)
		if bytes.HasSuffix(dst, []byte(",}")) {
			dst = append(dst[:len(dst)-2], '}')
		}
	}
	return dst, err
}

// parse reads a line. The request holds the id where it could be read, also
// beside an error.
func parse(line []byte) (request, error) {
	var req request
	err := json.Unmarshal(line, &req)
	if err != nil {
		if fixed, changed := quoteNonFinite(line); changed {
			line = fixed
			req = request{}
			err = json.Unmarshal(line, &req)
		}
	}
	if err != nil {
		var only struct {
			ID json.RawMessage `json:"id"`
		}
		if json.Unmarshal(line, &only) == nil {
			req.ID = only.ID
		}
		return request{ID: req.ID}, &study.Error{Code: study.Invalid, Message: "the line is not understood: " + jsonProblem(err), Hint: `send one JSON object a line, such as {"op":"ask"}`}
	}
	if req.Op == "" {
		return req, study.Errorf(study.Invalid, "operations: "+strings.Join(ops, ", "), `the line has no "op"`)
	}
	allowed, ok := fields[req.Op]
	if !ok {
		return req, study.Errorf(study.Invalid, diag.DidYouMean(req.Op, ops), "there is no operation %q", req.Op)
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(line, &keys); err != nil {
		return req, study.Errorf(study.Invalid, "", "the line is not an object")
	}
	if len(keys) > 1 {
		for _, k := range sortedKeys(keys) {
			if k != "op" && k != "id" && !slices.Contains(allowed, k) {
				return req, study.Errorf(study.Invalid, diag.DidYouMean(k, append([]string{"id"}, allowed...)), "%s has no field %q", req.Op, k)
			}
		}
	}
	return req, nil
}

func sortedKeys(m map[string]json.RawMessage) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// jsonProblem says what is wrong with a line, without Go's own words.
func jsonProblem(err error) string {
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf("%v at byte %d", e, e.Offset)
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if e.Field == "" {
			return "it is a JSON " + e.Value + ", not an object"
		}
		return fmt.Sprintf("%q cannot be a %s", e.Field, e.Value)
	}
	return err.Error()
}

// quoteNonFinite puts the bare words NaN, Infinity and -Infinity, which
// Python's json module writes, between quotes.
func quoteNonFinite(line []byte) (fixed []byte, changed bool) {
	inString := false
	for i := 0; i < len(line); i++ {
		c := line[i]
		if inString {
			fixed = append(fixed, c)
			if c == '\\' && i+1 < len(line) {
				i++
				fixed = append(fixed, line[i])
			} else if c == '"' {
				inString = false
			}
			continue
		}
		word := ""
		for _, w := range []string{"NaN", "Infinity", "-Infinity"} {
			if bytes.HasPrefix(line[i:], []byte(w)) {
				word = w
			}
		}
		if word != "" {
			fixed = append(append(append(fixed, '"'), word...), '"')
			i += len(word) - 1
			changed = true
			continue
		}
		inString = c == '"'
		fixed = append(fixed, c)
	}
	return fixed, changed
}

// do does what a line asks for and appends the answer to dst.
func (s *Server) do(ctx context.Context, req request, dst []byte) ([]byte, error) {
	if s.Worker == "" && (req.Op == "ask" || req.Op == "report" || req.Op == "tell") {
		return dst, study.Errorf(study.Invalid, "", "%s is not served here: the study runs its own command", req.Op)
	}
	var val any
	var err error
	switch req.Op {
	case "ask":
		return s.ask(ctx, req, dst)
	case "report":
		return s.report(ctx, req, dst)
	case "tell":
		return s.tell(ctx, req, dst)
	case "add":
		val, err = s.add(ctx, req)
	case "best":
		val, err = s.best(ctx)
	case "trials":
		val, err = s.trials(ctx)
	default: // stop
		if err := s.Engine.Stop(ctx, "it was stopped by a person", req.Kill); err != nil {
			return dst, err
		}
		return append(dst, done...), nil
	}
	if err != nil {
		return dst, err
	}
	return append(dst, present.Line(val)...), nil
}

// done is the answer to what needs none.
const done = `{"ok":true}`

// leaseOf returns what is asked of the engine for n trials, the value of field;
// nil stands for one.
func (s *Server) leaseOf(field string, n *int) (study.LeaseRequest, error) {
	r := study.LeaseRequest{Worker: s.Worker, N: 1}
	if n != nil {
		r.N = *n
	}
	if r.N < 1 || r.N > MaxAsk {
		return r, study.Errorf(study.Invalid, "", "%s must be 1 to %d, not %d", field, MaxAsk, r.N)
	}
	return r, nil
}

func (s *Server) ask(ctx context.Context, req request, dst []byte) ([]byte, error) {
	r, err := s.leaseOf("n", req.N)
	if err != nil {
		return dst, err
	}
	r.Fix = req.Fix
	g, err := s.Engine.Lease(ctx, r)
	if err != nil {
		return dst, err
	}
	return appendGrant(append(dst, '{'), &g), nil
}

func (s *Server) add(ctx context.Context, req request) (any, error) {
	if req.Params == nil {
		return nil, study.Errorf(study.Invalid, `{"op":"add","params":{…}}; what is left out is filled in`, "add needs params")
	}
	n, err := s.Engine.Add(ctx, req.Params)
	return struct {
		Number int `json:"number"`
	}{n}, err
}

func (s *Server) trials(ctx context.Context) (any, error) {
	v, err := s.Engine.View(ctx)
	if err != nil {
		return nil, err
	}
	return Trials(v.History), nil
}

// ticket names the trial that a request is about. A client that sends the
// attempt that it was given is fenced off by a later one.
func (s *Server) ticket(req request) (study.Ticket, error) {
	if req.Number == nil {
		return study.Ticket{}, study.Errorf(study.Invalid, "use the number that ask gave", "%s needs the trial's number", req.Op)
	}
	if req.Attempt < 0 {
		return study.Ticket{}, study.Errorf(study.Invalid, "", "attempt %d cannot be", req.Attempt)
	}
	return study.Ticket{Trial: *req.Number, Attempt: req.Attempt}, nil
}

func (s *Server) report(ctx context.Context, req request, dst []byte) ([]byte, error) {
	k, err := s.ticket(req)
	if err != nil {
		return dst, err
	}
	if err := s.sampled(&req); err != nil {
		return dst, err
	}
	if req.Step == nil || math.IsNaN(*req.Step) || math.IsInf(*req.Step, 0) {
		return dst, study.Errorf(study.Invalid, `{"op":"report","number":0,"step":3,"values":{"loss":0.31}}`, "report needs a step, a finite number")
	}
	if len(req.Values) == 0 {
		return dst, study.Errorf(study.Invalid, "", "report needs values: an object of numbers by name")
	}
	v, err := s.Engine.Report(ctx, k, []study.Report{{Step: *req.Step, Values: req.Values, At: time.Now()}})
	if err != nil {
		return dst, err
	}
	return append(append(append(dst, `{"action":"`...), v...), `"}`...), nil
}

// sampleName is a fold or instance; a number is its own name.
type sampleName string

// UnmarshalJSON takes a text or a number.
func (n *sampleName) UnmarshalJSON(b []byte) error {
	var v space.Value
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	*n = sampleName(v.Text())
	return nil
}

// sampled finds the step of a report that names a fold or an instance.
func (s *Server) sampled(req *request) error {
	if req.Sample == "" {
		return nil
	}
	name := string(req.Sample)
	step, ok := s.Engine.Samples().Step(name)
	switch {
	case s.Engine.Samples() == nil:
		return study.Errorf(study.Invalid, "send a step, or declare fidelity: { folds: 10 }", "the study has no samples")
	case !ok:
		return study.Errorf(study.Invalid, "ask says which there are, in samples", "%q is no sample of the study", name)
	case req.Step != nil && *req.Step != step:
		return study.Errorf(study.Invalid, "send one of the two", "the sample %q is step %v, not %v", name, step, *req.Step)
	}
	req.Step = &step
	return nil
}

// told lists the states that tell takes.
var told = []string{string(study.Complete), string(study.Failed), string(study.Infeasible), string(study.Pruned), string(study.Cancelled), string(study.Paused)}

func (s *Server) tell(ctx context.Context, req request, dst []byte) ([]byte, error) {
	k, err := s.ticket(req)
	if err != nil {
		return dst, err
	}
	o := study.Outcome{State: req.State, Values: req.Values}
	switch {
	case o.State == "":
		o.State = study.Complete
	case !slices.Contains(told, string(o.State)):
		return dst, study.Errorf(study.Invalid, diag.DidYouMean(string(o.State), told), "%q is no end of a trial", o.State)
	}
	if o.State == study.Failed || o.State == study.Infeasible {
		f := study.Failure{Class: req.Class, Message: req.Message}
		if f.Class == "" {
			f.Class = study.ClassTold
		} else if !slices.Contains(study.Classes, f.Class) {
			names := make([]string, len(study.Classes))
			for i, c := range study.Classes {
				names[i] = string(c)
			}
			return dst, study.Errorf(study.Invalid, diag.DidYouMean(string(f.Class), names)+"; say more in message", "there is no failure class %q", f.Class)
		}
		o.Failure = &f
	} else if req.Class != "" || req.Message != "" {
		return dst, study.Errorf(study.Invalid, "", "class and message are for failed and infeasible trials")
	}
	if o.State == study.Complete {
		if err := s.checkValues(ctx, k, req.Values); err != nil {
			return dst, err
		}
	}
	if req.Ask == nil && req.Fix != nil {
		return dst, study.Errorf(study.Invalid, `add "ask":1`, "fix is for the trials that ask asks for")
	}
	if req.Ask == nil {
		if err := s.Engine.Finish(ctx, k, o); err != nil {
			return dst, err
		}
		return append(dst, done...), nil
	}
	r, err := s.leaseOf("ask", req.Ask)
	if err != nil {
		return dst, err
	}
	r.Fix = req.Fix
	g, err := s.Engine.FinishAndLease(ctx, k, o, r)
	if err != nil {
		return dst, err
	}
	return appendGrant(append(dst, `{"ok":true,`...), &g), nil
}

// checkValues refuses a result without the objectives, which would be a
// failed trial where the cause is most likely a slip of the pen.
func (s *Server) checkValues(ctx context.Context, k study.Ticket, values study.Metrics) error {
	for _, o := range s.Engine.Objectives() {
		if _, ok := values.Get(o.Metric); ok {
			continue
		}
		v, err := s.Engine.View(ctx)
		if err != nil {
			return err
		}
		if k.Trial >= 0 && k.Trial < v.History.Len() {
			if _, ok := o.Value(v.History.Trial(k.Trial).Reports); ok {
				continue
			}
		}
		var names []string
		for _, m := range values {
			names = append(names, m.Name)
		}
		return study.Errorf(study.Invalid, diag.DidYouMean(o.Metric, names), "tell needs a value for %q, which was not reported either", o.Metric)
	}
	return nil
}

// Best returns what best answers: the best trial, with several objectives the
// front, and in a study with contexts the best of each.
func Best(h *study.History, believe analyze.Belief) (any, error) {
	if len(h.Objectives) == 1 && analyze.Contextual(h.Space) {
		type contextBest struct {
			Context map[string]space.Value `json:"context"`
			Trials  int                    `json:"trials"`
			present.Best
		}
		list := []contextBest{}
		for _, c := range analyze.ByContext(h) {
			list = append(list, contextBest{c.Context, c.Trials, present.MakeContextBest(h, c, believe)})
		}
		return struct {
			Contexts []contextBest `json:"contexts"`
		}{list}, nil
	}
	if len(h.Objectives) > 1 {
		front := []present.Best{}
		for _, t := range analyze.Front(h) {
			front = append(front, present.MakeBest(h, t, believe))
		}
		return struct {
			Front []present.Best `json:"front"`
		}{front}, nil
	}
	t := analyze.Best(h)
	if t == nil {
		return nil, study.Errorf(study.NotFound, "", "no trial is complete yet")
	}
	return present.MakeBest(h, t, believe), nil
}

func (s *Server) best(ctx context.Context) (any, error) {
	v, err := s.Engine.View(ctx)
	if err != nil {
		return nil, err
	}
	return Best(v.History, func(c space.Config) ([]float64, []float64, bool) { return s.Engine.Estimate(v.History, c) })
}

// TrialList is what trials answers.
type TrialList struct {
	Trials []present.Trial `json:"trials"`
}

// Trials returns every trial of h.
func Trials(h *study.History) TrialList {
	out := TrialList{Trials: make([]present.Trial, 0, h.Len())}
	for t := range h.All() {
		out.Trials = append(out.Trials, present.MakeTrial(h, t))
	}
	return out
}
