"""The multi-fidelity optimizers, each as fidelity.py asks it.

One is made with the space, how many notches a whole training has, the seed, the
number of workers, and settings, which go to it as its own arguments. It has

    order()                   (key, configuration, notch) or None: wait
    report(key, notch, value) "go", "pause" or "stop"
    ended(key, notch, value)  an order came to its end, there; value is None of
                              a training that crashed
    resumes                   whether it goes on with what it has paused
    hears_again               whether it wants the reports of a training that
                              was begun again and that it has had already

Resources are told as notches, whole numbers from 1: epochs, or thirtieths of a
training set. A rung that would lie between two is at the nearer one. Optimizers
are imported where they are used, so that one can be run without the others.
"""

import importlib.metadata
import logging
import tempfile
import types
import warnings

import adapters
import peers
from fit import Unfit  # noqa: F401  (told to fidelity.py)
from surrogates import SMAC, Flat

# What a training that crashed is told as to those that know no crashes: behind
# all others.
CRASHED = 1e9


class Scheduler:
    """What most have in common: nothing to say to a report before the end."""

    resumes, hears_again = False, False

    def report(self, key, notch, value):
        return "go"


class OptunaPruner(Scheduler):
    """Optuna's TPE with one of its pruners: every trial runs until it is told
    to end, and none goes on later."""

    def __init__(self, pruner, space, notches, seed, workers, **settings):
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
        self.space, self.notches, self.states = space, notches, optuna.trial.TrialState
        if pruner == "HyperbandPruner":
            settings = {"max_resource": notches} | settings
        made = getattr(optuna.pruners, pruner)(**settings)
        self.study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed), pruner=made)
        self.trials, self.pruned = {}, set()

    suggest = adapters.Optuna.suggest

    def order(self):
        self.trial = trial = self.study.ask()
        self.trials[trial.number] = trial
        return trial.number, self.space.walk(self.suggest), self.notches

    def report(self, key, notch, value):
        trial = self.trials[key]
        trial.report(value, notch)
        if notch < self.notches and trial.should_prune():
            self.pruned.add(key)
            return "stop"
        return "go"

    def ended(self, key, notch, value):
        trial = self.trials.pop(key)
        if value is None:
            self.study.tell(trial, state=self.states.FAIL)
        elif key in self.pruned:
            self.study.tell(trial, state=self.states.PRUNED)
        else:
            self.study.tell(trial, value)


class OptunaFull(Scheduler):
    """Optuna's TPE, every trial trained to the end."""

    def __init__(self, space, notches, seed, workers, **settings):
        self.inner = OptunaPruner("NopPruner", space, notches, seed, workers, **settings)
        self.order, self.ended = self.inner.order, self.inner.ended


def configspace(space, names):
    """A ConfigurationSpace: an index as whole number, a category by place."""
    import ConfigSpace as cs

    if not hasattr(cs.ConfigurationSpace, "add"):  # before 1.0, which BOHB needs
        cs.ConfigurationSpace.add = lambda self, new: (
            self.add_hyperparameters(new) if isinstance(new, list) else self.add_condition(new))
    return SMAC.configspace(types.SimpleNamespace(space=space, names=names))


class DEHB(Scheduler):
    """DEHB by its ask and tell."""

    resumes = True

    def __init__(self, space, notches, seed, workers, **settings):
        from dehb import DEHB as made
        from loguru import logger

        logger.remove()
        logging.getLogger("distributed").setLevel(logging.ERROR)
        self.flat, self.notches, self.jobs = Flat("DEHB", space, 1), notches, {}
        self.folder = tempfile.TemporaryDirectory()  # it wants one to save in
        cs = configspace(space, self.flat.names)
        cs.seed(seed)
        # Workers would be started as processes; ask and tell need none.
        self.made = made(
            cs=cs, f=None, dimensions=len(space.free), min_fidelity=1, max_fidelity=notches, n_workers=1, seed=seed,
            output_path=self.folder.name, save_freq="end", **settings)

    def order(self):
        job = self.made.ask()
        key = int(job["config_id"])
        while key in self.jobs:  # it runs already: this one begins anew
            key = (key, job["fidelity"])
        self.jobs[key] = job
        return key, self.flat.config(dict(job["config"])), rung(job["fidelity"], self.notches)

    def ended(self, key, notch, value):
        self.made.tell(self.jobs.pop(key), {"fitness": CRASHED if value is None else value, "cost": notch})


