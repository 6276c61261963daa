"""python -m unittest: the virtual clock of multi-fidelity runs, and every
scheduler at hand. What needs an optimizer that is not installed is skipped."""

import importlib.metadata
import json
import os
import tempfile
import unittest

import fidelity
import schedulers
from test_peers import ALL, FLOATS, complaint, space


class Script:
    """A scheduler that says what it is told to, and notes what it hears."""

    resumes, hears_again = True, False

    def __init__(self, orders, verdicts=(), hears_again=False):
        self.orders, self.verdicts, self.heard = list(orders), dict(verdicts), []
        self.hears_again = hears_again

    def order(self):
        return self.orders.pop(0) if self.orders else None

    def report(self, key, notch, value):
        self.heard.append((key, notch, value))
        return self.verdicts.get((key, notch), "go")

    def ended(self, key, notch, value):
        self.heard.append((key, "ended", notch, value))


def play(orders, budget=1, verdicts=(), evaluate=lambda c, s, n: float(c), hears_again=False, **options):
    """A run of four steps of the lengths 1, 1, 2 and 4 whose configurations are
    their own truths."""
    script = Script(orders, verdicts, hears_again)
    run = fidelity.Run(script, evaluate, lambda c: c, [1, 2, 4, 8], budget, **options)
    run.go()
    return run, script


class TestRun(unittest.TestCase):
    def test_notches(self):
        self.assertEqual(fidelity.notches({"min": 1, "max": 3}), [1, 2, 3])
        share = fidelity.notches({"min": 0.03, "max": 1})
        self.assertEqual((len(share), share[0], share[-1]), (34, 0.03, 1))
        self.assertAlmostEqual(share[-2], 0.99)

    def test_one_worker(self):
        run, script = play([("a", 5, 2), ("b", 3, 1), ("a", 5, 4)], budget=1.25)
        self.assertEqual(script.heard, [
            ("a", 1, 5), ("a", 2, 5), ("a", "ended", 2, 5), ("b", 1, 3), ("b", "ended", 1, 3),
            ("a", 3, 5), ("a", 4, 5), ("a", "ended", 4, 5)])
        # One unit is a tenth of the budget; b is better at step 1, but a has
        # been trained further. The last tenth is not used.
        self.assertEqual(run.values, [None] * 9 + [5] * 91)
        self.assertEqual((run.paid, run.clock, len(run.decisions)), (9, 9, 100))

    def test_incumbent(self):
        truths = {"a": 1, "b": 2, "c": 3}
        values = {("a", 1): 0.5, ("b", 1): 0.4, ("c", 1): 0.4, ("a", 2): 0.9}
        script = Script([("a", "a", 1), ("b", "b", 1), ("c", "c", 1), ("a", "a", 2)])
        run = fidelity.Run(script, lambda c, s, n: values[c, s], truths.get, [1, 2], 2)
        run.go()
        # Better at the same step, not better, and worse at a later one.
        self.assertEqual([run.values[k] for k in (23, 24, 49, 74, 99)], [None, 1, 2, 2, 1])

    def test_restart_pays_again(self):
        orders = [("a", 5, 2), ("a", 5, 3)]
        run, script = play(orders, restart=True)
        self.assertEqual((run.paid, [h[1] for h in script.heard]), (2 + 4, [1, 2, "ended", 3, "ended"]))
        run, script = play(orders, restart=True, hears_again=True)
        self.assertEqual([h[1] for h in script.heard], [1, 2, "ended", 1, 2, 3, "ended"])
        self.assertEqual(play(orders)[0].paid, 4)

    def test_workers(self):
        # Both begin at once; the lower number goes first, the budget is shared.
        run, script = play([("a", 5, 4), ("b", 3, 4), ("c", 1, 4)], budget=1, workers=2)
        self.assertEqual([h[:2] for h in script.heard], [("a", 1), ("b", 1), ("a", 2), ("b", 2), ("a", 3), ("b", 3)])
        self.assertEqual((run.paid, run.clock), (8, 4))

    def test_verdicts_and_crashes(self):
        _, script = play([("a", 5, 4), ("b", 3, 4)], budget=2, verdicts={("a", 2): "stop"})
        self.assertEqual(script.heard[2], ("a", "ended", 2, 5))
        _, script = play([("a", 5, 4)], evaluate=lambda c, s, n: None if s == 2 else 1.0)
        self.assertEqual(script.heard, [("a", 1, 1.0), ("a", "ended", 2, None)])

    def test_known_already(self):
        run, script = play([("a", 5, 2), ("a", 5, 1)])
        self.assertEqual((run.paid, script.heard[-1]), (2, ("a", "ended", 1, 5)))

    def test_noise_is_by_trial(self):
        asked = []
        play([("x", 5, 1), ("y", 3, 1), ("x", 5, 2)], evaluate=lambda c, s, n: asked.append((n, s)) or 1.0)
        self.assertEqual(asked, [(0, 1), (1, 1), (0, 2)])

    def test_decisions(self):
        ticks = iter(range(1000))
        run, _ = play([("a", 5, 4)], now=lambda: next(ticks))
        # The order and three reports; the last comes after the last mark.
        self.assertEqual((run.seconds, run.decisions[0], run.decisions[-1]), ([1], 1, 4))

    def test_mistakes(self):
        for orders, want in [([("a", 5, 5)], "notch 5 of 4"), ([("a", 5, 4), ("a", 5, 4)], "twice")]:
            with self.assertRaisesRegex(ValueError, want):
                play(orders, workers=2)


