package policy

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/afina-hpo/afina"

// graph is who may import whom: a line a room, its imports from this module
// behind the colon. "name/..." stands for every package below name. What is
// not here is not allowed, and what is here but not imported is a mistake,
// too: the text is the graph, not a wish. Tests may import more.
//
// The direction is num < space < study < {suggest, schedule, analyze} < simulate,
// engine; stores, launchers and harvest hang off study; worker, server and cli
// stand above; only cmd/afina, the library and builtin name concrete methods
// and adapters.
const graph = `
internal/builtin: schedule schedule/auto schedule/curve schedule/fixed schedule/foresee schedule/halving schedule/median schedule/pb2 schedule/pbt schedule/race schedule/replay schedule/rule suggest suggest/bo suggest/bohb suggest/cmaes suggest/de suggest/dehb suggest/forest suggest/genetic suggest/grid suggest/manual suggest/nsga suggest/portfolio suggest/qmc suggest/random suggest/rbf suggest/tpe
internal/checkpoint: internal/home study
internal/diag:
internal/e2e:
internal/foresight: internal/ladder study
internal/home:
internal/ladder:
internal/need:
internal/policy:
internal/present: analyze space space/value study
num:
num/ehvi: num/pareto num/special
num/forest:
num/gp: num/lbfgs num/linalg num/special
num/lbfgs:
num/linalg:
num/pareto:
num/qmc:
num/special:
num/warp: num/special
space: internal/diag space/expr space/value
space/expr: space/value
space/spacetest: space space/expr space/value
space/value:
study: space space/expr space/value study/setting
study/setting: internal/diag space/value
suggest: internal/diag space study study/setting
suggest/bo: internal/foresight num/ehvi num/gp num/lbfgs num/linalg num/pareto num/special num/warp space space/value study study/setting suggest suggest/internal/cube suggest/internal/distinct suggest/qmc suggest/warm
suggest/bohb: num/special space space/value study study/setting suggest suggest/internal/cube suggest/internal/distinct suggest/internal/level
suggest/cmaes: num/linalg space space/value study study/setting suggest suggest/internal/distinct
suggest/de: space space/value study study/setting suggest suggest/internal/distinct suggest/internal/merit suggest/internal/vary
suggest/dehb: internal/foresight internal/ladder space space/value study study/setting suggest suggest/internal/distinct suggest/internal/level suggest/internal/vary
suggest/forest: num/forest num/special space space/value study study/setting suggest suggest/internal/cube suggest/internal/distinct suggest/qmc
suggest/genetic: space space/value study study/setting suggest suggest/internal/distinct suggest/internal/merit suggest/internal/vary
suggest/grid: space space/value study study/setting suggest suggest/internal/distinct
suggest/internal/cube: space
suggest/internal/distinct: space study suggest
suggest/internal/level: study
suggest/internal/merit: study
suggest/internal/vary: space
suggest/manual: study/setting suggest
suggest/nsga: num/pareto space space/value study study/setting suggest suggest/internal/distinct suggest/internal/vary
suggest/portfolio: internal/foresight num/special space space/value study study/setting suggest suggest/bo suggest/cmaes suggest/forest suggest/internal/distinct suggest/nsga suggest/tpe
suggest/qmc: num/qmc space study study/setting suggest suggest/internal/distinct
suggest/random: study/setting suggest suggest/internal/distinct
suggest/rbf: num/linalg space space/value study study/setting suggest suggest/internal/cube suggest/internal/distinct
suggest/repeat: space study suggest
suggest/suggesttest: space space/expr space/value study study/setting suggest
suggest/tpe: num/pareto num/qmc num/special space space/value study study/setting suggest suggest/internal/distinct
suggest/warm: internal/diag space space/value study study/setting suggest
schedule: internal/diag space study study/setting
schedule/auto: schedule schedule/fixed schedule/foresee schedule/halving schedule/median schedule/race space/value study/setting
schedule/curve: schedule space/value study study/setting
schedule/fixed: schedule study study/setting
schedule/foresee: internal/foresight num/special schedule space/value study study/setting
schedule/halving: internal/foresight internal/ladder schedule schedule/internal/rung space/value study study/setting
schedule/internal/rung: num/pareto study
schedule/median: schedule schedule/internal/rung space/value study study/setting
schedule/pb2: num/gp schedule schedule/pbt space space/value study study/setting
schedule/pbt: schedule schedule/internal/rung space space/value study study/setting
schedule/race: num/special schedule schedule/rule space/value study study/setting
schedule/replay: schedule space space/value study study/setting
schedule/rule: schedule schedule/internal/rung schedule/median space/value study study/setting
schedule/scheduletest: schedule simulate space study study/setting
analyze: internal/foresight num/pareto num/special space study
simulate: analyze num/forest num/linalg schedule space study suggest suggest/warm
engine: analyze schedule space space/value store study suggest suggest/repeat suggest/warm
store: study
store/internal/gate: space study
store/internal/record: space space/value study
store/memory: store store/internal/gate study
store/sqlite: space store store/internal/gate store/internal/record study
store/storetest: space space/value store study
launch:
launch/command: internal/diag space space/value
launch/launchtest: launch
launch/local: launch
harvest:
worker: harvest internal/checkpoint internal/home launch launch/command space/value study
config: harvest internal/diag launch/command schedule space space/expr space/value study study/setting suggest suggest/repeat suggest/warm
server/lines: analyze engine internal/diag internal/present space space/value study
cli: analyze config engine internal/diag internal/home internal/present launch launch/command schedule server/lines simulate space space/value store study study/setting suggest suggest/warm worker
cmd/afina: cli internal/builtin launch launch/local store store/memory store/sqlite
.: analyze config engine internal/builtin internal/checkpoint internal/home space space/expr space/value store store/memory store/sqlite study study/setting suggest/warm
examples/digits:
examples/library: .
`

