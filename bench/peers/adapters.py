"""The optimizers: each is asked for a configuration and told its outcome.

An adapter is made with the space, the number of objectives, the seed, the
budget and settings, which go to the optimizer as its own arguments; all that
is not set is the optimizer's default. How each sees the space:

    Optuna, Rustuna   conditions as they are; an index as a whole number
    Hyperopt          conditions on categories as nested choices, else flat;
                      an index as a rounded uniform number
    Nevergrad, pymoo  flat: the parameters that do not exist are dropped
    cmaes             flat, each parameter on the unit interval

Those that fit models and take seconds are in surrogates.py. Optimizers are
imported where they are used, so that one can be run without the others.
"""

import importlib.metadata
import logging
import warnings

import surrogates
from fit import Unfit, one_objective, without_category


class Optuna:
    """Optuna's samplers, through ask and tell."""

    def __init__(self, sampler, space, objectives, seed, budget, **settings):
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
        warnings.filterwarnings("ignore", category=FutureWarning)
        self.space, self.sampler, self.failed = space, sampler, optuna.trial.TrialState.FAIL
        if sampler == "CmaEsSampler":
            one_objective("it", objectives)
        if sampler == "AutoSampler":
            from autosampler import AutoSampler as kind
        else:
            kind = getattr(optuna.samplers, sampler)
        made = kind(seed=seed, **settings)
        self.study = optuna.create_study(directions=["minimize"] * objectives, sampler=made)

    def ask(self):
        self.trial = self.study.ask()
        return self.space.walk(self.suggest)

    def suggest(self, p):
        if p.kind == "float":
            return self.trial.suggest_float(p.name, p.low, p.high, log=p.log)
        if p.kind == "int":
            return self.trial.suggest_int(p.name, p.low, p.high, log=p.log)
        if p.kind == "index":
            return p.values[self.trial.suggest_int(p.name, 0, p.count - 1)]
        return self.trial.suggest_categorical(p.name, p.values)

    def tell(self, outcome):
        values = outcome.values
        if self.sampler == "CmaEsSampler":  # it looks at no constraints
            values = values and outcome.losses(len(values))
        else:
            for i, v in enumerate(outcome.violations):
                self.trial.set_constraint(str(i), v)
        if values is None:
            self.study.tell(self.handle(), state=self.failed)
        else:
            self.study.tell(self.handle(), values)

    def handle(self):
        """What the study knows the trial by."""
        return self.trial


class Rustuna(Optuna):
    """Rustuna has Optuna's interface, but tells trials by their number."""

    def __init__(self, sampler, space, objectives, seed, budget, **settings):
        import rustuna

        self.space, self.sampler, self.failed = space, sampler, rustuna.trial.TrialState.FAIL
        if sampler == "CmaEsSampler":
            one_objective("it", objectives)
        made = getattr(rustuna.samplers, sampler)(seed=seed, **settings)
        self.study = rustuna.create_study(directions=["minimize"] * objectives, sampler=made)

    def handle(self):
        return self.trial.number


