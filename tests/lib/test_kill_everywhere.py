"""A task is struck at each of its suspension points in turn, and nothing is left behind.

See suspension_points.py for how, and the package scenarios for what the victims do.
"""

import pytest

from . import scenarios  # noqa: F401 - enters its scenarios
from .suspension_points import SCENARIOS, WAYS, play, strike_everywhere


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name)
def test_unharmed_the_victim_leaves_nothing(scenario):
    skip_if_missing(scenario)
    assert not play(scenario).findings


@pytest.mark.parametrize("how", WAYS, ids=lambda how: how.name)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name)
def test_a_task_that_is_struck_leaves_nothing(scenario, how):
    skip_if_missing(scenario)
    found = {point: case for point, case in strike_everywhere(scenario, how) if case}
    assert not found


def skip_if_missing(scenario):
    reason = scenario.missing and scenario.missing()
    if reason:
        pytest.skip(reason)
