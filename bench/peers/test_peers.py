"""python -m unittest: the translation of spaces, and every optimizer at hand.

What needs an optimizer that is not installed is skipped, and so is what needs
the server, unless BENCH names the program.
"""

import importlib.metadata
import importlib.util
import itertools
import json
import math
import os
import random
import tempfile
import unittest

import adapters
import peers
import task as tasks
from task import Outcome, Space


def space(*params):
    return Space({"parameters": list(params)})


# A parameter of every kind, and conditions of every sort: on a category, on
# two values of it, on one of two parents, on a grandchild, and on a number.
ALL = (
    {"name": "rate", "type": "float", "low": 1e-5, "high": 0.1, "scale": "log"},
    {"name": "share", "type": "float", "high": 1},
    {"name": "units", "type": "int", "low": 4, "high": 512, "scale": "log"},
    {"name": "layers", "type": "int", "low": 1, "high": 3},
    {"name": "batch", "type": "choice", "choices": [16, 32, 128], "ordered": True},
    {"name": "even", "type": "int", "low": 2, "high": 11, "step": 2},
    {"name": "flag", "type": "bool"},
    {"name": "net.kind", "type": "choice", "choices": ["tree", "net", 3]},
    {"name": "depth", "type": "int", "low": 1, "high": 9, "when": [{"parameter": "net.kind", "is": ["tree"]}]},
    {"name": "drop", "type": "float", "high": 0.5, "when": [{"parameter": "net.kind", "is": ["net", 3]}]},
    {"name": "either", "type": "float", "high": 1, "when": [{"parameter": "net.kind", "is": ["tree"]}, {"parameter": "flag", "is": [True]}]},
    {"name": "act", "type": "choice", "choices": ["relu", "tanh"], "when": [{"parameter": "net.kind", "is": ["net"]}]},
    {"name": "slope", "type": "float", "high": 1, "when": [{"parameter": "act", "is": ["relu"]}]},
    {"name": "second", "type": "float", "low": -1, "high": 1, "when": [{"parameter": "layers", "is": [2, 3]}]},
    {"name": "fixed", "type": "choice", "choices": ["one"]},
)
NUMBERS = tuple(p for p in ALL if p["name"] in ("rate", "share", "units", "layers", "batch", "even"))
FLOATS = ALL[:2]


def complaint(params, config):
    """What is wrong with a configuration, said by the served space itself."""
    names = []
    for p in params:
        if "when" in p and not any(b["parameter"] in config and config[b["parameter"]] in b["is"] for b in p["when"]):
            continue
        names.append(p["name"])
        if p["name"] not in config:
            return f"{p['name']} is missing"
        x = config[p["name"]]
        want = {"float": float, "int": int, "bool": bool}.get(p["type"])
        if want and type(x) is not want:
            return f"{p['name']} is {x!r}, a {type(x).__name__}"
        if p["type"] == "choice" and x not in p["choices"]:
            return f"{p['name']} is {x!r}, no choice"
        if p["type"] in ("int", "float") and not p.get("low", 0) <= x <= p["high"]:
            return f"{p['name']} is {x!r}, out of range"
        if "step" in p and (x - p["low"]) % p["step"]:
            return f"{p['name']} is {x!r}, beside the steps"
    return f"it has {sorted(config)}, want {sorted(names)}" if set(names) != set(config) else ""


