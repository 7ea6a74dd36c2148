"""Strikes a task at each of its suspension points in turn, and looks at what is left afterwards.

A scenario is a generator function that is the main task of a small world: it prepares what is
needed, lets one task, the victim, do what is to be examined (`yield from world.victim(...)`), lets
the others finish, and says what must be true then (`world.expect(...)`). It is played once for
each point at which the victim is suspended and for each way to strike it there, until the victim
ends before its turn comes. What is wrong afterwards is a finding of one of KINDS.

A point is struck at one of two moments: when the victim has just been suspended, or when it has
been made ready and is about to run, with whatever it was handed in between.
"""

import contextlib
import itertools
import math
import signal
import sys
import time
import traceback
from collections import namedtuple
from types import NoneType

import minios
from minios import TaskKilledError
from minios.kernel.hooks import Hooks
from minios.sim import VirtualClock
from syscalls import Sleep, Wait
from tests.invariants import check_invariants

from .leftovers import bounded, changed_descriptors, children, open_descriptors, recorded

KINDS = (
    "tasks", "timers", "registrations", "descriptors", "items", "locks", "parked", "answers owed",
    "children", "log", "warnings", "invariants", "outcome", "world",
)
SUSPENDED, READY = "when suspended", "when ready"
EXPIRE = "time limit"       # instead of a signal: a time limit of the victim's expires

_POINTS = 80        # a scenario with more suspension points than that is too long
_TURNS = 20_000     # of all tasks of a world, before it is given up
_PATIENCE = 10      # seconds of real time, likewise
_PAUSE = 0.01       # seconds that a stopped victim is left stopped
_SETTLING = 3       # seconds of real time until all that happens has happened

How = namedtuple("How", "name moment blow then", defaults=(None,))
How.__doc__ = """A way to strike: `blow` is a signal, EXPIRE, or SIGSTOP, which is followed by
SIGCONT and the signal `then`; after another blow, `then` comes at the next point."""

WAYS = (
    How("SIGTERM", SUSPENDED, signal.SIGTERM),
    How("SIGKILL", SUSPENDED, signal.SIGKILL),
    How("SIGINT", SUSPENDED, signal.SIGINT),
    How("timeout", SUSPENDED, EXPIRE),
    How("SIGTERM-ready", READY, signal.SIGTERM),
    How("SIGKILL-ready", READY, signal.SIGKILL),
    How("SIGINT-ready", READY, signal.SIGINT),
    How("timeout-ready", READY, EXPIRE),
    How("SIGTERM-twice", SUSPENDED, signal.SIGTERM, signal.SIGTERM),
    How("SIGTERM-SIGKILL", SUSPENDED, signal.SIGTERM, signal.SIGKILL),
    How("timeout-SIGKILL", READY, EXPIRE, signal.SIGKILL),
    How("stopped-SIGTERM", SUSPENDED, signal.SIGSTOP, signal.SIGTERM),
    How("stopped-SIGKILL", SUSPENDED, signal.SIGSTOP, signal.SIGKILL),
)
UNHARMED = How("unharmed", SUSPENDED, None)

SCENARIOS = []
Scenario = namedtuple("Scenario", "name play clock missing")


def scenario(play=None, *, clock=VirtualClock, missing=None):
    """Enter the generator function `play(world)` among SCENARIOS.

    `clock` makes the kernel's; `missing()` returns why it cannot be played here, if it cannot.
    """
    if play is None:
        return lambda play: scenario(play, clock=clock, missing=missing)
    SCENARIOS.append(Scenario(play.__name__, play, clock, missing))
    return play


class Case(namedtuple("Case", "reached findings")):
    """What came of one play: whether the point was reached, and {kind: [text, ...]}."""


# --- Playing ---------------------------------------------------------------------------------


def strike_everywhere(scenario, how):
    """Play `scenario`, struck in the way `how` at each point; yields (point, findings)."""
    first = 1 if how.moment is SUSPENDED else 0
    for point in itertools.count(first):
        if how.blow is EXPIRE and point == 0:
            continue        # no limit is running before the first turn
        case = play(scenario, how, point)
        if not case.reached and not case.findings:
            return
        yield point, case.findings
        if not case.reached:
            return
        assert point < _POINTS, f"{scenario.name} has too many suspension points"


