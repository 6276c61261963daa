package local

import (
	"os"
	"testing"

	"github.com/afina-hpo/afina/launch"
	"github.com/afina-hpo/afina/launch/launchtest"
)

func TestMain(m *testing.M) {
	GuardianMain()
	launchtest.Helper()
	playMini()
	// Helpers are copies of this binary; under the race detector each would
	// take a second to exit.
	os.Setenv("GORACE", os.Getenv("GORACE")+" atexit_sleep_ms=0")
	os.Exit(m.Run())
}

func TestConformance(t *testing.T) {
	launchtest.Run(t, func(t *testing.T) launch.Launcher {
		l, err := New(Options{Marker: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		return l
	})
}