class BOHB(Scheduler):
    """BOHB of HpBandSter: its model, its brackets and its halvings, asked as its
    Master asks them, without the processes that the Master talks to."""

    resumes = True

    def __init__(self, space, notches, seed, workers, eta=3):
        import numpy
        from hpbandster.optimizers import bohb
        from hpbandster.optimizers.config_generators.bohb import BOHB as Model

        logging.getLogger("hpbandster").setLevel(logging.CRITICAL)
        warnings.filterwarnings("ignore")
        numpy.random.seed(seed)
        self.flat, self.notches, self.iterations, self.jobs = Flat("BOHB", space, 1), notches, [], {}
        cs = configspace(space, self.flat.names)
        cs.seed(seed)
        self.model = Model(configspace=cs, logger=logging.getLogger("hpbandster"))
        rungs = -int(numpy.log(1 / notches) / numpy.log(eta)) + 1
        # What BOHB's own next iteration reads of a Master.
        self.master = types.SimpleNamespace(
            max_SH_iter=rungs, eta=eta, config_generator=self.model,
            budgets=notches * numpy.power(float(eta), -numpy.linspace(rungs - 1, 0, rungs)))
        self.next = lambda: bohb.BOHB.get_next_iteration(self.master, len(self.iterations))

    def order(self):
        while True:
            for iteration in self.iterations:
                job = None if iteration.is_finished else iteration.get_next_run()
                if job:
                    key, config, budget = job
                    self.jobs[key] = (iteration, config, budget)
                    return key, self.flat.config(config), rung(budget, self.notches)
            self.iterations.append(self.next())

    def ended(self, key, notch, value):
        iteration, config, budget = self.jobs.pop(key)
        job = types.SimpleNamespace(
            id=key, kwargs={"config": config, "budget": budget, "config_info": {}}, timestamps={}, exception=None,
            result=None if value is None else {"loss": value, "info": {}})
        iteration.register_result(job)
        self.model.new_result(job)


class SMACHyperband(Scheduler):
    """SMAC3's MultiFidelityFacade with its Hyperband, by ask and tell."""

    resumes = True

    def __init__(self, space, notches, seed, workers, **settings):
        import smac

        warnings.filterwarnings("ignore", category=UserWarning)
        self.flat, self.notches, self.jobs, self.keys = Flat("SMAC3", space, 1), notches, {}, {}
        self.folder = tempfile.TemporaryDirectory()
        scenario = smac.Scenario(
            configspace(space, self.flat.names), deterministic=True, n_trials=10_000, seed=seed, min_budget=1,
            max_budget=notches, output_directory=self.folder.name)
        kind = smac.MultiFidelityFacade
        self.made = kind(
            scenario, intensifier=kind.get_intensifier(scenario, **settings), logging_level=logging.ERROR,
            overwrite=True)

    def order(self):
        info = self.made.ask()
        key = self.keys.setdefault(info.config, len(self.keys))
        self.jobs[key] = info
        return key, self.flat.config(dict(info.config)), rung(info.budget, self.notches)

    def ended(self, key, notch, value):
        from smac.runhistory import StatusType, TrialValue

        status = StatusType.CRASHED if value is None else StatusType.SUCCESS
        outcome = types.SimpleNamespace(feasible=value is not None, values=[value])
        self.made.tell(self.jobs.pop(key), TrialValue(cost=self.flat.loss(outcome), status=status), save=False)


