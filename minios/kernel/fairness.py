"""Nice values: who has a turn in a round in which more tasks are ready than should have one.

Deficit round robin (Shreedhar and Varghese, 1995): in each round a ready task earns credit by
its weight, which falls by a fifth for each step of nice as in Linux, and has a turn when it has
saved up one. The nicest of the ready tasks earn a whole turn a round; a task that is alone runs
in every one; none starves. The kernel uses this order only once a task has called Nice.
"""

__all__ = ["by_nice"]

_STEP = 1.25    # how much more of the CPU one step of nice is worth


def by_nice(batch):
    """Split a list of ready tasks into those that run in this round and those that wait."""
    first = min(task.nice for task in batch)
    run, later = [], []
    for task in batch:
        credit = (task.credit or 0.0) + _STEP ** (first - task.nice)
        if credit >= 1.0:
            run.append(task)
            credit -= 1.0
        else:
            later.append(task)
        task.credit = credit
    return run, later
