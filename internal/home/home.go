// Package home is the layout of a study's folder: where its database, the
// folders of its trials and their logs lie. Whoever needs a path asks here, so
// that the worker that writes a log and the command that shows it agree.
//
//	.afina/NAME/study.db         the study
//	.afina/NAME/trials/000017/   one trial
//	    checkpoint/              kept over attempts and pauses
//	    checkpoint-at-9/         as it was at a pause, for copies of the trial
//	    attempt-1/               parameters, metrics and result of one attempt
//	    attempt-1.log.gz         its output
package home

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// Root is the folder that holds the studies of a folder.
const Root = ".afina"

// Home is the folder of one study.
type Home struct{ Dir string }

// At returns the home of the study called name whose file is in folder dir.
func At(dir, name string) Home { return Home{filepath.Join(dir, Root, name)} }

// OfStore returns the home of a study kept in a database file anywhere: the
// file's folder where it has the usual name, else a folder beside it.
func OfStore(db string) Home {
	if filepath.Base(db) == "study.db" {
		return Home{filepath.Dir(db)}
	}
	return Home{db + ".files"}
}

// DB returns the database file.
func (h Home) DB() string { return filepath.Join(h.Dir, "study.db") }

// Trial returns the folder of a trial.
func (h Home) Trial(number int) string {
	return filepath.Join(h.Dir, "trials", fmt.Sprintf("%06d", number))
}

// Checkpoint returns the checkpoint folder of a trial.
func (h Home) Checkpoint(number int) string { return filepath.Join(h.Trial(number), "checkpoint") }

// Attempt returns the folder of one attempt.
func (h Home) Attempt(number, attempt int) string {
	return filepath.Join(h.Trial(number), fmt.Sprintf("attempt-%d", attempt))
}

// Log returns the log of an attempt while it runs; when it has ended the log
// has [LogSuffix] behind its name.
func (h Home) Log(number, attempt int) string { return h.Attempt(number, attempt) + ".log" }

// LogSuffix is behind the name of a compressed log.
const LogSuffix = ".gz"

// Marker is what the study's processes carry in their environment, so that
// what a killed afina left behind can be found.
func (h Home) Marker() string { return Absolute(h.Dir) }

// Absolute returns path from the root, or as it is where there is no working
// directory.
func Absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// Ensure makes the study's folder, for the user alone.
func (h Home) Ensure() error {
	if err := os.MkdirAll(h.Dir, 0o700); err != nil {
		return fmt.Errorf("make the study's folder: %w", err)
	}
	return nil
}

var studyName = regexp.MustCompile(`^[A-Za-z0-9_][\w.-]{0,99}$`)

// ValidName reports whether s can name a study, and so a folder: a letter,
// digit or underscore, then up to 99 of those or any of . and -.
func ValidName(s string) bool { return studyName.MatchString(s) }
