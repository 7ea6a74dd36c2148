"""pyos programs that a shell loads: their tasks run on its kernel."""


import minios
from minios.legacy.pyos import GetTid, KillTask, NewTask, Recv, Scheduler, Send, WaitTask
from syscalls import Kill, Sleep, Tasks

from .tasks import kernel_task, napper


def test_a_hosted_program_runs_on_the_hosts_kernel(hosted, capsys):
    seen, names = [], []

    def child():
        yield GetTid()
        seen.append(minios.current_kernel())

    def main():
        tid = yield NewTask(child())
        names.extend(task.name for task in (yield Tasks()))
        yield WaitTask(tid)

    def program():
        sched = Scheduler()
        sched.new(main())
        sched.mainloop()
        return sched

    sched, host = hosted(program)
    assert seen == [host] and names == ["leader", "main", "child"]
    assert sched.taskmap == {} and not sched.is_running()
    assert capsys.readouterr().out == "Task 2 terminated\nTask 1 terminated\n"


def test_a_hosted_program_may_kill_wait_and_run_again(hosted):
    got = []

    def main():
        victim = yield NewTask(napper())
        waiter = yield NewTask(waiting(victim))
        yield
        got.append((yield KillTask(victim)))
        yield WaitTask(waiter)

    def waiting(victim):
        got.append((yield WaitTask(victim)))

    def program():
        for _ in range(2):
            sched = Scheduler()
            sched.new(main())
            sched.mainloop()

    hosted(program)
    assert got == [True, True, True, True]


def test_a_hosted_program_has_tids_of_its_own(hosted):
    def main():
        got.append((yield GetTid()))
        got.append(minios.current_task().tid != 1)

    got = []

    def program():
        sched = Scheduler()
        sched.new(main())
        sched.mainloop()

    hosted(program)
    assert got == [1, True]


def test_a_hosted_mainloop_returns_when_the_last_task_has_ended(hosted):
    log = []

    def late():
        yield Sleep(0)
        yield
        log.append("late")

    def main():
        yield NewTask(late())
        log.append("main")

    def program():
        sched = Scheduler()
        sched.new(main())
        sched.mainloop()
        log.append("mainloop")

    hosted(program)
    assert log == ["main", "late", "mainloop"]


def test_a_hosted_program_ends_when_its_tasks_are_killed_one_by_one(hosted):
    def main():
        for child in reversed(kernel_task("leader").children):
            yield Kill(child)
        yield

    def program():
        sched = Scheduler()
        sched.new(main())
        sched.new(napper())
        sched.mainloop()
        return sched.taskmap

    assert hosted(program)[0] == {}


def test_a_hosted_program_does_its_input_and_output_on_the_host(hosted, pair):
    left, right = pair
    got = []

    def echo():
        data = yield Recv(left, 100)
        yield Send(left, data.upper())

    def main():
        yield Send(right, b"hello")
        got.append((yield Recv(right, 100)))
        got.append(len(minios.current_kernel().tasks))

    def program():
        sched = Scheduler()
        sched.new(echo())
        sched.new(main())
        sched.mainloop()

    hosted(program)
    assert got == [b"HELLO", 2]
