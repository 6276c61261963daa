"""Optuna's AutoSampler, with its choice between samplers rebuilt.

The original is no part of the package optuna: it is fetched from OptunaHub's
registry on GitHub (optuna/optunahub-registry, package/samplers/auto_sampler,
read at commit 257a04b) when it is used, and so can be neither pinned by a
requirements file nor had without GitHub. What it adds to Optuna's samplers is
the choice of one before every trial, which is written anew here from its rules:

    no trial completed yet                       RandomSampler
    categories, or trials of unequal parameters  TPESampler, multivariate
    four objectives or more                      TPESampler
    otherwise                                    GPSampler

With one objective it stays with TPE once it has it. After 250 completed trials
the original goes over to CMA-ES and NSGA-II; runs here end before, and a
longer one is refused. The samplers are the package's own; the seeds that they
are given are drawn as there.
"""

from numpy.random import RandomState
from optuna.distributions import CategoricalDistribution
from optuna.samplers import BaseSampler, GPSampler, RandomSampler, TPESampler
from optuna.search_space import IntersectionSearchSpace
from optuna.trial import TrialState

MOST = 250


class AutoSampler(BaseSampler):
    """Chooses a sampler before every trial and leaves the rest to it."""

    def __init__(self, seed):
        self.random = RandomState(seed)
        self.chosen = RandomSampler(seed=self.draw())

    def draw(self):
        return self.random.randint((1 << 31) - 1)

    def choose(self, study, space):
        one = len(study.directions) == 1
        if one and isinstance(self.chosen, TPESampler):
            return self.chosen
        seed = self.draw()
        done = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
        unequal = any(t.params.keys() != done[0].params.keys() for t in done)
        category = any(isinstance(d, CategoricalDistribution) for d in space.values())
        if unequal or category or len(study.directions) > 3:
            if isinstance(self.chosen, TPESampler):
                return self.chosen
            return TPESampler(seed=seed, multivariate=True, warn_independent_sampling=False, constant_liar=True)
        if len(done) >= MOST:
            raise ValueError(f"what AutoSampler does after {MOST} completed trials is not rebuilt")
        return self.chosen if isinstance(self.chosen, GPSampler) else GPSampler(seed=seed)

    def before_trial(self, study, trial):
        if study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
            self.chosen = self.choose(study, IntersectionSearchSpace().calculate(study))
        self.chosen.before_trial(study, trial)

    def infer_relative_search_space(self, study, trial):
        return self.chosen.infer_relative_search_space(study, trial)

    def sample_relative(self, study, trial, search_space):
        return self.chosen.sample_relative(study, trial, search_space)

    def sample_independent(self, study, trial, name, distribution):
        return self.chosen.sample_independent(study, trial, name, distribution)

    def after_trial(self, study, trial, state, values):
        self.chosen.after_trial(study, trial, state, values)