class Hyperopt:
    """Hyperopt's TPE, asked as its fmin does it. One objective only."""

    def __init__(self, space, objectives, seed, budget, **settings):
        import hyperopt
        import numpy

        one_objective("hyperopt", objectives)
        logging.getLogger("hyperopt").setLevel(logging.ERROR)
        self.hyperopt, self.space, self.settings = hyperopt, space, settings
        self.random = numpy.random.default_rng(seed)
        self.trials = hyperopt.Trials()
        self.domain = hyperopt.Domain(lambda _: None, self.tree(hyperopt.hp))

    def tree(self, hp):
        """The space in Hyperopt's language. What exists under some values of
        categories stands in their options; a parameter that hangs on anything
        else stands at the top and is dropped where it does not exist."""
        category = {p.name for p in self.space.free if p.kind == "category"}
        nodes, children = {}, {}
        for p in self.space.free:
            if p.branches and all(parent in category for parent, _ in p.branches):
                for parent, values in p.branches:
                    for value in values:
                        children.setdefault((parent, value), []).append(p)
        nested = {p.name for ps in children.values() for p in ps}
        for p in reversed(self.space.free):  # children before parents
            if p.kind == "category":
                options = [
                    {"=": i} | {c.name: nodes[c.name] for c in children.get((p.name, value), [])}
                    for i, value in enumerate(p.values)
                ]
                nodes[p.name] = hp.choice(p.name, options)
            elif p.kind == "index":
                nodes[p.name] = hp.quniform(p.name, -0.5, p.count - 0.5, 1)
            else:
                draw = {"float": hp.uniform, "int": lambda *a: hp.quniform(*a, 1)}
                if p.log:
                    draw = {"float": hp.loguniform, "int": lambda *a: hp.qloguniform(*a, 1)}
                nodes[p.name] = draw[p.kind](p.name, *p.span())
        return {name: node for name, node in nodes.items() if name not in nested}

    def ask(self):
        ids = self.trials.new_trial_ids(1)
        self.trials.refresh()
        seed = int(self.random.integers(2**31 - 1))
        docs = self.hyperopt.tpe.suggest(ids, self.domain, self.trials, seed, verbose=False, **self.settings)
        self.trials.insert_trial_docs(docs)
        self.trials.refresh()
        self.doc = self.trials.trials[-1]
        chosen = {k: v[0] for k, v in self.doc["misc"]["vals"].items() if v}
        return self.space.walk(lambda p: self.value(p, chosen[p.name]))

    @staticmethod
    def value(p, x):
        if p.values is not None:
            return p.values[min(max(round(x), 0), p.count - 1)]
        return min(max(round(x) if p.kind == "int" else float(x), p.low), p.high)

    def tell(self, outcome):
        base = self.hyperopt.base
        self.doc["state"] = base.JOB_STATE_DONE
        if outcome.values is None:
            self.doc["result"] = {"status": base.STATUS_FAIL}
        else:
            self.doc["result"] = {"status": base.STATUS_OK, "loss": outcome.losses(1)[0]}
        self.trials.refresh()


class Cmaes:
    """CMA-ES of the package cmaes from the middle of the unit cube: plain where
    all parameters are continuous, with margin where some are grids. It knows no
    categories. A run that has converged begins again with twice the population.
    """

    def __init__(self, space, objectives, seed, budget, sigma=0.3, population_size=None):
        one_objective("cmaes", objectives)
        without_category("cmaes", space)
        self.space, self.seed, self.sigma, self.size = space, seed, sigma, population_size
        self.begin()

    def begin(self):
        import cmaes
        import numpy

        d = len(self.space.free)
        common = dict(mean=numpy.full(d, 0.5), sigma=self.sigma, seed=self.seed, population_size=self.size)
        bounds = numpy.tile([0.0, 1.0], (d, 1))
        steps = numpy.array([0 if loose(p) else 1 / (p.count - 1) for p in self.space.free])
        # The plain one needs two dimensions and knows no steps.
        self.margin = bool(steps.any())
        if self.margin:
            self.cma = cmaes.CMAwM(bounds=bounds, steps=steps, **common)
        else:
            self.cma = cmaes.CMA(bounds=bounds, **common)
        self.told = []

    def ask(self):
        if self.margin:
            x, self.raw = self.cma.ask()
        else:
            x = self.raw = self.cma.ask()
        at = {p.name: place(p, u) for p, u in zip(self.space.free, x)}
        return self.space.walk(lambda p: at[p.name])

    def tell(self, outcome):
        self.told.append((self.raw, outcome.losses(1)[0]))
        if len(self.told) == self.cma.population_size:
            self.cma.tell(self.told)
            self.told = []
            if self.cma.should_stop():
                self.size, self.seed = 2 * self.cma.population_size, self.seed + 1_000_003
                self.begin()


