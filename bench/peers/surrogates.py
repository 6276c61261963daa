"""The optimizers that fit a model and take up to seconds a suggestion: SMAC3,
HEBO, Ax, Vizier and scikit-optimize.

They are adapters like those of adapters.py: made with the space, the number of
objectives, the seed, the budget and settings, then asked and told by turns. All
are held to one objective. How each sees the space:

    SMAC3                  conditions as they are
    HEBO, Ax, Vizier,
    scikit-optimize        flat: the parameters that do not exist are dropped

An index is a whole number from 0, but for Ax, which has ordered choices. Names
are p0, p1, …: some of these allow fewer characters in them than tasks do.

What crashed or violates a constraint is told to Ax, HEBO and Vizier in their
own ways, as failed, not finite, or infeasible. SMAC3 and scikit-optimize are
told the worst value so far: the value behind all others that is told elsewhere
would flatten all that a Gaussian process sees.
"""

import logging
import tempfile
import warnings

from fit import one_objective


class Flat:
    """What the adapters have in common: names, and values by name."""

    def __init__(self, who, space, objectives):
        one_objective(who, objectives)
        self.space, self.worst = space, None
        self.names = {p.name: f"p{i}" for i, p in enumerate(space.free)}

    def config(self, chosen):
        """The configuration that has the chosen values, which may be numbers
        of other types, places in a list, and more than exist."""
        return self.space.walk(lambda p: value(p, chosen[self.names[p.name]]))

    def loss(self, outcome):
        """The value, or the worst so far of what has none."""
        if not outcome.feasible:
            return 0.0 if self.worst is None else self.worst
        (y,) = outcome.values
        self.worst = y if self.worst is None else max(y, self.worst)
        return y


class SMAC(Flat):
    """A facade of SMAC3 through ask and tell, one call a configuration, as its
    example of that interface has it."""

    def __init__(self, facade, space, objectives, seed, budget):
        super().__init__("SMAC3", space, objectives)
        import smac

        warnings.filterwarnings("ignore", category=UserWarning)
        # Nothing is saved, but the scenario wants a folder.
        self.folder = tempfile.TemporaryDirectory()
        scenario = smac.Scenario(
            self.configspace(), deterministic=True, n_trials=budget, seed=seed, output_directory=self.folder.name)
        kind = getattr(smac, facade)
        once = kind.get_intensifier(scenario, max_config_calls=1)
        self.made = kind(scenario, intensifier=once, logging_level=logging.ERROR, overwrite=True)

    def configspace(self):
        import ConfigSpace as cs

        made = cs.ConfigurationSpace()
        nodes = {}
        for p in self.space.free:
            name = self.names[p.name]
            if p.kind == "category":
                nodes[p.name] = cs.Categorical(name, range(p.count))
            elif p.kind == "index":
                nodes[p.name] = cs.Integer(name, (0, p.count - 1))
            else:
                nodes[p.name] = (cs.Float if p.kind == "float" else cs.Integer)(name, (p.low, p.high), log=p.log)
        made.add(list(nodes.values()))
        for p in self.space.free:
            # A parent with one value decides nothing, or that p never exists;
            # walk knows either.
            ways = [
                cs.InCondition(nodes[p.name], nodes[parent], [place(self.space, parent, v) for v in values])
                for parent, values in p.branches if parent in nodes
            ]
            if ways and len(ways) == len(p.branches):
                made.add(ways[0] if len(ways) == 1 else cs.OrConjunction(*ways))
        return made

    def ask(self):
        self.info = self.made.ask()
        return self.config(dict(self.info.config))

    def tell(self, outcome):
        from smac.runhistory import StatusType, TrialValue

        status = StatusType.CRASHED if outcome.values is None else StatusType.SUCCESS
        self.made.tell(self.info, TrialValue(cost=self.loss(outcome), status=status), save=False)


class HEBO(Flat):
    """HEBO, whose genetic search and model take numpy's and PyTorch's seeds."""

    def __init__(self, space, objectives, seed, budget, **settings):
        super().__init__("HEBO", space, objectives)
        import numpy
        import torch
        from hebo.design_space.design_space import DesignSpace
        from hebo.optimizers.hebo import HEBO as made
        from pymoo.config import Config

        Config.warnings["not_compiled"] = False
        warnings.filterwarnings("ignore")
        numpy.random.seed(seed)
        torch.manual_seed(seed)
        parsed = DesignSpace().parse([self.param(p) for p in space.free])
        self.made = made(parsed, scramble_seed=seed, **settings)

    def param(self, p):
        name = self.names[p.name]
        if p.kind == "category":
            return {"name": name, "type": "cat", "categories": list(range(p.count))}
        if p.kind == "index":
            return {"name": name, "type": "int", "lb": 0, "ub": p.count - 1}
        kind = {"float": ("num", "pow"), "int": ("int", "pow_int")}[p.kind][p.log]
        return {"name": name, "type": kind, "lb": p.low, "ub": p.high}

    def ask(self):
        self.row = self.made.suggest(n_suggestions=1)
        return self.config(self.row.iloc[0].to_dict())

    def tell(self, outcome):
        import numpy

        y = outcome.values[0] if outcome.feasible else numpy.nan
        self.made.observe(self.row, numpy.array([[y]]))


