package study

import "math"

// ErrorSuffix makes of an objective's metric the name of its standard error,
// which a program may report beside it: val_loss_se, of the folds of a
// cross-validation, say.
const ErrorSuffix = "_se"

// Error returns the standard error that t reported with o, above 0 and finite;
// false where it reported none.
func (o Objective) Error(t *Trial) (float64, bool) {
	se, ok := t.Metrics.Get(o.Metric + ErrorSuffix)
	return se, ok && se > 0 && !math.IsInf(se, 1)
}
