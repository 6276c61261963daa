package special_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"

	"github.com/afina-hpo/afina/num/special"
)

func TestStudentAgainstMpmath(t *testing.T) {
	b, err := os.ReadFile("testdata/student.json")
	if err != nil {
		t.Fatal(err)
	}
	var g struct {
		Student [][3]float64
		F       [][4]float64
	}
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	if len(g.Student) < 10 || len(g.F) < 10 {
		t.Fatal("the tables are too short")
	}
	for _, p := range g.Student {
		near(t, fmt.Sprintf("StudentTail(%v, %v)", p[0], p[1]), special.StudentTail(p[0], p[1]), p[2], 1e-12)
	}
	for _, p := range g.F {
		near(t, fmt.Sprintf("FTail(%v, %v, %v)", p[0], p[1], p[2]), special.FTail(p[0], p[1], p[2]), p[3], 1e-12)
	}
}

func TestStudentAtItsEnds(t *testing.T) {
	inf := math.Inf(1)
	for _, c := range []struct{ got, want float64 }{
		{special.StudentTail(inf, 3), 0}, {special.StudentTail(-inf, 3), 1}, {special.StudentTail(0, 3), 0.5},
		{special.FTail(0, 2, 3), 1}, {special.FTail(inf, 2, 3), 0}, {special.Beta(2, 3, 0), 0}, {special.Beta(2, 3, 1), 1},
	} {
		if c.got != c.want {
			t.Errorf("got %v, want %v", c.got, c.want)
		}
	}
	for _, x := range []float64{special.StudentTail(1, 0), special.StudentTail(math.NaN(), 1), special.FTail(1, 0, 1), special.Beta(1, 1, 1.5), special.Beta(0, 1, 0.5)} {
		if !math.IsNaN(x) {
			t.Errorf("got %v, want NaN", x)
		}
	}
}