def play(scenario, how=UNHARMED, point=0, observer=None):
    """Play `scenario` once; a Case. `observer` is one more Hooks, an Observer for example."""
    world = World(scenario, how, point)
    before = open_descriptors()
    with recorded(world.logged, world.warned), bounded(_PATIENCE, world.give_up_soon):
        try:
            with world.resources:
                world.run(observer)
        except BaseException as error:      # a deadlock, an assertion of the scenario
            world.find("world", "".join(traceback.format_exception(error))[-3000:])
            error.__traceback__ = None      # or it would hold what is looked for below
        for text in changed_descriptors(before, _SETTLING):
            world.find("descriptors", text)
    return Case(world.assassin.struck, world.findings)


class World:
    """What a scenario is played in."""

    def __init__(self, scenario, how, point):
        self.kernel = minios.Kernel(
            clock=scenario.clock(), slow_turn=math.inf,
            # One task at a time, so that all others stand in a place that can be checked.
            order=lambda batch: (batch[:1], batch[1:]),
        )
        self.scenario = scenario
        self.findings = {}
        self.assassin = Assassin(self, how, point)
        self.resources = contextlib.ExitStack()     # closed when the kernel has ended
        self.given_up = False
        self._allowed = []

    # --- For scenarios -------------------------------------------------------------------

    def spawn(self, routine, name=None):
        """Start another task of the world."""
        return self.kernel.spawn(routine, name)

    def victim(self, routine, others_may_kill=False):
        """Let `routine`, or a Task that runs already, be struck, and wait for its end.

        Returns its Task. Any other end than a return, or the one that was in store for it, is a
        finding.
        """
        if hasattr(routine, "tid"):
            task = routine
        else:
            if self.assassin.how.blow is EXPIRE:
                routine = self._within_limit(routine)
            task = self.kernel.spawn(routine, "victim")
        self.assassin.aim(task)
        try:
            yield Wait(task)
        except TaskKilledError as error:
            if error.tid != task.tid or not (self.assassin.struck or others_may_kill):
                self.find("outcome", f"killed by somebody else: {error}")
        except TimeoutError as error:
            if self.assassin.limit is None or not self.assassin.limit.expired():
                self.find("outcome", f"raised {error!r}")
        except BaseException as error:
            self.find("outcome", "".join(traceback.format_exception(error))[-2000:])
        else:
            self.assassin.check_return()
        return task

    def _within_limit(self, routine):
        with minios.timeout(None) as self.assassin.limit:
            yield routine

    def expect(self, kind, condition, text=""):
        """A finding of `kind`, unless `condition` holds."""
        if not condition:
            caller = sys._getframe(1)
            self.find(kind, f"{text or 'not as expected'} (line {caller.f_lineno})")

    def find(self, kind, text):
        """Something is wrong."""
        assert kind in KINDS, kind
        self.findings.setdefault(kind, []).append(text)

    def allow(self, text):
        """Lines of the log that contain `text` are as they should be."""
        self._allowed.append(text)

    def keep(self, resource):
        """Close `resource`, with its close(), when the kernel has ended; returns it."""
        self.resources.callback(resource.close)
        return resource

    # --- Running -------------------------------------------------------------------------

    def logged(self, record, line):
        """A finding, unless it was to be expected: an error that was due to a victim that SIGKILL
        closes has nobody else to go to."""
        expected = record.exc_info and repr(record.exc_info[1]) == self.assassin.last_words
        if not (expected or any(text in line for text in self._allowed)):
            self.find("log", line)

    def warned(self, text):
        """Likewise; a socket that was due to the victim is closed when it is forgotten."""
        if text.removeprefix("unclosed ") not in repr(self.assassin.taken_along):
            self.find("warnings", text)

    def run(self, observer):
        """Run the whole scenario, and look around at its end."""
        self.kernel.attach(self.assassin)
        if observer is not None:
            self.kernel.attach(observer)
        self.kernel.run(self._main())
        if self.kernel.tasks or self.kernel.timers or self.kernel.parking.parked():
            self.find("tasks", f"{self.kernel.tasks} have outlived their kernel")

    def _main(self):
        yield from self.scenario.play(self)
        # The others may still be cleaning up, or wait for the end of a child, in real time.
        deadline = time.monotonic() + _SETTLING
        while len(self.kernel.tasks) > 1 and time.monotonic() < deadline:
            yield Sleep(_PAUSE)
            time.sleep(0.0005)
        self._look_around()

    def _look_around(self):
        kernel = self.kernel
        for kind, left in (
            ("tasks", list(kernel.tasks.values())[1:]),
            ("timers", kernel.timers.owners()),
            ("parked", kernel.parking.parked()),
            ("answers owed", kernel._held and [kernel._held]),
            ("registrations", [
                f"fd {each.fd}" for each in kernel.poller.descriptors()
                if each.has_waiters() or each.was_closed()
            ]),
            ("children", children()),
        ):
            if left:
                self.find(kind, f"left: {left}")
        try:
            check_invariants(kernel)
        except AssertionError as error:
            self.find("invariants", f"at the end: {error}")

    def give_up_soon(self):
        """Give up between two turns: from wherever this is called, a signal handler for example."""
        self.kernel.call_from_thread(self._give_up)

    def _give_up(self):
        """The world does not end: end it, and say where everybody is."""
        if self.given_up:
            return
        self.given_up = True
        tasks = [f"{task!r} in {task.call!r}" for task in self.kernel.tasks.values()]
        self.find("world", f"given up: {'; '.join(tasks)}")
        for task in list(self.kernel.tasks.values())[1:]:
            self.kernel.kill(task, signal.SIGKILL)
        self.kernel.kill(self.kernel.main_task, signal.SIGKILL)


