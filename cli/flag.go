package cli

import (
	"errors"
	"time"

	"github.com/spf13/pflag"

	"github.com/afina-hpo/afina/config"
	"github.com/afina-hpo/afina/study"
)

// durationFlag is a flag for a time as study files write it, days included.
type durationFlag struct{ d *time.Duration }

// String returns the time, "" where there is none, so that help shows no
// default.
func (f durationFlag) String() string {
	if f.d == nil || *f.d == 0 {
		return ""
	}
	return f.d.String()
}

// Set reads the time.
func (f durationFlag) Set(text string) error {
	d, err := config.ParseDuration(text)
	if err == nil {
		*f.d = d
	}
	return err
}

// Type names what help shows as the flag's value.
func (f durationFlag) Type() string { return "duration" }

// checkParallel refuses more trials at once than a study file may ask for.
func checkParallel(n int) error {
	if n > config.MaxParallel {
		return usageError{study.Errorf(study.Invalid, "ask for fewer", "--parallel %d is more than the limit of %d", n, config.MaxParallel)}
	}
	return nil
}

// wantedBy says what the flag that err is about takes; "" where err is about
// something else.
func wantedBy(err error) string {
	e, ok := errors.AsType[*pflag.InvalidValueError](err)
	if !ok {
		return ""
	}
	what := map[string]string{
		"int": "a whole number, such as 8", "uint64": "a whole number of at least 0, such as 7",
		"float64": "a number, such as 0.05", "duration": "a time, such as 90s, 30m, 2h or 2d",
	}[e.GetFlag().Value.Type()]
	if what == "" {
		return ""
	}
	return "--" + e.GetFlag().Name + " takes " + what
}
