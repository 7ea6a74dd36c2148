"""What a program adds: calls, schedulers and tasks of its own, and the calls of minios."""

import threading

import pytest

import minios
from minios.legacy.pyos import (
    GetTid,
    KillTask,
    NewTask,
    Scheduler,
    SystemCall,
    Task,
    WaitTask,
)
from syscalls import Now, Sleep, Spawn, Wait

from .tasks import Nap, OwnLoop, forever, turns

# --- Calls and schedulers that a program brings ------------------------------------------------


def test_a_call_finds_the_task_and_the_scheduler(pyos):
    class Look(SystemCall):
        def handle(self):
            self.task.sendval = (self.task, self.sched)
            self.sched.schedule(self.task)

    got = []

    def main():
        got.extend((yield Look()))

    sched = Scheduler()
    sched.new(main())
    task = sched.taskmap[1]
    sched.mainloop()
    assert got == [task, sched]


def test_one_call_object_serves_many_tasks(pyos):
    call = GetTid()
    got = []

    def main():
        got.append((yield call))
        got.append((yield call))

    pyos(main(), main())
    assert got == [1, 2, 1, 2]


def test_a_call_that_never_answers_blocks_its_task_until_it_is_killed(pyos):
    def main():
        yield
        yield KillTask(2)

    def stuck():
        yield SystemCall()

    assert pyos(main(), stuck()).taskmap == {}


def test_a_call_that_nobody_can_answer_any_more_is_a_deadlock(pyos, monkeypatch):
    monkeypatch.setattr(threading, "active_count", lambda: 1)

    def stuck():
        yield Nap()

    with pytest.raises(minios.DeadlockError, match=r"waits in Nap\(\)"):
        pyos(stuck())


def test_a_call_may_close_a_task_as_pyos_did(pyos, capsys):
    class Close(SystemCall):
        def handle(self):
            self.sched.taskmap[2].target.close()
            self.sched.schedule(self.task)

    def main():
        yield
        yield Close()

    pyos(main(), forever())
    assert capsys.readouterr().out == "Task 2 terminated\nTask 1 terminated\n"


def test_a_call_may_end_its_task_by_exit(pyos, capsys):
    class Exit(SystemCall):
        def handle(self):
            self.sched.exit(self.task)

    log = []

    def sub():
        try:
            yield Exit()
            log.append("not reached")
        finally:
            log.append("closed")

    def main():
        yield sub()
        log.append("not reached")

    pyos(main())
    assert log == ["closed"] and capsys.readouterr().out == "Task 1 terminated\n"


def test_a_plain_function_may_end_the_running_task_by_exit(pyos, capsys):
    sched = Scheduler()

    def main():
        sched.exit(sched.taskmap[1])
        yield
        print("not reached")

    pyos(main(), sched=sched)
    assert capsys.readouterr().out == "Task 1 terminated\n"


def test_a_subclass_may_override_what_the_scheduler_does(pyos, capsys):
    log = []

    class Verbose(Scheduler):
        def new(self, target):
            log.append("new")
            return Scheduler.new(self, target)

        def schedule(self, task):
            log.append(f"schedule {task.tid}")
            super().schedule(task)

        def exit(self, task):
            log.append(f"exit {task.tid}")
            del self.taskmap[task.tid]

    def main():
        yield GetTid()

    pyos(main(), sched=Verbose())
    assert log == ["new", "schedule 1", "schedule 1", "schedule 1", "exit 1"]
    assert capsys.readouterr().out == ""


def test_an_exit_that_fails_is_the_tasks_failure_and_not_the_mainloops(pyos, caplog):
    class Failing(Scheduler):
        def exit(self, task):
            super().exit(task)
            raise ValueError("exit fails")

    log = []
    pyos(turns(log, "a", 1), turns(log, "b", 2), sched=Failing(), failing=True)
    assert len(log) == 3 and caplog.text.count("ValueError: exit fails") == 2


def test_a_subclass_of_task_may_override_run(pyos):
    ran = []

    class Counting(Task):
        def run(self):
            ran.append(self.tid)
            return super().run()

    class Counter(Scheduler):
        def new(self, target):
            task = Counting(target)
            self.taskmap[task.tid] = task
            self.schedule(task)
            return task.tid

    pyos(turns([], "a", 2), sched=Counter())
    assert ran == [1, 1, 1]


