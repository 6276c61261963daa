package afina

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/afina-hpo/afina/study"
)

// What ErrPruned means depends on who wanted the trial to end.
func TestOutcome(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	pruned := fmt.Errorf("epoch 3: %w", ErrPruned)
	for _, tt := range []struct {
		name    string
		ctx     context.Context
		verdict study.Verdict
		err     error
		want    study.State
	}{
		{"own decision", t.Context(), "", pruned, study.Pruned},
		{"scheduler's decision", t.Context(), study.VerdictPrune, pruned, study.Pruned},
		{"paused", t.Context(), study.VerdictPause, pruned, study.Paused},
		{"study over", t.Context(), study.VerdictStop, pruned, study.Cancelled},
		{"context over", ended, "", pruned, study.Cancelled},
		{"context over, other error", ended, "", context.Canceled, study.Cancelled},
		{"context over, infeasible", ended, "", ErrInfeasible, study.Infeasible},
		{"context over, value", ended, study.VerdictStop, nil, study.Complete},
		{"study over, other error", t.Context(), study.VerdictStop, errors.New("boom"), study.Failed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tr := &Trial{ctx: tt.ctx, verdict: tt.verdict, study: &Study{def: &study.Definition{Objectives: []study.Objective{{Metric: "loss"}}}}}
			o, err := tr.outcome([]float64{1}, tt.err)
			if err != nil || o.State != tt.want {
				t.Errorf("got %s, %v, want %s", o.State, err, tt.want)
			}
		})
	}
}