class TestSpace(unittest.TestCase):
    def test_kinds(self):
        got = [(p.name, p.kind, p.count) for p in space(*ALL[:8]).params]
        self.assertEqual(got, [
            ("rate", "float", math.inf), ("share", "float", math.inf), ("units", "int", 509), ("layers", "int", 3),
            ("batch", "index", 3), ("even", "index", 5), ("flag", "category", 2), ("net.kind", "category", 3),
        ])
        self.assertEqual(space(ALL[5]).params[0].values, [2, 4, 6, 8, 10])

    def test_float_steps(self):
        p = space({"name": "x", "type": "float", "low": 0.1, "high": 0.5, "step": 0.2}).params[0]
        self.assertEqual([round(v, 12) for v in p.values], [0.1, 0.3, 0.5])

    def test_at(self):
        rate, share, units, layers, batch, even, flag, kind = space(*ALL[:8]).params
        for p, u, want in [
            (rate, 0, 1e-5), (rate, 0.5, 1e-3), (rate, 1, 0.1), (share, 0.25, 0.25), (share, -3, 0.0), (share, 7, 1.0),
            (units, 0, 4), (units, 1, 512), (units, 0.5, 42), (layers, 0.33, 1), (layers, 0.34, 2), (layers, 1, 3),
            (batch, 0.34, 32), (batch, 1, 128), (even, 0.5, 6), (flag, 0.5, True), (kind, 1, 3),
        ]:
            got = p.at(u)
            self.assertTrue(math.isclose(got, want, rel_tol=1e-12), f"{p.name} at {u}: {got}, want {want}")

    def test_place_has_grids_on_the_ends(self):
        _, _, units, layers, batch = space(*ALL[:5]).params
        self.assertEqual([adapters.place(layers, u) for u in (-1, 0, 0.24, 0.26, 0.74, 0.76, 1, 2)], [1, 1, 1, 2, 2, 3, 3, 3])
        self.assertEqual([adapters.place(batch, u) for u in (0, 0.5, 1)], [16, 32, 128])
        self.assertEqual(adapters.place(units, 0.5), units.at(0.5))

    def test_walk(self):
        asked = []

        def choose(p):
            asked.append(p.name)
            return p.at(0)

        config = space(*reversed(ALL)).walk(choose)  # children are served before parents
        self.assertEqual(complaint(ALL, config), "")
        self.assertEqual(config["net.kind"], "tree")
        self.assertIn("depth", config)
        self.assertIn("either", config)
        self.assertNotIn("drop", config)
        self.assertNotIn("slope", config)
        self.assertEqual(config["fixed"], "one")
        self.assertNotIn("fixed", asked)

    def test_refusals(self):
        for served, want in [
            ({"parameters": [{"name": "x", "type": "float", "high": 1, "if": "y > 1"}]}, "if"),
            ({"parameters": [{"name": "x", "type": "float", "high": 1, "prior": "normal"}]}, "prior"),
            ({"parameters": [{"name": "x", "type": "float", "high": 0.9, "scale": "reverse-log"}]}, "reverse-log"),
            ({"parameters": [], "constraints": ["x < y"]}, "constraints"),
            ({"parameters": [{"name": "x", "type": "bool", "when": [{"parameter": "x", "is": [True]}]}]}, "circle"),
        ]:
            with self.assertRaisesRegex(ValueError, want):
                Space(served)


class TestOutcome(unittest.TestCase):
    def test_losses(self):
        self.assertEqual(Outcome([2.0], [-1]).losses(1), [2.0])
        self.assertEqual(Outcome([2.0], [3, -1]).losses(1), [1e9 + 3])
        self.assertEqual(Outcome(None).losses(2), [1e9, 1e9])
        self.assertFalse(Outcome([2.0], [0, 0.1]).feasible)
        self.assertTrue(Outcome([2.0], [0]).feasible)


class TestHypervolume(unittest.TestCase):
    def test_by_hand(self):
        self.assertEqual(tasks.hypervolume([], [1, 1]), 0)
        self.assertEqual(tasks.hypervolume([[1, 2], [2, 1]], [3, 3]), 3)
        self.assertEqual(tasks.hypervolume([[0, 0, 0]], [2, 3, 4]), 24)

    def test_by_counting(self):
        # The volume of the cells of a grid that some point covers.
        r = random.Random(1)
        for m in (2, 3):
            points = [[r.randrange(5) for _ in range(m)] for _ in range(7)]
            want = sum(any(tasks.covers(p, cell) for p in points) for cell in itertools.product(range(5), repeat=m))
            self.assertEqual(tasks.hypervolume(points, [5] * m), want)


class TestIncumbent(unittest.TestCase):
    def test_one_objective(self):
        class Told:
            nadir = None

            def evaluate(self, config, op):
                self.asked = op
                return Outcome([config], [1] if config < 0 else [])

        seen = tasks.Incumbent(Told())
        got = [seen.see(config, outcome) for config, outcome in [
            (1, Outcome(None)),  # crashed
            (2, Outcome([9.0], [1])),  # infeasible
            (5, Outcome([3.0])),
            (1, Outcome([3.0])),  # only as good as the one before
            (7, Outcome([2.5])),  # looks better, and is worse
            (-1, Outcome([1.0])),  # looks feasible, and is not
        ]]
        self.assertEqual(got, [None, None, 5, 5, 7, None])

    def test_several_objectives(self):
        class Told:
            nadir = [3, 3]

            def evaluate(self, config, op):
                return Outcome(config)

        seen = tasks.Incumbent(Told())
        got = [seen.see(y, Outcome(y)) for y in ([3, 0], [1, 2], [2, 1], [2, 2], [0, 0])]
        self.assertEqual(got, [0, -2, -3, -3, -9])


# What peers need beyond the package whose version they have.
NEEDS = {"optuna-gp": ["torch"], "optuna-auto-rebuilt": ["torch"]}

# Optimizers that take seconds a suggestion, and trials after which each has a
# model, or of Vizier what can be waited for.
SLOW = {"smac-bb": 24, "smac-hpo": 24, "hebo": 20, "ax": 20, "vizier": 10, "skopt": 20}


