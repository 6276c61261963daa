package ehvi_test

import (
	"fmt"

	"github.com/afina-hpo/afina/num/ehvi"
)

func ExampleBoxes_LogEHVI() {
	// Error rate and milliseconds of four trials.
	losses := [][]float64{{0.10, 90}, {0.12, 40}, {0.20, 15}, {0.25, 60}}
	boxes := ehvi.Decompose(losses, ehvi.Reference(losses))
	sd := []float64{0.01, 5}
	for _, mean := range [][]float64{{0.15, 25}, {0.13, 45}, {0.30, 90}} {
		fmt.Printf("%v: %.2f\n", mean, boxes.LogEHVI(mean, sd, nil, nil))
	}
	// Output:
	// [0.15 25]: -0.29
	// [0.13 45]: -2.71
	// [0.3 90]: -114.10
}
