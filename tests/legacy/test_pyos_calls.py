"""The calls on tasks: what they return, how WaitTask waits, and what KillTask leaves."""

import pytest

import minios
from minios.legacy.pyos import (
    GetTid,
    KillTask,
    NewTask,
    ReadWait,
    Scheduler,
    SystemCall,
    WaitTask,
    WriteWait,
)

from .tasks import Nap, forever, turns

# --- sendval ---------------------------------------------------------------------------------


def test_a_bare_yield_does_not_return_the_result_of_an_earlier_call(pyos):
    got = []

    def main():
        got.append((yield GetTid()))
        got.append((yield))

    pyos(main())
    assert got == [1, None]


def test_sendval_may_be_set_after_the_task_was_scheduled(pyos):
    class Late(SystemCall):
        def handle(self):
            self.sched.schedule(self.task)
            self.task.sendval = "late"

    got = []

    def main():
        got.append((yield Late()))

    pyos(main())
    assert got == ["late"]


# --- WaitTask --------------------------------------------------------------------------------


def test_waiting_for_a_task_returns_true_when_it_has_ended(pyos):
    got = []

    def main():
        child = yield NewTask(turns(got, "child", 2))
        got.append((yield WaitTask(child)))

    pyos(main())
    assert got == [("child", 0), ("child", 1), True]


def test_waiting_for_no_task_returns_false_at_once(pyos):
    got = []

    def main():
        got.append((yield WaitTask(99)))

    pyos(main())
    assert got == [False]


def test_who_waits_is_listed_in_exit_waiting(pyos):
    sched = Scheduler()
    seen = []

    def main():
        yield
        seen.append({tid: [task.tid for task in each]
                     for tid, each in sched.exit_waiting.items()})

    def waiter():
        yield WaitTask(1)

    pyos(main(), waiter(), waiter(), sched=sched)
    assert seen == [{1: [2, 3]}] and sched.exit_waiting == {}


def test_tasks_that_wait_for_each_other_are_a_deadlock_that_is_reported(pyos):
    def main(other):
        yield WaitTask(other)

    with pytest.raises(minios.DeadlockError) as caught:
        pyos(main(2), main(1))
    assert caught.value.cycle == [1, 2]
    assert "waits in WaitTask(2)" in str(caught.value)
    assert "yield WaitTask(other)" in str(caught.value)


# --- KillTask --------------------------------------------------------------------------------


def test_a_ready_task_that_is_killed_is_closed_now_and_terminated_at_its_turn(pyos, capsys):
    def victim():
        try:
            yield from forever()
        finally:
            print("closed")

    def main():
        child = yield NewTask(victim())
        yield NewTask(one_turn())
        print("killed", (yield KillTask(child)))

    def one_turn():
        yield
        print("another task")

    pyos(main())
    assert capsys.readouterr().out.splitlines() == [
        "closed", "Task 2 terminated", "another task", "Task 3 terminated",
        "killed True", "Task 1 terminated",
    ]


def test_a_task_that_does_not_exist_cannot_be_killed(pyos):
    got = []

    def main():
        got.append((yield KillTask(99)))

    pyos(main())
    assert got == [False]


def test_killing_a_task_closes_its_whole_stack_innermost_first(pyos):
    log = []

    def level(number):
        try:
            yield level(number - 1) if number else forever()
            log.append("not reached")
        finally:
            log.append(number)

    def pausing(number):
        try:
            yield pausing(number - 1) if number else Nap()
            log.append("not reached")
        finally:
            log.append(number)

    def main():
        yield
        yield KillTask(2)

    pyos(main(), pausing(3))
    assert log == [0, 1, 2, 3]


def test_a_killed_task_gets_generator_exit_and_not_cancelled(pyos):
    log = []

    def victim():
        try:
            yield from forever()
        except BaseException as error:
            log.append(type(error))
            raise

    def main():
        yield
        yield KillTask(2)

    pyos(main(), victim())
    assert log == [GeneratorExit]


def test_killing_a_task_that_waits_takes_it_off_exit_waiting(pyos, capsys):
    sched = Scheduler()

    def waiter():
        yield WaitTask(1)

    def main():
        yield
        yield KillTask(2)
        assert sched.exit_waiting == {} and list(sched.taskmap) == [1]

    pyos(main(), waiter(), sched=sched)
    assert capsys.readouterr().out == "Task 2 terminated\nTask 1 terminated\n"


def test_a_task_may_kill_itself(pyos, capsys):
    def main():
        yield KillTask((yield GetTid()))
        print("not reached")

    pyos(main())
    assert capsys.readouterr().out == "Task 1 terminated\n"


def test_a_task_that_was_killed_wakes_who_waits_for_it(pyos):
    got = []

    def waiter():
        got.append((yield WaitTask(3)))

    def killer():
        yield
        yield KillTask(3)

    pyos(waiter(), killer(), forever())
    assert got == [True]


def test_what_a_killed_task_raises_when_it_is_closed_is_logged(pyos, caplog):
    def bad():
        try:
            yield from forever()
        finally:
            raise ValueError("last words")

    def main():
        yield
        yield KillTask(2)
        yield
        yield "alive"

    pyos(main(), bad(), failing=True)
    assert "last words" in caplog.text


def test_the_kernel_knows_who_killed_a_task_and_where(pyos):
    got = []

    def main():
        yield
        victim = minios.current_kernel().find_task(2)
        yield KillTask(2)
        with pytest.raises(minios.TaskKilledError) as caught:
            victim.result()
        got.append(caught.value)

    pyos(main(), forever())
    assert got[0].killer == 1 and got[0].signum == 9
    assert got[0].place.startswith(f"{__file__}:")


def test_a_task_killed_before_its_first_turn_never_runs(pyos, capsys):
    def main():
        yield KillTask(2)

    def never():
        print("not reached")
        yield

    pyos(main(), never())
    assert capsys.readouterr().out == "Task 2 terminated\nTask 1 terminated\n"


# --- repr ------------------------------------------------------------------------------------


def test_a_call_shows_its_arguments_in_its_repr(pair):
    def child():
        yield

    class Custom(SystemCall):
        def __init__(self, number, file):
            self.number, self.file = number, file

    left = pair[0]
    number = left.fileno()
    calls = [GetTid(), NewTask(child()), KillTask(3), WaitTask(4), ReadWait(left),
             WriteWait(number), Custom(5, left)]
    assert [repr(call) for call in calls] == [
        "GetTid()", "NewTask(child)", "KillTask(3)", "WaitTask(4)", f"ReadWait(fd {number})",
        f"WriteWait(fd {number})", f"Custom(5, fd {number})",
    ]


def test_a_call_does_not_show_the_task_that_made_it_in_its_repr(pyos):
    call = GetTid()

    def main():
        yield call

    pyos(main())
    assert call.task.tid == 1 and repr(call) == "GetTid()"