class Assassin(Hooks):
    """Waits for the victim's suspension points, and checks the kernel after every turn."""

    def __init__(self, world, how, point):
        self.world, self.how, self.point = world, how, point
        self.victim = self.limit = None
        self.turns = 0              # of the victim
        self.all_turns = 0
        self.struck = False
        self.struck_at = None       # the number of the turn
        self.sent = []              # signals
        self.taken_along = None     # the result that SIGKILL found due, which nobody gets
        self.last_words = None      # the error that it found due, which is logged

    def attached(self, kernel):
        self.kernel = kernel

    def aim(self, task):
        """`task` is the victim from now on."""
        self.victim = task

    def turn_started(self, task):
        if task is not self.victim:
            return
        if self.how.moment is READY and self.turns == self.point:
            self._strike()
        self.turns += 1

    def turn_ended(self, task):
        try:
            check_invariants(self.kernel)
        except AssertionError as error:
            self.world.find("invariants", f"after a turn of {task!r}: {error}")
        self.all_turns += 1
        if self.all_turns == _TURNS:
            self.world.give_up_soon()
        if task is not self.victim or task.done():
            return
        if not self.struck:
            if self.how.moment is SUSPENDED and self.turns == self.point:
                self._strike()
        elif self.how.then is not None and self.how.blow != signal.SIGSTOP:
            if self.turns > self.struck_at:
                self._send(self.how.then)

    def has_sent(self, signum):
        """Whether the victim was sent `signum`."""
        return signum in self.sent

    def check_return(self):
        """The victim has returned: it may finish the turn whose result was due, and no more."""
        if self.struck and self.turns > self.struck_at + 2:
            self.world.find("outcome", f"went on for {self.turns - self.struck_at} turns")

    def _strike(self):
        if self.struck or self.how.blow is None:
            return
        kernel = self.kernel
        if self.how.blow is EXPIRE:
            if self.limit is None:
                return      # the victim is a task that was there before
            self.struck, self.struck_at = True, self.turns
            self.limit.reschedule(kernel.now())
            kernel.timers.expire(kernel.now(), kernel)
            return
        self.struck, self.struck_at = True, self.turns
        self._send(self.how.blow)
        if self.how.blow == signal.SIGSTOP:
            kernel.call_at(kernel.now() + _PAUSE, self._end_pause)

    def _end_pause(self):
        self._send(self.how.then)
        self.kernel.kill(self.victim, signal.SIGCONT)

    def _send(self, signum):
        if signum == signal.SIGKILL and not self.victim.done():
            self.last_words = self.victim.error and repr(self.victim.error)
            self.taken_along = value = self.victim.value
            if not isinstance(value, (NoneType, int, str, bytes)):
                self.taken_along = repr(value)      # a socket would stay open
        self.sent.append(signum)
        self.kernel.kill(self.victim, signum)
