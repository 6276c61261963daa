package sqlite

import "github.com/afina-hpo/afina/study"

// filesystem names the kind of file system that holds a folder, and says
// whether other hosts can write it, too. A kind that is not known counts as
// local.
type filesystem func(dir string) (kind string, network bool, err error)

// checkLocal refuses a folder on a network file system: there, memory shared
// between processes and file locks do not do what SQLite needs, and a store
// is damaged without anybody noticing.
func checkLocal(dir string, of filesystem) error {
	kind, network, err := of(dir)
	if err != nil {
		return study.Errorf(study.Unavailable, "check that the folder exists", "look at %s: %v", dir, err)
	}
	if !network {
		return nil
	}
	return study.Errorf(study.Invalid,
		"put the store on a local disk of the host that runs afina and let workers reach it over the network, or keep studies in PostgreSQL",
		"%s is on a network file system (%s), where a store can be damaged", dir, kind)
}
