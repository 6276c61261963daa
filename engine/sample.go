package engine

import (
	"fmt"

	"github.com/afina-hpo/afina/study"
)

// checkSample refuses a step that is no sample of the study.
func (s *state) checkSample(t *study.Trial, step float64) error {
	if s.samples == nil || s.samples.Name(step) != "" {
		return nil
	}
	return study.Errorf(study.Invalid, fmt.Sprintf("a step is a place in the order that all trials share, 1 to %d; or say which %s it was by its name", s.samples.Len(), s.log.Def.Fidelity.Step),
		"trial %d reports step %v, which is no %s", t.Number, step, s.log.Def.Fidelity.Step)
}

// unsampled returns the failure of a trial that has come to its end without
// some of the samples, of which the mean would be that of others than its
// rivals had. One that reported nothing is taken at its word.
func (s *state) unsampled(t *study.Trial) *study.Failure {
	if s.samples == nil || len(t.Reports) == 0 {
		return nil
	}
	for _, o := range s.log.Def.Objectives {
		step, missing := study.Unsampled(t, o, s.samples.Len())
		if !missing {
			continue
		}
		for _, r := range t.Reports {
			if x, ok := r.Values.Get(o.Metric); ok && r.Step == step {
				return &study.Failure{Class: study.ClassNonFinite, Message: fmt.Sprintf("%s is %v on %s %s", o.Metric, x, s.log.Def.Fidelity.Step, s.samples.Name(step))}
			}
		}
		return &study.Failure{Class: study.ClassNoMetric, Message: fmt.Sprintf("no value for %q on %s %s; a trial is compared on all %d", o.Metric, s.log.Def.Fidelity.Step, s.samples.Name(step), s.samples.Len())}
	}
	return nil
}

// Samples returns the order of the study's folds or instances, nil where its
// steps are none. It never changes.
func (e *Engine) Samples() *study.SampleOrder { return e.state.samples }
