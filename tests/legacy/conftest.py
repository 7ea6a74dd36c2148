"""What the tests of legacy code share: pyos tids that count from 1 in each test."""

import threading

import pytest

import minios
from minios.kernel.hosting import hosted_by
from minios.legacy import _pyos_scheduler
from minios.legacy.pyos import Scheduler, Task
from minios.sim import VirtualClock
from syscalls import Sleep


@pytest.fixture(autouse=True)
def fresh_tids(monkeypatch):
    """The first task of the test is task 1."""
    monkeypatch.setattr(Task, "taskid", 0)


@pytest.fixture
def virtual_time(monkeypatch):
    """Let the mainloops of this test run on a virtual clock."""
    monkeypatch.setattr(
        _pyos_scheduler, "Kernel", lambda: minios.Kernel(clock=VirtualClock())
    )


@pytest.fixture
def no_failures(caplog):
    """Call it to assert that no task has failed: a mainloop only logs that."""

    def check():
        assert not [record for record in caplog.records if record.name == "minios"]

    return check


@pytest.fixture
def pyos(no_failures):
    """Run generators as the tasks of a Scheduler until none is left; returns the Scheduler.

    No task may fail, unless `failing` says that some will.
    """

    def run(*targets, sched=None, failing=False):
        sched = Scheduler() if sched is None else sched
        for target in targets:
            sched.new(target)
        sched.mainloop()
        if not failing:
            no_failures()
        return sched

    return run


@pytest.fixture
def hosted(no_failures):
    """Call a function in a thread whose kernels are hosted, as a shell does with a program.

    Returns what it returned, and the host kernel.
    """

    def call(function):
        host = minios.Kernel()
        leader = host.spawn(_stay(), name="leader")
        host.hold()
        results = []

        def thread():
            try:
                with hosted_by(host, leader):
                    results.append(function())
            finally:
                host.call_from_thread(finish)

        def finish():
            host.release()
            host.kill(leader)

        worker = threading.Thread(target=thread)
        worker.start()
        host.run()
        worker.join()
        no_failures()
        return results[0], host

    return call


def _stay():
    yield Sleep(float("inf"))
