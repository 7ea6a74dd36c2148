"""Scheduler: the order of turns, the queue, the mainloop, and exceptions."""

import logging

import pytest

import minios
from minios.legacy.pyos import (
    GetTid,
    NewTask,
    Queue,
    Scheduler,
    SystemCall,
    Task,
    WaitTask,
)

from .tasks import Nap, forever, turns

# --- Order and turns -------------------------------------------------------------------------


def test_tasks_take_turns_in_the_order_they_were_made(pyos, capsys):
    log = []
    pyos(turns(log, "a", 2), turns(log, "b", 1))
    assert log == [("a", 0), ("b", 0), ("a", 1)]
    assert capsys.readouterr().out == "Task 2 terminated\nTask 1 terminated\n"


def test_a_new_task_runs_before_the_caller_goes_on(pyos):
    log = []

    def main():
        tid = yield NewTask(turns(log, "child", 1))
        log.append(tid)

    pyos(main())
    assert log == [("child", 0), 2]


def test_a_task_may_be_made_by_a_plain_function_while_the_mainloop_runs(pyos):
    log = []
    sched = Scheduler()

    def main():
        log.append(sched.new(turns(log, "child", 1)))
        yield

    pyos(main(), sched=sched)
    assert log == [2, ("child", 0)]


def test_taskmap_holds_the_tasks_that_are_left():
    sched = Scheduler()
    tid = sched.new(turns([], "a", 1))
    assert list(sched.taskmap) == [tid] and isinstance(sched.taskmap[tid], Task)
    sched.mainloop()
    assert sched.taskmap == {}


def test_before_the_mainloop_ready_is_a_queue_of_the_tasks():
    sched = Scheduler()
    assert isinstance(sched.ready, Queue) and sched.ready.empty()
    sched.new(turns([], "a", 1))
    assert sched.ready.qsize() == 1
    assert sched.ready.get() is sched.taskmap[1]


def test_while_the_mainloop_runs_ready_tells_of_the_kernels_ready_tasks(pyos):
    seen = []
    sched = Scheduler()

    def main():
        seen.append(sched.ready.qsize())
        yield
        yield
        seen.append(sched.ready.empty())

    def other():
        yield WaitTask(1)

    pyos(main(), other(), turns([], "a", 1), sched=sched)
    assert seen == [2, True]


def test_a_task_put_into_ready_is_scheduled(pyos):
    log = []
    sched = Scheduler()

    def sleeper():
        yield Nap()
        log.append("awake")

    def waker():
        sched.ready.put(sched.napping)
        yield

    pyos(sleeper(), waker(), sched=sched)
    assert log == ["awake"]


def test_nobody_takes_a_task_out_of_ready_while_the_mainloop_runs(pyos):
    sched = Scheduler()

    def main():
        with pytest.raises(minios.KernelError, match="mainloop"):
            sched.ready.get()
        yield

    pyos(main(), sched=sched)


def test_a_task_that_was_made_by_hand_can_be_scheduled(pyos):
    log = []
    sched = Scheduler()
    task = Task(turns(log, "by hand", 1))
    sched.schedule(task)
    sched.mainloop()
    assert log == [("by hand", 0)]


def test_a_task_that_is_scheduled_twice_has_one_turn(pyos):
    log = []
    sched = Scheduler()

    def sleeper():
        yield Nap()
        log.append("awake")
        log.append((yield))

    def waker():
        sched.schedule(sched.napping)
        sched.schedule(sched.napping)
        yield
        yield
        sched.schedule(sched.napping)

    pyos(sleeper(), waker(), sched=sched)
    assert log == ["awake", None]


def test_several_schedulers_run_one_after_the_other(pyos):
    log = []
    pyos(turns(log, "a", 1))
    sched = pyos(turns(log, "b", 1))
    pyos(turns(log, "c", 1), sched=sched)
    assert log == [("a", 0), ("b", 0), ("c", 0)] and Task.taskid == 3


def test_a_mainloop_without_tasks_returns():
    Scheduler().mainloop()


def test_a_mainloop_inside_a_task_is_refused_and_may_run_later(pyos):
    log = []
    sched, other = Scheduler(), Scheduler()

    def main():
        other.new(turns(log, "later", 1))
        for each in (sched, other):
            with pytest.raises(minios.KernelError):
                each.mainloop()
        yield

    pyos(main(), sched=sched)
    assert log == []
    pyos(sched=other)
    assert log == [("later", 0)]


def test_what_is_no_generator_is_refused_when_it_is_given(pyos):
    def main():
        with pytest.raises(TypeError, match="call the generator function"):
            yield NewTask(turns)

    with pytest.raises(TypeError):
        Scheduler().new(turns)
    pyos(main())


# --- Exceptions ------------------------------------------------------------------------------


def test_an_exception_in_a_subroutine_reaches_its_caller(pyos):
    got = []

    def sub():
        yield GetTid()
        raise ValueError("sub")

    def main():
        try:
            yield sub()
        except ValueError as error:
            got.append(str(error))

    pyos(main())
    assert got == ["sub"]


def test_an_exception_that_nobody_catches_ends_its_task_alone_and_is_logged(
    pyos, capsys, caplog
):
    log = []

    def bad():
        yield
        raise ValueError("bad task")

    sched = Scheduler()
    sched.new(bad())
    with caplog.at_level(logging.ERROR, logger="minios"):
        pyos(turns(log, "good", 3), sched=sched, failing=True)
    assert len(log) == 3
    assert "bad task" in caplog.text and __file__ in caplog.records[0].getMessage()
    assert capsys.readouterr().out == "Task 1 terminated\nTask 2 terminated\n"


def test_an_exception_in_handle_is_raised_where_the_call_was_yielded(pyos):
    class Broken(SystemCall):
        def handle(self):
            raise LookupError("broken")

    got = []

    def main():
        for _ in range(2):
            try:
                yield Broken()
            except LookupError as error:
                got.append(str(error))

    pyos(main())
    assert got == ["broken", "broken"]


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()])
def test_leaving_the_program_leaves_the_mainloop(pyos, error, capsys):
    def main():
        yield
        raise error

    with pytest.raises(type(error)):
        pyos(main(), forever())
    assert capsys.readouterr().out == "Task 1 terminated\nTask 2 terminated\n"