class Ax(Flat):
    """Ax's Client with the generation strategy that it chooses by itself."""

    def __init__(self, space, objectives, seed, budget):
        super().__init__("Ax", space, objectives)
        from ax.api.client import Client
        from ax.api.configs import ChoiceParameterConfig, RangeParameterConfig
        from ax.utils.common.logger import set_ax_logger_levels

        set_ax_logger_levels(logging.ERROR)
        warnings.filterwarnings("ignore")
        params = []
        for p in space.free:
            name = self.names[p.name]
            if p.values is not None:
                params.append(ChoiceParameterConfig(name, list(range(p.count)), "int", is_ordered=p.kind == "index"))
            else:
                params.append(RangeParameterConfig(name, (p.low, p.high), p.kind, scaling="log" if p.log else "linear"))
        self.made = Client(random_seed=seed)
        self.made.configure_experiment(parameters=params)
        self.made.configure_optimization(objective="-loss")

    def ask(self):
        ((self.number, chosen),) = self.made.get_next_trials(max_trials=1).items()
        return self.config(chosen)

    def tell(self, outcome):
        if outcome.feasible:
            self.made.complete_trial(self.number, raw_data={"loss": outcome.values[0]})
        else:
            self.made.mark_trial_failed(self.number)


class Vizier(Flat):
    """Vizier's default algorithm GP-UCB-PE, as its service makes it, but with a
    seed, which the service does not take."""

    def __init__(self, space, objectives, seed, budget, **settings):
        super().__init__("Vizier", space, objectives)
        import jax

        jax.config.update("jax_enable_x64", True)  # as the service does
        from vizier import algorithms, pyvizier
        from vizier._src.algorithms.designers.gp_ucb_pe import VizierGPUCBPEBandit

        logging.disable(logging.WARNING)  # absl's, which says much
        self.algorithms, self.vz = algorithms, pyvizier
        problem = pyvizier.ProblemStatement()
        root = problem.search_space.root
        for p in space.free:
            name = self.names[p.name]
            scale = pyvizier.ScaleType.LOG if p.log else pyvizier.ScaleType.LINEAR
            if p.kind == "category":
                root.add_categorical_param(name, [str(i) for i in range(p.count)])
            elif p.kind == "index":
                root.add_int_param(name, 0, p.count - 1)
            elif p.kind == "int":
                root.add_int_param(name, p.low, p.high, scale_type=scale)
            else:
                root.add_float_param(name, p.low, p.high, scale_type=scale)
        problem.metric_information.append(
            pyvizier.MetricInformation("loss", goal=pyvizier.ObjectiveMetricGoal.MINIMIZE))
        self.made, self.told = VizierGPUCBPEBandit(problem, rng=jax.random.PRNGKey(seed), **settings), 0

    def ask(self):
        (suggestion,) = self.made.suggest(1)
        self.told += 1
        self.trial = suggestion.to_trial(self.told)
        return self.config({name: v.value for name, v in self.trial.parameters.items()})

    def tell(self, outcome):
        if outcome.feasible:
            self.trial.complete(self.vz.Measurement({"loss": outcome.values[0]}))
        else:
            self.trial.complete(self.vz.Measurement(), infeasibility_reason="crashed or infeasible")
        self.made.update(self.algorithms.CompletedTrials([self.trial]), self.algorithms.ActiveTrials())


class Skopt(Flat):
    """scikit-optimize's Optimizer, whose defaults are those of gp_minimize: a
    Gaussian process and a hedge of acquisitions."""

    def __init__(self, space, objectives, seed, budget, **settings):
        super().__init__("scikit-optimize", space, objectives)
        import skopt

        warnings.filterwarnings("ignore")
        dims = []
        for p in space.free:
            if p.kind == "category":
                dims.append(skopt.space.Categorical(list(range(p.count))))
            elif p.kind == "index":
                dims.append(skopt.space.Integer(0, p.count - 1))
            else:
                kind = skopt.space.Real if p.kind == "float" else skopt.space.Integer
                dims.append(kind(p.low, p.high, prior="log-uniform" if p.log else "uniform"))
        self.made = skopt.Optimizer(dims, random_state=seed, **settings)

    def ask(self):
        self.x = self.made.ask()
        return self.config({f"p{i}": x for i, x in enumerate(self.x)})

    def tell(self, outcome):
        self.made.tell(self.x, self.loss(outcome))


def place(space, name, value):
    """What a parameter's value is called in a space made of numbers."""
    p = next(p for p in space.free if p.name == name)
    return p.values.index(value) if p.values is not None else value


def value(p, x):
    """The value of p that x tells: a place in p's list, or a number."""
    if p.values is not None:
        return p.values[min(max(int(x), 0), p.count - 1)]
    x = int(round(float(x))) if p.kind == "int" else float(x)
    return min(max(x, p.low), p.high)
