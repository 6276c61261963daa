"""Whether an optimizer can work on a task at all."""


class Unfit(Exception):
    """The optimizer cannot work on such a task."""


def one_objective(who, objectives):
    if objectives != 1:
        raise Unfit(f"{who} knows one objective, the task has {objectives}")


def without_category(who, space):
    for p in space.free:
        if p.kind == "category":
            raise Unfit(f"{who} knows no categories, and {p.name} is one")
