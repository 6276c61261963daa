package study

import (
	"strings"

	"github.com/afina-hpo/afina/space"
)

// GiveContexts adds to fixed the defaults of the contexts of s that it does not
// name, and returns those that it added. A context that has neither is an error:
// nobody searches it, so somebody has to say it.
func GiveContexts(s *space.Space, fixed map[string]space.Value) (added []string, err error) {
	var missing []string
	for i := range s.Params() {
		p := s.Param(i)
		if _, given := fixed[p.Name]; !p.Context || given {
			continue
		}
		if p.Default.IsAbsent() {
			missing = append(missing, p.Name)
			continue
		}
		fixed[p.Name] = p.Default
		added = append(added, p.Name)
	}
	if missing != nil {
		return added, Errorf(Invalid, "a context is not searched but given: with the request or under fix:, or give it a default",
			"the context %s has no value", strings.Join(missing, ", "))
	}
	return added, nil
}