def bowl(config, objectives):
    """A loss of any configuration: the better, the smaller all numbers."""
    y = sum(float(x) for x in config.values() if isinstance(x, (int, float))) + len(config)
    return [y, -y][:objectives]


class TestAdapters(unittest.TestCase):
    def drive(self, peer, params, objectives=1, trials=40, seed=0, outcome=None, **settings):
        optimizer = adapters.make(peer, settings, space(*params), objectives, seed, trials)
        configs = []
        for n in range(trials):
            config = optimizer.ask()
            self.assertEqual(complaint(params, config), "", f"{peer}, trial {n}: {config}")
            json.dumps(config)
            optimizer.tell(outcome(n, config) if outcome else Outcome(bowl(config, objectives)))
            configs.append(config)
        return configs

    def each(self, check, *without):
        """Checks every optimizer, but those that are not installed."""
        for peer, (package, *_) in adapters.PEERS.items():
            if peer not in without:
                with self.subTest(peer):
                    for needed in (package, *NEEDS.get(peer, ())):
                        try:
                            importlib.metadata.version(needed)
                        except importlib.metadata.PackageNotFoundError:
                            self.skipTest(f"{peer} is not tested: {needed} is not installed")
                    check(peer)

    def test_configurations_are_valid(self):
        def check(peer):
            params = NUMBERS if peer == "cmaes" else ALL
            seen = {}
            for seed in range(3):
                for config in self.drive(peer, params, trials=15 if peer == "optuna-gp" else 40, seed=seed):
                    for name, x in config.items():
                        seen.setdefault(name, set()).add(x)
            # Every parameter is there in some configuration and, unless it
            # cannot, differs between them. What NGOpt picks for such a mixture
            # may leave numbers in the middle where they begin.
            self.assertEqual(set(seen), {p["name"] for p in params})
            if peer != "nevergrad":
                self.assertEqual({name for name, xs in seen.items() if len(xs) == 1}, {"fixed"} & set(seen))

        self.each(check, *SLOW)

    def test_slow_ones(self):
        # As far as seconds a suggestion allow: some trials of the mixed space,
        # two of which fail; the same again; and whether they minimize, for
        # which random numbers would have a mean of 0.5, give or take 0.1.
        def outcome(n, config):
            return Outcome(None if n == 1 else bowl(config, 1), [1.0 if n == 3 else -1.0])

        def check(peer):
            trials = SLOW[peer]
            one, same, other = (self.drive(peer, ALL, trials=trials, seed=s, outcome=outcome) for s in (1, 1, 2))
            self.assertEqual(one, same)
            self.assertNotEqual(one, other)
            share = [c["share"] for c in self.drive(peer, FLOATS, trials=trials)]
            self.assertLess(sum(share[-8:]) / 8, 0.42)

        self.each(check, *(peer for peer in adapters.PEERS if peer not in SLOW))

    def test_seeds(self):
        def check(peer):
            params = NUMBERS if peer == "cmaes" else ALL
            one, same, other = (self.drive(peer, params, trials=14, seed=seed) for seed in (1, 1, 2))
            self.assertEqual(one, same)
            self.assertNotEqual(one, other)

        self.each(check, *SLOW)

    def test_they_learn(self):
        # Random configurations would have 0.5, give or take 0.05.
        def check(peer):
            share = [c["share"] for c in self.drive(peer, FLOATS, trials=100)]
            self.assertLess(sum(share[-40:]) / 40, 0.38)

        self.each(check, "optuna-random", "optuna-nsga2", "rustuna-nsga2", "pymoo-nsga2", "optuna-gp", "optuna-auto-rebuilt", *SLOW)

    def test_crashes_and_constraints(self):
        def outcome(n, config):
            if config["share"] > 0.8:
                return Outcome(None)
            return Outcome([config["share"]], [0.3 - config["share"], -1.0])

        def check(peer):
            good = [0.3 <= c["share"] <= 0.8 for c in self.drive(peer, FLOATS, trials=40, outcome=outcome)]
            self.assertGreater(sum(good), 3)

        self.each(check, "optuna-gp", "optuna-auto-rebuilt", *SLOW)

    def test_several_objectives(self):
        def check(peer):
            if peer == "hyperopt" or "cma" in peer or peer in SLOW:
                with self.assertRaises(adapters.Unfit):
                    self.drive(peer, FLOATS, objectives=2)
            else:
                self.drive(peer, FLOATS, objectives=2)

        self.each(check, "optuna-gp", "optuna-auto-rebuilt")

    def test_auto_chooses(self):
        if importlib.util.find_spec("torch") is None or importlib.util.find_spec("optuna") is None:
            self.skipTest("optuna and torch are not both installed")

        def chosen(params, objectives=1):
            auto = adapters.make("optuna-auto-rebuilt", {}, space(*params), objectives, 0, 4)
            seen = []
            for _ in range(4):
                auto.tell(Outcome(bowl(auto.ask(), objectives)))
                seen.append(type(auto.study.sampler.chosen).__name__)
            return seen

        self.assertEqual(chosen(FLOATS), ["RandomSampler"] + 3 * ["GPSampler"])
        self.assertEqual(chosen(ALL), ["RandomSampler"] + 3 * ["TPESampler"])
        self.assertEqual(chosen(FLOATS, objectives=2), ["RandomSampler"] + 3 * ["GPSampler"])

    def test_cmaes(self):
        if importlib.util.find_spec("cmaes") is None:
            self.skipTest("cmaes is not installed")
        with self.assertRaises(adapters.Unfit):
            self.drive("cmaes", ALL)
        # One that has converged begins again.
        flat = adapters.make("cmaes", {"population_size": 4}, space(*FLOATS), 1, 0, 0)
        for _ in range(2000):
            flat.ask()
            flat.tell(Outcome([0.0]))
            if flat.size != 4:
                break
        self.assertEqual(flat.size, 8)

    def test_settings(self):
        if importlib.util.find_spec("optuna") is None:
            self.skipTest("optuna is not installed")
        a = self.drive("optuna-tpe", FLOATS, trials=12)
        b = self.drive("optuna-tpe", FLOATS, trials=12, n_startup_trials=3)
        self.assertEqual(a[:3], b[:3])
        self.assertNotEqual(a, b)


