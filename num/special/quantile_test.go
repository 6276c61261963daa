package special

import (
	"math"
	"testing"
)

// From scipy 1.17.1, stats.t.ppf.
func TestStudentQuantile(t *testing.T) {
	for _, c := range []struct{ df, p, want float64 }{
		{1, 0.6, 0.32491969623290634},
		{1, 0.975, 12.706204736174694},
		{1, 0.9999, 3183.098757118502},
		{2, 0.975, 4.302652729749462},
		{2, 0.9916666666666667, 7.648803937915553},
		{4, 0.6, 0.2707222947075976},
		{4, 0.975, 2.7764451051977934},
		{4, 0.9916666666666667, 3.9607864827701835},
		{4, 0.9999, 13.033671720896821},
		{9, 0.975, 2.262157162798205},
		{9, 0.9916666666666667, 2.93332408837399},
		{30, 0.999, 3.3851848668293045},
		{200, 0.6, 0.25368437919014747},
		{200, 0.9999, 3.789120788747759},
	} {
		got := StudentQuantile(c.p, c.df)
		if math.Abs(got/c.want-1) > 1e-9 {
			t.Errorf("quantile %v with %v degrees of freedom is %v, want %v", c.p, c.df, got, c.want)
		}
		if low := StudentQuantile(1-c.p, c.df); math.Abs(low/c.want+1) > 1e-9 {
			t.Errorf("quantile %v with %v degrees of freedom is %v, want %v", 1-c.p, c.df, low, -c.want)
		}
	}
	if got := StudentQuantile(0.5, 3); math.Abs(got) > 1e-15 {
		t.Errorf("the median is %v", got)
	}
}