def test_a_program_may_give_its_tasks_names_and_methods_of_its_own(pyos):
    class Named(Task):
        name = "no name"

        def kill(self):
            raise AssertionError("nobody calls it")

        close = kill

    sched = Scheduler()
    log = []

    def victim():
        yield from forever()

    def main():
        sched.taskmap[1].name = "main"
        task = Named(victim())
        task.name = "victim"
        sched.taskmap[task.tid] = task
        sched.schedule(task)
        yield
        log.append((yield KillTask(task.tid)))

    pyos(main(), sched=sched)
    assert log == [True]


def test_an_iotask_of_ones_own_runs_and_does_not_keep_the_mainloop(pyos, capsys):
    log = []

    class Housekeeping(Scheduler):
        def iotask(self):
            while True:
                log.append(self.ready.empty())
                self.iopoll(0)
                yield

    pyos(turns([], "a", 1), sched=Housekeeping())
    assert log[:2] == [False, True]


def test_the_iotask_there_is_may_be_run_and_ends_at_once(pyos, capsys):
    sched = Scheduler()
    pyos(sched.iotask(), sched=sched)
    assert capsys.readouterr().out == "Task 1 terminated\n"


def test_the_mainloop_spends_no_tid_on_polling(pyos):
    got = []

    def main():
        got.append((yield NewTask(turns([], "child", 1))))

    pyos(main())
    assert got == [2]


def test_a_mainloop_of_ones_own_finds_what_it_needs(pyos, capsys):
    got = []

    def main():
        child = yield NewTask(turns(got, "child", 1))
        got.append((yield WaitTask(child)))
        stuck = yield NewTask(forever())
        got.append((yield KillTask(stuck)))

    pyos(main(), sched=OwnLoop())
    assert got == [("child", 0), True, True]
    assert capsys.readouterr().out.splitlines()[:2] == ["Task 3 terminated", "Task 4 terminated"]


# --- The calls of minios ---------------------------------------------------------------------


@pytest.mark.usefixtures("virtual_time")
def test_calls_of_minios_may_be_yielded_beside_those_of_pyos(pyos):
    got = []

    def sub():
        yield Sleep(1)
        return (yield Now())

    def native():
        yield Sleep(2)
        return "native"

    def main():
        start = yield Now()
        got.append((yield sub()) - start)
        got.append((yield GetTid()))
        got.append((yield Wait((yield Spawn(native())))))

    pyos(main())
    assert got == [1, 1, "native"]


@pytest.mark.usefixtures("virtual_time")
def test_a_native_coroutine_may_be_called_as_a_subroutine(pyos):
    async def native(seconds):
        await Sleep(seconds)
        return "slept"

    got = []

    def main():
        got.append((yield native(1)))

    pyos(main())
    assert got == ["slept"]


@pytest.mark.usefixtures("virtual_time")
def test_an_error_of_a_minios_call_is_raised_in_the_subroutine_that_made_it(pyos):
    def native():
        yield Sleep(1)
        raise ValueError("native")

    got = []

    def sub():
        try:
            yield Wait((yield Spawn(native())))
        except ValueError as error:
            yield str(error)

    def main():
        got.append((yield sub()))

    pyos(main())
    assert got == ["native"]


@pytest.mark.usefixtures("virtual_time")
def test_a_task_that_sleeps_in_minios_can_be_killed_and_leaves_no_timer(pyos):
    def sleeper():
        yield Sleep(1000)

    def main():
        yield
        yield KillTask(2)
        assert not minios.current_kernel().timers

    pyos(main(), sleeper())


@pytest.mark.usefixtures("virtual_time")
def test_scheduling_a_task_does_not_cut_a_call_of_minios_short(pyos):
    sched = Scheduler()
    got = []

    def sleeper():
        start = yield Now()
        yield Sleep(10)
        got.append((yield Now()) - start)

    def main():
        yield
        sched.schedule(sched.taskmap[2])

    pyos(main(), sleeper(), sched=sched)
    assert got == [10]


def test_what_a_task_returns_is_the_result_of_the_kernels_task(pyos):
    got = []

    def child():
        yield
        return "result"

    def main():
        task = minios.current_kernel().find_task(2)
        got.append((yield Wait(task)))

    pyos(main(), child())
    assert got == ["result"]