class CatCMA:
    """CatCMA with margin, of the package cmaes, for spaces of every kind; what
    has two values is a category, as its authors advise."""

    def __init__(self, space, objectives, seed, budget, **settings):
        import cmaes

        one_objective("catcma", objectives)
        self.space, free = space, space.free
        self.x = [p for p in free if p.kind != "category" and loose(p)]
        self.z = [p for p in free if p.kind != "category" and not loose(p) and p.count > 2]
        self.c = [p for p in free if p not in self.x and p not in self.z]
        spaces = {
            "x_space": [[0.0, 1.0] for _ in self.x],
            "z_space": [[i / (p.count - 1) for i in range(p.count)] for p in self.z],
            "c_space": [p.count for p in self.c],
        }
        self.cma = cmaes.CatCMAwM(seed=seed, **{k: v for k, v in spaces.items() if v}, **settings)
        self.told = []

    def ask(self):
        s = self.solution = self.cma.ask()
        at = {p.name: place(p, u) for ps, us in ((self.x, s.x), (self.z, s.z)) for p, u in zip(ps, () if us is None else us)}
        for p, hot in zip(self.c, () if s.c is None else s.c):
            k = [bool(h) for h in hot[: p.count]].index(True)
            at[p.name] = p.values[k] if p.values else p.low + k
        return self.space.walk(lambda p: at[p.name])

    def tell(self, outcome):
        self.told.append((self.solution, outcome.losses(1)[0]))
        if len(self.told) == self.cma.population_size:
            self.cma.tell(self.told)
            self.told = []


class Nevergrad:
    """Nevergrad's NGOpt, which picks an algorithm by space and budget, or the
    one that the setting optimizer names."""

    def __init__(self, space, objectives, seed, budget, optimizer="NGOpt"):
        import nevergrad

        # Of the algorithms that NGOpt may pick some call others with
        # arguments that those mend, and say so every time.
        warnings.filterwarnings("ignore", category=UserWarning)
        self.space, self.objectives = space, objectives
        dict_of = nevergrad.p.Dict(**{f"p{i}": self.param(nevergrad.p, p) for i, p in enumerate(space.free)})
        dict_of.random_state.seed(seed)
        self.made = nevergrad.optimizers.registry[optimizer](dict_of, budget=budget, num_workers=1)
        if objectives > 1:
            self.made.num_objectives = objectives

    @staticmethod
    def param(ng, p):
        if p.kind == "category":
            return ng.Choice(range(p.count))
        if p.kind == "index":
            return ng.TransitionChoice(range(p.count))
        made = (ng.Log if p.log else ng.Scalar)(lower=p.low, upper=p.high)
        return made.set_integer_casting() if p.kind == "int" else made

    def ask(self):
        self.candidate = self.made.ask()
        at = {}
        for p, x in zip(self.space.free, (self.candidate.value[f"p{i}"] for i in range(len(self.space.free)))):
            at[p.name] = p.values[x] if p.values else min(max(x if p.kind == "int" else float(x), p.low), p.high)
        return self.space.walk(lambda p: at[p.name])

    def tell(self, outcome):
        if outcome.values is None:
            loss, more = outcome.losses(self.objectives), {}
        else:
            loss = outcome.values
            more = {"constraint_violation": [max(v, 0.0) for v in outcome.violations]} if outcome.violations else {}
        self.made.tell(self.candidate, loss if self.objectives > 1 else loss[0], **more)


