package fixed_test

import (
	"testing"

	"github.com/afina-hpo/afina/schedule/fixed"
	"github.com/afina-hpo/afina/schedule/scheduletest"
)

func TestContract(t *testing.T) {
	scheduletest.Run(t, fixed.Method, scheduletest.Options{Keeps: true})
}
