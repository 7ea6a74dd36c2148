"""STAT: the letters of a task's state."""

from concurrent.futures import Executor, Future
from types import SimpleNamespace

import pytest

import minios
from minios.lib.conditions import _ParkFirmly
from minios.shell.listing.states import letter_of, stat_of
from minios.sim import VirtualClock
from syscalls import Nice, Offload, Sleep


class Never(Executor):
    """Begins nothing."""

    def submit(self, function, *args):
        return Future()


def sleeper():
    yield Sleep(100)


def nicer(increment):
    yield Nice(increment)
    yield Sleep(100)


def offloader():
    yield Offload(print, executor=Never())


def looked_at(routine, look, **options):
    """What `look(task)` says of a task of this routine that has had a few turns."""
    def main():
        task = minios.current_kernel().spawn(routine, **options)
        for _ in range(50):     # one of a high nice value has few turns; a thread stops the clock
            yield
        found = look(task)
        task.kill(9)
        return found

    return minios.run(main(), clock=VirtualClock())


@pytest.mark.parametrize(("routine", "stat"), [
    (sleeper(), "S"), (nicer(5), "SN"), (nicer(-5), "S<"), (offloader(), "Dl"),
])
def test_the_state_comes_first_then_the_priority_and_threads(routine, stat):
    assert looked_at(routine, stat_of) == stat


def test_a_wait_that_no_signal_ends_is_d():
    def firm():
        yield _ParkFirmly("channel")

    assert looked_at(firm(), letter_of) == "D"


def test_a_leader_of_a_group_in_the_foreground_that_is_deadlocked_says_all_of_it():
    def look(task):
        task.group = task.tid
        return stat_of(task, foreground=task.tid, stuck={task})

    assert looked_at(sleeper(), look) == "Ss+!"


def test_another_group_is_not_in_the_foreground():
    assert looked_at(sleeper(), lambda task: stat_of(task, foreground=task.tid)) == "S"


def test_a_stopped_task_is_t():
    def look(task):
        task.kill(19)
        return letter_of(task)

    assert looked_at(sleeper(), look) == "T"


@pytest.mark.parametrize(("traced", "letter"), [(True, "t"), (False, "S")])
def test_a_task_that_is_traced_is_a_small_t(traced, letter):
    def look(task):
        task.kernel.hooks = [SimpleNamespace(), SimpleNamespace(traces=lambda each: traced)]
        found = letter_of(task)
        task.kernel.hooks = []
        return found

    assert looked_at(sleeper(), look) == letter


def test_an_ended_task_is_z():
    def look(task):
        task.kill(9)
        return letter_of(task)

    assert looked_at(sleeper(), look) == "Z"


def test_a_daemon_of_the_program_is_no_daemon_of_the_system():
    assert looked_at(sleeper(), letter_of, daemon=True) == "S"


def test_a_daemon_that_minios_itself_has_spawned_is_idle():
    from minios.kernel import kernel

    def look(task):
        task._code = kernel.Kernel.spawn.__code__
        return letter_of(task)

    assert looked_at(sleeper(), look, daemon=True) == "I"


def test_a_task_that_goes_on_between_two_looks_runs():
    class Task:
        """One of another thread, whose call is gone when its state is asked for."""

        @property
        def state(self):
            raise AttributeError("'NoneType' object has no attribute 'interruptible'")

    assert letter_of(Task()) == "R"