class SyneTune(Scheduler):
    """A scheduler of Syne Tune, asked as its Tuner does it."""

    def __init__(self, kind, space, notches, seed, workers, **settings):
        import datetime

        warnings.filterwarnings("ignore")
        logging.disable(logging.WARNING)
        from syne_tune.backend.trial_status import Trial
        from syne_tune.optimizer import baselines

        self.flat, self.notches, self.trials = Flat("Syne Tune", space, 1), notches, {}
        self.trial = lambda key, config: Trial(key, config, datetime.datetime.now())
        name, more = kind
        self.made = getattr(baselines, name)(
            self.space(space), metric="loss", mode="min", resource_attr="notch", max_t=notches, random_seed=seed,
            **more, **settings)
        self.resumes = self.hears_again = self.made.scheduler_type == "promotion"

    def space(self, space):
        from syne_tune import config_space as cs

        out = {}
        for p in space.free:
            if p.kind == "category":
                kind = cs.choice(list(range(p.count)))
            elif p.kind == "index":
                kind = cs.randint(0, p.count - 1)
            elif p.kind == "int":
                kind = (cs.lograndint if p.log else cs.randint)(p.low, p.high)
            else:
                kind = (cs.loguniform if p.log else cs.uniform)(p.low, p.high)
            out[self.flat.names[p.name]] = kind
        return out

    def order(self):
        suggestion = self.made.suggest(len(self.trials))
        if suggestion is None:
            return None
        key = len(self.trials) if suggestion.spawn_new_trial_id else suggestion.checkpoint_trial_id
        if suggestion.spawn_new_trial_id:
            self.trials[key] = self.trial(key, suggestion.config)
            self.made.on_trial_add(self.trials[key])
        elif suggestion.config is not None:
            self.trials[key].config = suggestion.config
        self.decision = "go"
        return key, self.flat.config(self.trials[key].config), self.notches

    def report(self, key, notch, value):
        decision = self.made.on_trial_result(self.trials[key], {"loss": value, "notch": notch})
        if decision == "CONTINUE":
            return "go"
        self.made.on_trial_remove(self.trials[key])
        return decision.lower()

    def ended(self, key, notch, value):
        if value is None:
            self.made.on_trial_error(self.trials[key])


def rung(budget, notches):
    """The notch next to a budget."""
    return min(max(round(float(budget)), 1), notches)


# Name, package, and what makes the adapter.
PEERS = {
    "optuna-tpe-full": ("optuna", OptunaFull),
    "optuna-hyperband": ("optuna", OptunaPruner, "HyperbandPruner"),
    "optuna-halving": ("optuna", OptunaPruner, "SuccessiveHalvingPruner"),
    "optuna-median": ("optuna", OptunaPruner, "MedianPruner"),
    "dehb": ("dehb", DEHB),
    "bohb": ("hpbandster", BOHB),
    "smac-mf": ("smac", SMACHyperband),
    "syne-asha-stopping": ("syne-tune", SyneTune, ("ASHA", {"type": "stopping"})),
    "syne-asha": ("syne-tune", SyneTune, ("ASHA", {"type": "promotion"})),
    "syne-mobster": ("syne-tune", SyneTune, ("MOBSTER", {"type": "promotion"})),
    "syne-hypertune": ("syne-tune", SyneTune, ("HyperTune", {"type": "promotion", "brackets": 4})),
}


def parse(text):
    """The name and the settings of NAME or NAME:KEY=VALUE,KEY=VALUE."""
    return peers.parse_peer(text, PEERS)


def version(peer):
    package = PEERS[peer][0]
    return f"{package} {importlib.metadata.version(package)}"


def make(peer, settings, space, notches, seed, workers):
    """The scheduler of a peer."""
    _, kind, *first = PEERS[peer]
    return kind(*first, space, notches, seed, workers, **settings)