func TestImportGraph(t *testing.T) {
	want := map[string][]string{}
	for _, line := range strings.Split(strings.TrimSpace(graph), "\n") {
		name, imports, ok := strings.Cut(line, ":")
		if !ok {
			t.Fatalf("line %q has no colon", line)
		}
		want[name] = strings.Fields(imports)
	}
	got := packages(t)
	for _, p := range got {
		allowed, ok := want[p.name]
		if !ok {
			t.Errorf("package %s is not in the graph; it imports: %s", p.name, strings.Join(p.imports, " "))
			continue
		}
		for _, i := range p.imports {
			if !slices.Contains(allowed, i) {
				t.Errorf("%s must not import %s", p.name, i)
			}
		}
		for _, i := range allowed {
			if !slices.Contains(p.imports, i) {
				t.Errorf("%s does not import %s any more: take it out of the graph", p.name, i)
			}
		}
		delete(want, p.name)
	}
	for name := range want {
		t.Errorf("the graph has %s, which is no package", name)
	}
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	for _, p := range packages(t) {
		doc := strings.TrimSpace(p.doc)
		last := p.name[strings.LastIndex(p.name, "/")+1:]
		switch {
		case p.command && !strings.HasPrefix(doc, "Command "+last) && !strings.HasPrefix(doc, "Program "+last):
			t.Errorf("%s: the package comment must begin with %q, not %.40q", p.name, "Command "+last, doc)
		case !p.command && !strings.HasPrefix(doc, "Package "):
			t.Errorf("%s: the package comment must begin with %q, not %.40q", p.name, "Package "+last, doc)
		case !strings.HasSuffix(doc, "."):
			t.Errorf("%s: the package comment must begin with a full sentence, not %q", p.name, doc)
		}
	}
}

type pkg struct {
	name    string // below the module; "." for its root
	doc     string // first sentence
	imports []string
	command bool
}

// packages lists the packages of the module with their imports from it.
func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Name,Doc,Imports", module+"/...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for dec.More() {
		var p struct {
			ImportPath, Name, Doc string
			Imports               []string
		}
		if err := dec.Decode(&p); err != nil {
			t.Fatalf("go list: %v", err)
		}
		q := pkg{name: below(p.ImportPath), doc: p.Doc, command: p.Name == "main"}
		for _, i := range p.Imports {
			if i == module || strings.HasPrefix(i, module+"/") {
				q.imports = append(q.imports, below(i))
			}
		}
		all = append(all, q)
	}
	if len(all) < 10 {
		t.Fatalf("go list found %d packages only", len(all))
	}
	return all
}

func below(path string) string {
	if path == module {
		return "."
	}
	return strings.TrimPrefix(path, module+"/")
}