class TestPeers(unittest.TestCase):
    def test_parse_peer(self):
        self.assertEqual(peers.parse_peer("cmaes"), ("cmaes", {}))
        self.assertEqual(
            peers.parse_peer("optuna-tpe:multivariate=false,x=word,sigma=0.5"),
            ("optuna-tpe", {"multivariate": False, "x": "word", "sigma": 0.5}))
        for text, want in [("gremlin", "no peer"), ("cmaes:sigma", "KEY=VALUE")]:
            with self.assertRaisesRegex(ValueError, want):
                peers.parse_peer(text)

    def test_done(self):
        line = json.dumps({"peer": "p", "task": "t", "seed": 1, "budget": 5})
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "t.jsonl")
            self.assertEqual(peers.done(path), set())
            with open(path, "w") as f:
                f.write(line + "\n" + line[:20])
            self.assertEqual(peers.done(path), {("p", "t", 1, 5)})
            with open(path) as f:
                self.assertEqual(f.read(), line + "\n")
            with open(path, "a") as f:
                f.write("{}\n")
            with self.assertRaisesRegex(ValueError, "line 2"):
                peers.done(path)

    def test_digits(self):
        self.assertEqual([peers.digits(x) for x in (None, 1 / 3, 1e-20 / 3)], [None, 0.333333333, 3.33333333e-21])


@unittest.skipUnless(os.environ.get("BENCH"), "BENCH names no program to serve tasks")
class TestServer(unittest.TestCase):
    def test_run_goes_on_where_it_was_stopped(self):
        bench = os.environ["BENCH"]
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "t.jsonl")

            def traces(seeds):
                names = "bbob/f1/d5/i1,zdt/1,conditional/layers"
                code = peers.main(["--bench", bench, "--tasks", names, "--peers", "optuna-random,cmaes",
                                   "--seeds", str(seeds), "--budget", "6", "--out", path])
                self.assertEqual(code, 0)
                with open(path) as f:
                    return f.readlines()

            first = traces(1)
            # cmaes takes two of the three tasks.
            self.assertEqual(len(first), 5)
            again = traces(2)
            self.assertEqual(again[:5], first)
            self.assertEqual(len(again), 10)
            for line in again:
                t = json.loads(line)
                self.assertEqual((len(t["incumbent_true_value"]), len(t["suggest_seconds"])), (6, 6))
                known = [x for x in t["incumbent_true_value"] if x is not None]
                self.assertEqual(known, sorted(known, reverse=True), "tasks without noise only get better")

    def test_suite(self):
        self.assertIn("bbob/f8/d5/i1", tasks.suite(os.environ["BENCH"], "dev"))
        with self.assertRaisesRegex(ValueError, "no suite"):
            tasks.suite(os.environ["BENCH"], "none")

    def test_refusal(self):
        with tasks.Task(os.environ["BENCH"], "bbob/f1/d5/i1", 0) as task:
            with self.assertRaisesRegex(RuntimeError, "missing"):
                task.evaluate({})


if __name__ == "__main__":
    unittest.main()
