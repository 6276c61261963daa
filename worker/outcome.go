package worker

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/afina-hpo/afina/harvest"
	"github.com/afina-hpo/afina/launch"
	"github.com/afina-hpo/afina/launch/command"
	"github.com/afina-hpo/afina/study"
)

// Exit statuses with a meaning (sysexits.h).
const (
	exitTemporary = 75 // EX_TEMPFAIL: try again
	exitConfig    = 78 // EX_CONFIG: this configuration cannot work
)

// outcome classes the end of a command.
func (t *trial) outcome(exit launch.Exit, values study.Metrics, resultErr error) study.Outcome {
	o := study.Outcome{Ended: exit.Ended, Values: values}
	fail := func(class study.Class, format string, args ...any) study.Outcome {
		o.State = study.Failed
		o.Failure = &study.Failure{Class: class, Message: fmt.Sprintf(format, args...), Signal: exit.Signal}
		if exit.Code > 0 {
			o.Failure.Exit = exit.Code
		}
		return o
	}
	cmd := t.w.opts.Definition.Command
	switch why, shot := t.why(); {
	case exit.OOM && !shot: // our own SIGKILL looks much like the kernel's
		return fail(study.ClassOOM, "%s", t.memory())
	case why == becauseTime:
		return fail(study.ClassTimeout, "ran longer than %s", cmd.PerTrial)
	case why == becauseSilence:
		return fail(study.ClassSilence, "printed nothing for %s", cmd.Silence)
	case why == becausePruned:
		o.State = study.Pruned
		return o
	case why == becausePaused:
		o.State = study.Paused
		return o
	case why == becauseStopped:
		o.State = study.Cancelled
		return o
	case exit.Signal == "SIGKILL":
		return fail(study.ClassKilled, "killed from outside (the machine may be out of memory)")
	case exit.Signal != "":
		return fail(study.ClassCrash, "%s%s", exit.Signal, t.lastWords())
	case exit.Code == exitTemporary:
		return fail(study.ClassTemporary, "exit status 75 asks for another try%s", t.lastWords())
	case exit.Code == exitConfig:
		o.State = study.Infeasible
		o.Failure = &study.Failure{Class: study.ClassExit, Message: "exit status 78: the configuration cannot work" + t.lastWords(), Exit: exitConfig}
		return o
	case exit.Code != 0:
		return fail(study.ClassExit, "exit status %d%s", exit.Code, t.lastWords())
	case resultErr != nil:
		return fail(study.ClassNoMetric, "%v", resultErr)
	}
	if state, ok := t.rested(); ok {
		o.State = state
		return o
	}
	if name := t.missing(); name != "" {
		return fail(study.ClassNoMetric, "%s", harvest.Missing(name, t.reader.Seen()))
	}
	o.State = study.Complete
	return o
}

// result reads the result file, if the program wrote one. What is there of a
// command that runs one sample, or one level, is a result at that step.
func (t *trial) result() (study.Metrics, error) {
	ms, err := harvest.ReadResult(filepath.Join(t.dir, command.ResultFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	values := make(map[string]float64, len(ms))
	for _, m := range ms {
		values[m.Name] = m.Value
	}
	if t.reports.fixed > 0 {
		t.reports.add(harvest.Sample{Values: ms})
		return nil, nil
	}
	t.reports.mu.Lock()
	for name := range values {
		t.reports.seen[name] = 0
	}
	t.reports.mu.Unlock()
	return study.MakeMetrics(values), nil
}

// missing returns the first objective that was never measured, or "".
func (t *trial) missing() string {
	t.reports.mu.Lock()
	defer t.reports.mu.Unlock()
	for _, o := range t.w.opts.Definition.Objectives {
		if _, ok := t.reports.seen[o.Metric]; !ok {
			return o.Metric
		}
	}
	return ""
}

func (t *trial) memory() string {
	if limit := t.w.opts.Definition.Resources.Memory; limit > 0 {
		return fmt.Sprintf("went over its memory of %d MiB", limit>>20)
	}
	return "the machine ran out of memory"
}

// lastWords returns what the program wrote last to its standard error: most
// languages say there what went wrong.
func (t *trial) lastWords() string {
	last := strings.TrimSpace(t.stderr.String())
	// A progress bar is one line that is written over and over.
	last = strings.TrimSpace(last[strings.LastIndexAny(last, "\r\n")+1:])
	if last == "" {
		return ""
	}
	const most = 300
	if len(last) > most {
		last = strings.ToValidUTF8(last[:most], "") + "…"
	}
	return ": " + last
}

func describe(e launch.Exit) string {
	if e.Signal != "" {
		return e.Signal
	}
	return fmt.Sprintf("exit status %d after %s", e.Code, e.Ended.Sub(e.Started).Round(time.Millisecond))
}
