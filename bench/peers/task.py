"""A task of `bench serve`: its space, its questions, and its incumbents.

Nothing here knows an optimizer. A parameter has one of four kinds, to which
everything that the server names is brought:

    float     any number from low to high; log: on a logarithmic scale
    int       every whole number from low to high; log likewise
    index     one of a list of values whose neighbours are alike
    category  one of a list of values without an order

An ordered choice, and a number with a step, is an index; a bool is a category.
"""

import json
import math
import os
import subprocess


class Param:
    """One parameter; values is the list of an index or a category."""

    def __init__(self, served):
        unknown = set(served) - {"name", "type", "low", "high", "scale", "step", "choices", "ordered", "when"}
        if unknown:
            raise ValueError(f"parameter {served['name']}: {sorted(unknown)} cannot be translated")
        self.name = served["name"]
        self.branches = [(b["parameter"], b["is"]) for b in served.get("when", [])]
        self.low, self.high = served.get("low", 0), served.get("high", 0)
        if served.get("scale", "linear") not in ("linear", "log"):
            raise ValueError(f"parameter {self.name}: the scale {served['scale']} cannot be translated")
        self.log = served.get("scale") == "log"
        self.values = None
        kind, step = served["type"], served.get("step", 0)
        if kind == "bool":
            self.kind, self.values = "category", [False, True]
        elif kind == "choice":
            self.kind, self.values = "index" if served.get("ordered") else "category", served["choices"]
        elif step and not (kind == "int" and step == 1):
            whole = int if kind == "int" else float
            n = math.floor((self.high - self.low) / step + 1e-9) + 1
            self.kind, self.values = "index", [whole(self.low + i * step) for i in range(n)]
        else:
            self.kind = kind

    @property
    def count(self):
        """How many values there are; infinite for a float."""
        if self.values is not None:
            return len(self.values)
        if self.low == self.high:
            return 1
        return self.high - self.low + 1 if self.kind == "int" else math.inf

    def only(self):
        """The value of a parameter that has just one."""
        return self.values[0] if self.values else self.low

    def span(self):
        """The ends of a number's interval on its scale; of an int, half a
        number wider, so that rounding gives each number its share."""
        low, high = self.low, self.high
        if self.kind == "int":
            low, high = low - 0.5, high + 0.5
        return (math.log(low), math.log(high)) if self.log else (low, high)

    def at(self, u):
        """The value at u of the unit interval, which all have equal parts of."""
        u = min(max(u, 0.0), 1.0)
        if self.values is not None:
            return self.values[min(int(u * self.count), self.count - 1)]
        low, high = self.span()
        return self.near(low + u * (high - low))

    def near(self, x):
        """The value next to the place x on the parameter's scale."""
        x = math.exp(x) if self.log else x
        x = round(x) if self.kind == "int" else float(x)
        return min(max(x, self.low), self.high)


class Space:
    """The parameters, parents before children."""

    def __init__(self, served):
        unknown = set(served) - {"parameters"}
        if unknown:
            raise ValueError(f"{sorted(unknown)} of a space cannot be translated")
        waiting = [Param(p) for p in served["parameters"]]
        self.params = []
        while waiting:
            done = {p.name for p in self.params}
            ready = [p for p in waiting if all(parent in done for parent, _ in p.branches)]
            if not ready:
                raise ValueError(f"conditions go round in a circle: {[p.name for p in waiting]}")
            self.params += ready
            waiting = [p for p in waiting if p not in ready]
        self.free = [p for p in self.params if p.count > 1]

    def active(self, p, config):
        """Whether p exists where config has the values of its parents."""
        if not p.branches:
            return True
        return any(parent in config and config[parent] in values for parent, values in p.branches)

    def walk(self, choose):
        """The configuration that choose(param) makes, asked only for the
        parameters that exist in it and have more than one value."""
        config = {}
        for p in self.params:
            if self.active(p, config):
                config[p.name] = choose(p) if p.count > 1 else p.only()
        return config


