package manual_test

import (
	"testing"

	"github.com/afina-hpo/afina/suggest/manual"
	"github.com/afina-hpo/afina/suggest/suggesttest"
)

func TestContract(t *testing.T) {
	suggesttest.Run(t, manual.Method, suggesttest.Options{Silent: true})
}
