"""pyos tasks as the kernel sees them: ps, signals, stacks, places, threads, memory."""

import gc
import threading
import weakref

import pytest

import minios
from minios.legacy.pyos import GetTid, KillTask, NewTask, Scheduler, SystemCall, WaitTask
from syscalls import Kill, Tasks, signums

from .tasks import Nap, forever, kernel_task, napper


def test_each_task_is_one_task_of_the_kernel_named_after_its_generator(pyos):
    seen = []

    def main():
        yield
        seen.extend((task.name, task.state, task.wait) for task in (yield Tasks()))
        yield KillTask(3)

    def waiter():
        yield WaitTask(1)

    pyos(main(), waiter(), napper(), forever_until_main_ends())
    assert [(name, wait) for name, state, wait in seen] == [
        ("main", ""), ("waiter", "WaitTask(1)"), ("napper", "Nap()"),
        ("forever_until_main_ends", "WaitTask(1)"),
    ]


def forever_until_main_ends():
    yield WaitTask(1)


def test_a_task_made_by_a_task_is_its_child(pyos):
    seen = []

    def child():
        seen.append(minios.current_task().parent.name)
        yield

    def main():
        yield NewTask(child())
        yield

    pyos(main())
    assert seen == ["main"]


def test_the_frames_of_a_task_are_those_of_its_generators(pyos):
    seen = []

    def inner():
        yield Nap()

    def delegating():
        yield from inner()

    def outer():
        yield delegating()

    def main():
        yield
        seen.extend(frame.f_code.co_name for frame in kernel_task("outer").frames())
        yield KillTask(2)

    pyos(main(), outer())
    assert seen == ["outer", "delegating", "inner"]


def test_the_place_where_a_task_was_asked_for_is_kept(pyos):
    seen = []

    def child():
        seen.append(minios.current_task().spawned_at)
        yield

    def main():
        yield NewTask(child())      # the first
        sched.new(child())
        yield

    sched = Scheduler()
    sched.new(child())
    pyos(main(), sched=sched)
    first = test_the_place_where_a_task_was_asked_for_is_kept.__code__.co_firstlineno
    places = [place.rpartition(":") for place in seen]
    assert {file for file, _, _ in places} == {__file__}
    assert sorted(int(line) - first for _, _, line in places) == [8, 9, 13]


def test_sigterm_throws_cancelled_into_the_innermost_generator(pyos, capsys):
    log = []

    def inner():
        try:
            yield Nap()
        except minios.Cancelled as error:
            log.append(("inner", error.signum))
            raise

    def outer():
        try:
            yield inner()
        finally:
            log.append("outer")

    def main():
        yield
        yield Kill(kernel_task("outer"))
        yield

    pyos(main(), outer())
    assert log == [("inner", 15), "outer"]
    assert capsys.readouterr().out == "Task 2 terminated\nTask 1 terminated\n"


def test_a_task_that_swallows_sigterm_lives_on(pyos):
    log = []

    def stubborn():
        try:
            yield Nap()
        except minios.Cancelled:
            log.append((yield GetTid()))

    def main():
        yield
        yield Kill(kernel_task("stubborn"))

    pyos(main(), stubborn())
    assert log == [2]


@pytest.mark.parametrize("blocked", [True, False])
def test_sigkill_closes_the_whole_stack_innermost_first(pyos, blocked, capsys):
    log = []

    def level(number):
        try:
            if number:
                yield level(number - 1)
            elif blocked:
                yield Nap()
            while True:
                yield GetTid()
        finally:
            log.append(number)

    def main():
        yield
        yield
        yield Kill(kernel_task("level"), signums.SIGKILL)
        log.append("killed")

    pyos(main(), level(2))
    assert log == [0, 1, 2, "killed"]
    assert capsys.readouterr().out == "Task 2 terminated\nTask 1 terminated\n"


def test_a_task_may_kill_itself_with_sigkill(pyos, capsys):
    log = []

    def inner():
        try:
            minios.current_task().kill(signums.SIGKILL)
            yield Nap()
        finally:
            log.append("inner")

    def main():
        try:
            yield inner()
        finally:
            log.append("main")

    pyos(main())
    assert log == ["inner", "main"] and capsys.readouterr().out == "Task 1 terminated\n"


def test_a_task_that_is_killed_before_its_first_turn_is_terminated(pyos, capsys):
    def main():
        yield Kill(kernel_task("forever"), signums.SIGKILL)
        yield

    pyos(main(), forever())
    assert capsys.readouterr().out == "Task 2 terminated\nTask 1 terminated\n"


def test_a_stopped_task_has_no_turn_until_it_is_continued(pyos):
    log = []

    def victim():
        while len(log) < 3:
            log.append("turn")
            yield

    def main():
        yield
        task = kernel_task("victim")
        yield Kill(task, signums.SIGSTOP)
        yield
        yield
        seen = len(log)
        yield Kill(task, signums.SIGCONT)
        log.insert(0, seen)

    pyos(main(), victim())
    assert log == [1, "turn", "turn"]


def test_a_stopped_task_can_be_killed(pyos, capsys):
    def main():
        yield
        yield Kill(kernel_task("forever"), signums.SIGSTOP)
        yield
        yield KillTask(2)

    pyos(main(), forever())
    assert capsys.readouterr().out == "Task 2 terminated\nTask 1 terminated\n"


def test_another_thread_may_schedule_a_task(pyos):
    class InThread(SystemCall):
        """Call a function in a thread; its result is the call's."""

        def __init__(self, function):
            self.function = function

        def handle(self):
            threading.Thread(target=self.work).start()

        def work(self):
            self.task.sendval = self.function()
            self.sched.schedule(self.task)

    got = []
    go_on = threading.Event()

    def main():
        got.append((yield InThread(lambda: go_on.wait(60))))
        got.append((yield InThread(threading.get_ident)) != threading.get_ident())

    def other():
        yield
        go_on.set()

    pyos(main(), other())
    assert got == [True, True]


def test_another_thread_may_start_a_task(pyos):
    sched = Scheduler()
    log = []

    def child():
        log.append(minios.current_kernel().thread == threading.get_ident())
        yield

    class Elsewhere(SystemCall):
        def handle(self):
            threading.Thread(target=self.work).start()

        def work(self):
            self.sched.new(child())
            self.sched.schedule(self.task)

    def main():
        yield Elsewhere()

    pyos(main(), sched=sched)
    assert log == [True]


def test_ended_tasks_are_freed_without_the_garbage_collector(pyos):
    sched = Scheduler()
    seen = []

    def sub():
        yield GetTid()

    def short():
        yield sub()
        yield

    def bad():
        yield sub()
        yield KillTask(99)

    def main():
        for make in (short, bad):
            tid = yield NewTask(make())
            seen.append(weakref.ref(sched.taskmap[tid]))
            yield WaitTask(tid)

    gc.disable()
    try:
        pyos(main(), sched=sched)
        assert [ref() for ref in seen] == [None, None]
    finally:
        gc.enable()
