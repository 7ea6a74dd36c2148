"""A task is struck at each of its suspension points in turn, and nothing is left behind.

See suspension_points.py for how, operations.py for how it is known that no operation was forgotten,
and the package scenarios for what the victims do.
"""

import contextlib
import logging
import os
import socket
import subprocess
import warnings

import pytest

import minios
import syscalls
from minios.sim import VirtualClock
from syscalls import Recv, Sleep

from . import (
    scenarios,  # noqa: F401 - enters its scenarios
    suspension_points,
)
from .operations import observe, operations
from .suspension_points import SCENARIOS, WAYS, Scenario, play, strike_everywhere

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


# --- The harness itself ----------------------------------------------------------------------


def leaves_a_task(world, victim_ends):
    world.kernel.spawn(iter(Sleep(1e9)))
    yield Sleep(1)


def leaves_a_timer(world, victim_ends):
    world.kernel.call_at(1e9, print)
    yield Sleep(1)


def leaves_a_descriptor(world, victim_ends):
    victim_ends(os.close, os.dup(0))
    yield Sleep(1)


def leaves_a_registration(world, victim_ends):
    left, right = socket.socketpair()
    victim_ends(left.close)
    victim_ends(right.close)
    world.kernel.spawn(iter(Recv(left, 1)))
    yield Sleep(1)


def leaves_a_child(world, victim_ends):
    child = subprocess.Popen(["sleep", "60"])
    victim_ends(child.wait)
    victim_ends(child.kill)
    yield Sleep(1)


def leaves_a_hold(world, victim_ends):
    world.kernel.hold()
    yield
    world.kernel.release()


def leaves_a_line(world, victim_ends):
    try:
        yield Sleep(1)
    finally:
        logging.getLogger("minios").warning("something is wrong")


def leaves_a_warning(world, victim_ends):
    try:
        yield Sleep(1)
    finally:
        warnings.warn("something is wrong", stacklevel=1)


def goes_on(world, victim_ends):
    for _ in range(5):
        try:
            yield Sleep(1)
        except minios.Cancelled:
            pass


def fails(world, victim_ends):
    try:
        yield Sleep(1)
    except minios.Cancelled:
        raise ValueError("something is wrong") from None


@pytest.mark.parametrize(("victim", "kind"), [
    (leaves_a_task, "tasks"), (leaves_a_timer, "timers"), (leaves_a_descriptor, "descriptors"),
    (leaves_a_registration, "registrations"), (leaves_a_child, "children"),
    (leaves_a_hold, "answers owed"), (leaves_a_line, "log"), (leaves_a_warning, "warnings"),
    (goes_on, "outcome"), (fails, "outcome"),
])
def test_what_a_victim_leaves_is_found(victim, kind, monkeypatch):
    monkeypatch.setattr(suspension_points, "_SETTLING", 0.01)
    later = contextlib.ExitStack()

    def play(world):
        yield from world.victim(victim(world, later.callback))

    with later:
        cases = list(strike_everywhere(Scenario("leaky", play, VirtualClock, None), WAYS[0]))
    assert cases and all(kind in findings for _, findings in cases[:1])


def test_what_a_scenario_says_is_not_so_is_found():
    def victim(lock):
        yield from lock.acquire()
        yield Sleep(1)
        lock.release()

    def play(world):
        lock = minios.Lock()
        yield from world.victim(victim(lock))
        world.expect("locks", not lock.locked(), "it is held")

    cases = dict(strike_everywhere(Scenario("leaky", play, VirtualClock, None), WAYS[0]))
    assert list(cases) == [1] and "it is held" in cases[1]["locks"][0]


def test_a_world_that_does_not_end_is_given_up(monkeypatch):
    monkeypatch.setattr(suspension_points, "_PATIENCE", 0.05)

    def play(world):
        left, right = socket.socketpair()
        with left, right:
            yield Recv(left, 1)

    case = suspension_points.play(Scenario("endless", play, VirtualClock, None))
    assert "given up" in case.findings["world"][0]


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
