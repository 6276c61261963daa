package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// parameter is as much of a parameter in study.yaml as the tests look at.
type parameter struct {
	Default any                             `yaml:"default"`
	When    map[string]map[string]parameter `yaml:"when"`
}

// TestStudyAgreesWithTheFlags: every parameter is a flag, belongs to the same
// choice, and has the flag's default, so that the first trial is the program
// as it is without any flag.
func TestStudyAgreesWithTheFlags(t *testing.T) {
	text, err := os.ReadFile("study.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var study struct {
		Parameters map[string]parameter `yaml:"parameters"`
		Derived    map[string]string    `yaml:"derived"`
	}
	if err := yaml.Unmarshal(text, &study); err != nil {
		t.Fatal(err)
	}
	var s settings
	flags := s.flags()
	var arguments []string
	conditional := 0
	check := func(name string, p parameter) {
		f := flags.Lookup(name)
		if f == nil {
			t.Errorf("parameter %s is no flag", name)
			return
		}
		if got := fmt.Sprint(p.Default); got != f.DefValue {
			t.Errorf("parameter %s has default %s, the flag %s",
				name, got, f.DefValue)
		}
	}
	for name, p := range study.Parameters {
		check(name, p)
		arguments = append(arguments, fmt.Sprintf("--%s=%v", name, p.Default))
		for choice, children := range p.When {
			for child, q := range children {
				check(child, q)
				conditional++
				if o := owner[child]; o.flag != name || o.value != choice {
					t.Errorf("parameter %s hangs on %s=%s, the flag on %s=%s",
						child, name, choice, o.flag, o.value)
				}
				if choice == p.Default {
					arguments = append(arguments,
						fmt.Sprintf("--%s=%v", child, q.Default))
				}
			}
		}
	}
	if conditional != len(owner) {
		t.Errorf("%d conditional parameters, %d conditional flags",
			conditional, len(owner))
	}
	for name := range study.Derived {
		if flags.Lookup(name) == nil {
			t.Errorf("derived value %s is no flag", name)
		}
	}
	// lr_final is lr/100 in the file and, left out, in the program.
	arguments = append(arguments, "--epochs=2", "--lr_final=0.0001")
	status, tuned, errs := runArgs(arguments...)
	if status != 0 {
		t.Fatalf("%s: %s", strings.Join(arguments, " "), errs)
	}
	if _, plain, _ := runArgs("--epochs=2"); tuned != plain {
		t.Errorf("the default trial prints\n%sand the bare program\n%s",
			tuned, plain)
	}
}
