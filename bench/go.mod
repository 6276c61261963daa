module github.com/afina-hpo/afina/bench

go 1.26.0

require github.com/afina-hpo/afina v0.0.0

require github.com/google/go-cmp v0.7.0

require golang.org/x/sys v0.49.0 // indirect

replace github.com/afina-hpo/afina => ..
