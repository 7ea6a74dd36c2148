"""Account: what one task has used, in seconds of the kernel's clocks.

The time of a task is in three parts: it has the CPU, it waits (blocked in a call, or stopped), or
it is scheduled, ready while others have the CPU. `since` is when it lost the CPU, `ready` when it
got ready again, None while it waits; both None once it has ended. Written in the kernel's thread
alone.
"""

from __future__ import annotations

from syscalls.describe import file_and_line

__all__ = ["Account"]


class Account:
    """What a task has used since its Accounting was attached, or since it was spawned.

    `cpu`: seconds of CPU time, of the clock of the kernel's thread; `turns` and `calls`, how many
    it had and made; `longest`: the CPU seconds of its longest turn. May be read in any thread.
    """

    __slots__ = ("cpu", "calls", "turns", "longest", "since", "ready", "due", "ended",
                 "keeper", "_waited", "_scheduled", "_delays", "_place")

    def __init__(self, accounting, since, ready):
        self.cpu, self.calls, self.turns, self.longest = 0.0, 0, 0, 0.0
        self.since, self.ready = since, ready
        self.due = None             # when the timer that it waits for is due
        self.ended = False
        self.keeper = accounting    # the Accounting that opened it
        self._waited = self._scheduled = 0.0
        self._delays: list[int] = []    # how many delays had so many bits, in microseconds
        self._place = None, 0           # the code and instruction where the longest turn ended

    # --- Reading -------------------------------------------------------------------------

    @property
    def waited(self) -> float:
        """Seconds for which it was blocked or stopped, up to now."""
        since = self.since
        if since is None:
            return self._waited
        return self._waited + max(0.0, self._wait_end(since) - since)

    @property
    def scheduled(self) -> float:
        """Seconds for which it was ready and others had the CPU, up to now."""
        since, keeper = self.since, self.keeper
        if since is None:
            return self._scheduled
        until = keeper.turn_began if keeper.runs(self) else keeper.now()
        return self._scheduled + max(0.0, until - self._wait_end(since))

    def _wait_end(self, since):
        """When its last wait, since `since`, ended, which may be now."""
        ready, keeper = self.ready, self.keeper
        if ready is not None:
            return ready
        if keeper.runs(self):
            return self._ready_since(since, keeper.batch_began)
        return keeper.now()

    @property
    def longest_at(self) -> str:
        """`file.py:12`, where its longest turn ended; empty where that was too short to note."""
        return file_and_line(*self._place)

    def delay_p99(self) -> float | None:
        """The delay in seconds, from ready to running, that 99 % of its turns did not exceed.

        Kept by powers of two, so it is up to twice the true one; None before the first turn.
        """
        delays = list(self._delays)
        needed, seen = sum(delays) * 99, 0
        for bits, count in enumerate(delays):
            seen += count * 100
            if count and seen >= needed:
                return (1 << bits) / 1e6 if bits else 0.0
        return None

    # --- Counting ------------------------------------------------------------------------

    def add_turn(self, took, start, looked):
        """A turn has ended that began at `start` and took `took` seconds of CPU.

        `looked`: when the kernel saw that the task was ready, if nobody resumed it in a turn.
        """
        since, ready = self.since, self.ready
        if ready is None:
            ready = self._ready_since(since, looked)
        if ready > since:
            self._waited += ready - since
        self.turns += 1
        self.cpu += took
        delay = start - ready
        self._scheduled += delay
        try:
            self._delays[int(delay * 1e6).bit_length()] += 1
        except IndexError:
            missing = int(delay * 1e6).bit_length() - len(self._delays)
            self._delays += [*[0] * missing, 1]

    def note_place(self, frames):
        """Its longest turn has ended, at the last of `frames`."""
        self._place = (frames[-1].f_code, frames[-1].f_lasti) if frames else (None, 0)

    def end(self):
        """The task has ended; if not in its own turn, killed while it waited or was ready."""
        if not self.keeper.runs(self):
            self._waited, self._scheduled = self.waited, self.scheduled
        self.since = self.ready = None
        self.ended = True

    def _ready_since(self, since, looked):
        """Since when it was ready that nobody resumed in a turn: since its timer was due, or since
        the kernel looked."""
        due = self.due
        return due if due is not None and since <= due < looked else looked
