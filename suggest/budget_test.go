package suggest_test

import (
	"testing"
	"time"

	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
)

func TestBudgetOf(t *testing.T) {
	usd := &study.Cost{Metric: "usd"}
	for name, c := range map[string]struct {
		def  study.Definition
		want suggest.Budget // Limit 0: none
	}{
		"trials":          {study.Definition{Stop: study.Stop{Trials: 9}, Cost: usd}, suggest.Budget{}},
		"resource":        {study.Definition{Stop: study.Stop{Resource: 9}}, suggest.Budget{}},
		"time":            {study.Definition{Stop: study.Stop{Time: study.Duration(time.Hour)}, Parallel: 4}, suggest.Budget{Limit: 4 * 3600}},
		"money":           {study.Definition{Stop: study.Stop{Cost: 9}, Cost: usd}, suggest.Budget{Limit: 9, Cost: usd}},
		"money, and time": {study.Definition{Stop: study.Stop{Cost: 9, Time: study.Duration(time.Hour)}, Cost: usd}, suggest.Budget{Limit: 9, Cost: usd}},
	} {
		b := suggest.BudgetOf(&c.def)
		if (b == nil) != (c.want.Limit == 0) || b != nil && *b != c.want {
			t.Errorf("%s: %+v, want %+v", name, b, c.want)
		}
	}
}