class Pymoo:
    """pymoo's NSGA-II, a generation at a time; with its operators for mixed
    variables where not all are floats."""

    def __init__(self, space, objectives, seed, budget, **settings):
        from pymoo.algorithms.moo.nsga2 import NSGA2
        from pymoo.core import mixed
        from pymoo.core.problem import Problem
        from pymoo.core.variable import Choice, Integer, Real

        self.space, self.objectives = space, objectives
        self.mixed = any(p.kind != "float" for p in space.free)
        if self.mixed:
            kinds = {
                "float": lambda p: Real(bounds=(0.0, 1.0)),
                "int": lambda p: Real(bounds=(0.0, 1.0)) if p.log else Integer(bounds=(p.low, p.high)),
                "index": lambda p: Integer(bounds=(0, p.count - 1)),
                "category": lambda p: Choice(options=list(range(p.count))),
            }
            twins = mixed.MixedVariableDuplicateElimination()
            made = NSGA2(
                sampling=mixed.MixedVariableSampling(), eliminate_duplicates=twins,
                mating=mixed.MixedVariableMating(eliminate_duplicates=twins), **settings)
            problem = Problem(vars={p.name: kinds[p.kind](p) for p in space.free}, n_obj=objectives)
        else:
            made = NSGA2(**settings)
            problem = Problem(n_var=len(space.free), n_obj=objectives, xl=0.0, xu=1.0)
        self.problem, self.made = problem, made.setup(problem, termination=("n_eval", 10**9), seed=seed, verbose=False)
        self.asked, self.told = None, []

    def ask(self):
        if self.asked is None:
            self.asked = self.made.ask()
        x = self.asked[len(self.told)].X
        at = {p.name: self.value(p, x[p.name] if self.mixed else x[i]) for i, p in enumerate(self.space.free)}
        return self.space.walk(lambda p: at[p.name])

    @staticmethod
    def value(p, x):
        if p.values is not None:
            return p.values[int(x)]
        return int(x) if p.kind == "int" and not p.log else p.at(x)

    def tell(self, outcome):
        import numpy
        from pymoo.core.evaluator import Evaluator
        from pymoo.problems.static import StaticProblem

        self.told.append(outcome.losses(self.objectives))
        if len(self.told) == len(self.asked):
            Evaluator().eval(StaticProblem(self.problem, F=numpy.array(self.told)), self.asked)
            self.made.tell(infills=self.asked)
            self.asked, self.told = None, []


def loose(p):
    """Whether p is searched as a continuous number. So are whole numbers on a
    logarithmic scale, whose neighbours are not equally far apart."""
    return p.values is None and (p.kind == "float" or p.log)


def place(p, u):
    """The value at u of the unit interval, where a grid's first and last values
    lie on its ends."""
    if loose(p):
        return p.at(u)
    k = min(max(round(u * (p.count - 1)), 0), p.count - 1)
    return p.values[k] if p.values else p.low + k


# Name, package, and what makes the adapter.
PEERS = {
    "optuna-random": ("optuna", Optuna, "RandomSampler"),
    "optuna-tpe": ("optuna", Optuna, "TPESampler"),
    "optuna-gp": ("optuna", Optuna, "GPSampler"),
    "optuna-auto-rebuilt": ("optuna", Optuna, "AutoSampler"),
    "optuna-cmaes": ("optuna", Optuna, "CmaEsSampler"),
    "optuna-nsga2": ("optuna", Optuna, "NSGAIISampler"),
    "rustuna-tpe": ("rustuna", Rustuna, "TPESampler"),
    "rustuna-cmaes": ("rustuna", Rustuna, "CmaEsSampler"),
    "rustuna-nsga2": ("rustuna", Rustuna, "NSGAIISampler"),
    "hyperopt": ("hyperopt", Hyperopt),
    "cmaes": ("cmaes", Cmaes),
    "catcma": ("cmaes", CatCMA),
    "nevergrad": ("nevergrad", Nevergrad),
    "pymoo-nsga2": ("pymoo", Pymoo),
    "smac-bb": ("smac", surrogates.SMAC, "BlackBoxFacade"),
    "smac-hpo": ("smac", surrogates.SMAC, "HyperparameterOptimizationFacade"),
    "hebo": ("HEBO", surrogates.HEBO),
    "ax": ("ax-platform", surrogates.Ax),
    "vizier": ("google-vizier", surrogates.Vizier),
    "skopt": ("scikit-optimize", surrogates.Skopt),
}


def version(peer):
    """The package of a peer with its version, as traces name it."""
    package = PEERS[peer][0]
    return f"{package} {importlib.metadata.version(package)}"


def make(peer, settings, space, objectives, seed, budget):
    """The adapter of a peer."""
    _, kind, *first = PEERS[peer]
    return kind(*first, space, objectives, seed, budget, **settings)