class Outcome:
    """What an evaluation told: values is None of one that crashed."""

    def __init__(self, values, violations=()):
        self.values, self.violations = values, list(violations)

    @property
    def feasible(self):
        return self.values is not None and not any(v > 0 for v in self.violations)

    def losses(self, objectives):
        """The values for an optimizer that knows neither crashes nor
        constraints: behind all others, the less violated before the more."""
        if self.feasible:
            return self.values
        return [1e9 + sum(max(v, 0) for v in self.violations)] * objectives


class Task:
    """A server of one task, as a context."""

    def __init__(self, bench, name, seed):
        self.server = subprocess.Popen(
            [bench, "serve", "-seed", str(seed), name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        try:
            head = self.ask(op="space")
            self.name = head["task"]
            self.space = Space(head["space"])
        except BaseException:
            self.close()
            raise
        self.objectives = head["objectives"]
        self.nadir = head.get("nadir")
        self.fidelity = head.get("fidelity")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        try:
            self.server.stdin.close()
        except BrokenPipeError:
            pass  # it ended by itself
        self.server.wait()
        self.server.stdout.close()

    def ask(self, **question):
        try:
            self.server.stdin.write(json.dumps(question, allow_nan=False) + "\n")
            self.server.stdin.flush()
        except BrokenPipeError:
            pass  # the server ended, as the empty line below says
        line = self.server.stdout.readline()
        if not line:
            raise RuntimeError("the server ended; its message is above")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"the server refused {question}: {answer['error']}")
        return answer

    def evaluate(self, config, op="evaluate", **more):
        a = self.ask(op=op, params=config, **more)
        values = None if a.get("crashed") else [a["values"][o] for o in self.objectives]
        return Outcome(values, a.get("violations", ()))


class Incumbent:
    """The true value of what looks best so far, as traces have it."""

    def __init__(self, task):
        self.task, self.best, self.truth, self.front = task, math.inf, None, []

    def see(self, config, outcome):
        """Takes the next trial in and returns the incumbent's true value."""
        if not outcome.feasible:
            return self.truth
        if self.task.nadir:
            y = self.task.evaluate(config, op="true").values
            if all(a < b for a, b in zip(y, self.task.nadir)):
                self.front = [p for p in self.front if not covers(y, p)] + [y]
            self.truth = -hypervolume(self.front, self.task.nadir)
        elif outcome.values[0] < self.best:
            self.best = outcome.values[0]
            true = self.task.evaluate(config, op="true")
            self.truth = true.values[0] if true.feasible else None
        return self.truth


def covers(a, b):
    """Whether a is nowhere worse than b."""
    return all(x <= y for x, y in zip(a, b))


def hypervolume(points, nadir):
    """The volume between points, all better than nadir, and nadir: slices
    along the last objective, each as wide as it goes to the next point."""
    if not points:
        return 0.0
    if len(nadir) == 1:
        return nadir[0] - min(p[0] for p in points)
    points = sorted(points, key=lambda p: p[-1])
    ends = [p[-1] for p in points[1:]] + [nadir[-1]]
    total, seen = 0.0, []
    for p, end in zip(points, ends):
        if not any(covers(q, p[:-1]) for q in seen):
            seen = [q for q in seen if not covers(p[:-1], q)] + [p[:-1]]
        total += (end - p[-1]) * hypervolume(seen, nadir[:-1])
    return total


def suite(bench, name):
    """The tasks of a suite, from `bench list`."""
    text = subprocess.run([bench, "list"], check=True, capture_output=True, text=True).stdout
    tasks, inside = [], False
    for line in text.splitlines():
        if line and not line[0].isspace():
            inside = line.split(":")[0] == name
        elif inside and line.strip():
            tasks.append(line.strip())
    if not tasks:
        raise ValueError(f"there is no suite {name!r}; `{os.path.basename(bench)} list` has them")
    return tasks
