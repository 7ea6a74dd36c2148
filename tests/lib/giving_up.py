"""A task that waits for something, and the ways in which it may be made to give up."""

import signal

from hypothesis import strategies as st

import minios
from minios import timeout
from syscalls import WaitAny
from tests.invariants import check_invariants

WAYS = (signal.SIGTERM, signal.SIGKILL, "timeout")
STOPS = (signal.SIGSTOP, signal.SIGCONT, signal.SIGCONT)


class Waiter:
    """A task that waits in `operation`, a routine; `outcome` is what it has returned, if it has."""

    def __init__(self, operation, way="timeout"):
        self.way = way
        self.outcome = self.error = self.limit = None
        self.task = minios.current_kernel().spawn(self._wait(operation), "waiter")

    def _wait(self, operation):
        try:
            with timeout(1e6) as self.limit:
                self.outcome = yield from operation
        except Exception as error:
            self.error = error

    def give_up(self, way=None):
        """Now, whatever it is doing: what a timer of the kernel or another task might do."""
        self.way = way or self.way
        if self.way != "timeout":
            self.task.kill(self.way)
        elif self.limit is not None:
            self.limit._expire()

    @property
    def gave_up(self):
        """Whether the operation was left by what `give_up` does."""
        if isinstance(self.task.exception(), minios.TaskKilledError):
            return self.error is None
        return isinstance(self.error, TimeoutError)

    def end(self):
        """Wait until the task has ended, in whichever way."""
        if not self.task.done():
            yield WaitAny([self.task])


def settle():
    """Let the others run until they wait."""
    for _ in range(10):
        yield


# --- Random schedules ----------------------------------------------------------------------


def schedules(*steps, size=40):
    """A strategy for lists of steps, each a tuple (what, argument): `steps`, which are strategies
    for such tuples, or that tasks have turns, give up, are stopped or continued."""
    return st.lists(
        st.one_of(
            *steps,
            st.tuples(st.just("turns"), st.integers(1, 3)),
            st.tuples(st.just("give up"), st.tuples(st.integers(0, 20), st.sampled_from(WAYS))),
            st.tuples(st.just("signal"), st.tuples(st.integers(0, 20), st.sampled_from(STOPS))),
        ),
        max_size=size,
    )


def play(schedule, act, check):
    """Carry out the steps of `schedule`: `act(what, argument)` does one that is the caller's own,
    and may return a Waiter; `check()` is called after each. Returns the Waiters."""
    kernel, waiters = minios.current_kernel(), []
    for what, argument in schedule:
        if what == "turns":
            for _ in range(argument):
                yield
                check()
        elif what not in ("give up", "signal"):
            waiter = act(what, argument)
            waiters += [] if waiter is None else [waiter]
        elif waiters:
            index, how = argument
            waiter = waiters[index % len(waiters)]
            waiter.give_up(how) if what == "give up" else waiter.task.kill(how)
        check()
        check_invariants(kernel)
    for waiter in waiters:
        waiter.task.kill(signal.SIGCONT)
    return waiters


def end_all(waiters):
    """Wait until all have ended; those that would not by themselves give up, one by one."""
    for _ in range(10 * len(waiters)):
        yield
    for waiter in waiters:
        waiter.give_up(signal.SIGTERM)
        yield from waiter.end()
        assert waiter.gave_up or waiter.error is None, waiter.error
