"""A task is struck at each of its suspension points in turn, and nothing is left behind.

See suspension_points.py for how, and the package scenarios for what the victims do.
"""

import pytest

import syscalls

from . import scenarios  # noqa: F401 - enters its scenarios
from .suspension_points import SCENARIOS, WAYS, observe, operations, play, strike_everywhere

# Blocking operations by their form, so that they can be used like the others of their kind, or that
# only a subclass lets wait: there is no point in them at which a task could be struck.
NEVER_SUSPENDED = {
    "Barrier.__aexit__", "Datagram.__aenter__", "Datagram.__aexit__", "File.__aenter__",
    "Holdable.__aexit__", "Process.__aenter__", "Server.__aenter__", "Stream.__aenter__",
    "Stream.close", "Stream.write_eof", "TLSStream.write_eof", "TaskGroup.__aenter__",
    "open_stderr", "open_stdin", "open_stdout", "start_process", "start_unix_server",
}


def skip_if_missing(scenario):
    reason = scenario.missing and scenario.missing()
    if reason:
        pytest.skip(reason)


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


@pytest.fixture(scope="module")
def observers():
    for scenario in SCENARIOS:
        skip_if_missing(scenario)
    return [observe(scenario)[0] for scenario in SCENARIOS]


def test_every_blocking_operation_has_a_scenario(observers):
    entered = set().union(*(each.entered for each in observers))
    assert not operations() - entered


def test_every_blocking_operation_has_a_scenario_in_which_it_waits(observers):
    suspended = set().union(*(each.suspended for each in observers))
    assert operations() - suspended == NEVER_SUSPENDED


def test_every_system_call_has_a_scenario(observers):
    made = set().union(*(each.calls for each in observers))
    assert not set(syscalls.__all__) - {"SystemCall"} - made
