// Package config reads what a user wrote, a study file or a command line with
// ranges in it, into a [study.Definition].
//
// It runs nothing and stores nothing, and it knows no search algorithm: the
// [Tables] say which there are. The one idea is that a mistake is told where
// it was made. A reader never stops at the first: every unknown key, value out
// of range and misspelled name comes back at once as a [diag.List], with line,
// column, the line itself and what to write instead; what can be meant but is
// probably not comes back as a warning.
//
// YAML is used for its notation alone. Its traps are closed: duplicate and
// unknown keys, merge keys, tags, octal numbers, and the words that some
// readers take for truth values (yes, no, on, off) are refused with their
// remedy, and files are bounded in size, depth and number of nodes. The keys
// stand in one set of tables, from which the checks, the hints and the JSON
// Schema ([Schema]) are made.
//
//	got, err := config.Load("study.yaml", tables, os.LookupEnv)
//	if err != nil {
//		return err // prints every mistake
//	}
//	for _, w := range got.Warnings { … }
//	run(got.Definition)
package config
