// Package need is how a test says what it needs of the machine beside Go: a
// test without it skips with one clear line, and fails where the environment
// variable AFINA_REQUIRE says that everything must be there.
package need

import (
	"os"
	"os/exec"
	"testing"
)

// Program returns the path of a program.
func Program(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("AFINA_REQUIRE") != "" {
			t.Fatalf("this test needs %s, which is not here", name)
		}
		t.Skipf("this test needs %s, which is not here", name)
	}
	return path
}
