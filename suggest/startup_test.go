package suggest_test

import (
	"testing"

	"github.com/afina-hpo/afina/suggest"
)

func TestStartup(t *testing.T) {
	for _, c := range []struct {
		params, trials int
		steps          bool
		want           int
	}{
		{4, 0, false, 5}, {4, 50, false, 5}, {4, 9, false, 5}, {20, 50, false, 13},
		{20, 30, false, 10}, {200, 0, false, 103}, {200, 100, false, 33}, {200, 3, false, 5},
		{20, 30, true, 26}, {1, 1, false, 3},
	} {
		if got := suggest.Startup(c.params, c.trials, c.steps); got != c.want {
			t.Errorf("Startup(%d, %d, %v) is %d, want %d", c.params, c.trials, c.steps, got, c.want)
		}
	}
}