class TestSchedulers(unittest.TestCase):
    def drive(self, peer, params, budget=6, seed=0, workers=1, restart=False, crash=False, notches=27):
        """A curve that falls with the step to what the configuration says."""
        seen = []

        def evaluate(config, step, number):
            self.assertEqual(complaint(params, config), "", f"{peer}: {config}")
            json.dumps(config)
            if crash and number % 7 == 3 and step > 1:
                return None
            return config["share"] + 1 / step

        made = schedulers.make(peer, {}, space(*params), notches, seed, workers)
        run = fidelity.Run(made, evaluate, lambda c: seen.append(c) or c["share"], list(range(1, notches + 1)), budget, workers, restart)
        run.go()
        self.assertEqual(len(run.values), fidelity.MARKS)
        return run

    def each(self, check, *without):
        for peer, (package, *_) in schedulers.PEERS.items():
            if peer not in without:
                with self.subTest(peer):
                    try:
                        importlib.metadata.version(package)
                    except importlib.metadata.PackageNotFoundError:
                        self.skipTest(f"{peer} is not tested: {package} is not installed")
                    try:
                        schedulers.make(peer, {}, space(*FLOATS), 9, 0, 1)
                    except (ImportError, AttributeError) as e:  # not the version that is asked for
                        self.skipTest(f"{peer} is not tested: {e}")
                    check(peer)

    def test_schedules(self):
        def check(peer):
            one, same, other = (self.drive(peer, ALL, seed=s) for s in (1, 1, 2))
            self.assertEqual(one.values, same.values)
            self.assertNotEqual(one.values, other.values)
            # It is used up, some training came to the end, and most did not.
            reached = [t.reached for t in one.trainings.values()]
            self.assertGreaterEqual(one.paid, one.budget * (1 - 1e-9))
            self.assertEqual(max(reached), 27)
            if peer != "optuna-tpe-full":
                self.assertLess(sum(r == 27 for r in reached), len(reached))

        self.each(check, "syne-mobster", "syne-hypertune")

    def test_workers_restarts_and_crashes(self):
        def check(peer):
            self.drive(peer, FLOATS, workers=4)
            self.drive(peer, FLOATS, restart=True)
            self.drive(peer, FLOATS, crash=True)

        self.each(check, "syne-mobster", "syne-hypertune")

    def test_slow_ones(self):
        def check(peer):
            self.drive(peer, FLOATS, budget=2, notches=9)

        self.each(check, *(p for p in schedulers.PEERS if p not in ("syne-mobster", "syne-hypertune")))


@unittest.skipUnless(os.environ.get("BENCH"), "BENCH names no program to serve tasks")
class TestServed(unittest.TestCase):
    def test_run_goes_on_where_it_was_stopped(self):
        try:
            importlib.metadata.version("optuna")
        except importlib.metadata.PackageNotFoundError:
            self.skipTest("optuna is not installed")
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "t.jsonl")

            def traces(seeds, *more):
                code = fidelity.main([
                    "--bench", os.environ["BENCH"], "--tasks", "mf-hartmann/d3/good", "--peers", "optuna-halving",
                    "--seeds", str(seeds), "--budget", "3", "--out", path, *more])
                self.assertEqual(code, 0)
                with open(path) as f:
                    return [json.loads(line) for line in f]

            first = traces(1)
            again = traces(2)
            self.assertEqual((len(first), again[0]), (1, first[0]))
            self.assertEqual([t["seed"] for t in again], [0, 1])
            # Nothing is resumed by it, so that there is nothing to restart.
            self.assertEqual(len(traces(1, "--restart")), 2)
            self.assertEqual(traces(1, "--workers", "3")[-1]["parallel"], 3)


if __name__ == "__main__":
    unittest.main()
