"""A program that brings its own kernel runs on the one that hosts its thread."""

import threading

import pytest

import minios
from minios.kernel.hosting import hosted_by
from minios.sim import VirtualClock
from syscalls import GetTid, Kill, Park, Sleep, Spawn, Wait


def host(program, seen=None):
    """Run `program` in a thread that a kernel hosts; what it returned or raised."""
    outcome = []

    def load(kernel, leader):
        with hosted_by(kernel, leader):
            try:
                outcome.append(program())
            except BaseException as error:
                outcome.append(error)
        kernel.call_from_thread(finish, kernel)

    def finish(kernel):
        kernel.release()
        kernel.parking.wake("loaded", 1, True)

    def job():
        kernel = minios.current_kernel()
        kernel.hold()
        threading.Thread(target=load, args=(kernel, minios.current_task())).start()
        yield Park("loaded")

    def shell():
        task = yield Spawn(job(), name="job")
        if seen is not None:
            yield Spawn(seen(task))
        yield Wait(task)

    minios.run(shell(), grace=1)
    return outcome[0]


def test_a_hosted_program_runs_on_the_host_s_kernel_and_gets_its_result():
    def main():
        tid = yield GetTid()
        task = minios.current_task()
        assert task.parent.name == "job" and task.group == task.parent.group
        yield Sleep(0.001)
        return tid

    assert host(lambda: minios.run(main())) > 2


def test_a_hosted_program_gets_its_exceptions():
    def main():
        yield Sleep(0)
        raise ValueError("mine")

    assert str(host(lambda: minios.run(main()))) == "mine"


def test_tasks_spawned_before_the_run_move_to_the_host():
    results = []

    def worker(n):
        yield Sleep(0.001 * n)
        results.append(n)
        return n

    def program():
        kernel = minios.Kernel()
        tasks = [kernel.spawn(worker(n)) for n in range(3)]
        kernel.run()
        kernel.run()        # nothing is left
        return [task.result() for task in tasks]

    assert host(program) == [0, 1, 2]
    assert results == [0, 1, 2]


def test_what_a_hosted_main_leaves_behind_is_shut_down_before_its_run_returns():
    log = []

    def straggler():
        try:
            yield Sleep(100)
        finally:
            yield Sleep(0.001)
            log.append("cleaned up")

    def stubborn():
        while True:
            try:
                yield Sleep(100)
            except minios.Cancelled:
                log.append("no")

    def main():
        yield Spawn(straggler())
        yield Spawn(stubborn())
        yield Sleep(0)
        return "done"

    def program():
        result = minios.run(main())
        return result, list(log)

    assert host(program) == ("done", ["no", "cleaned up"])


def test_a_run_without_a_routine_lasts_until_the_tasks_of_its_tasks_have_ended():
    log = []

    def late():
        yield Sleep(0.01)
        log.append("late ended")

    def first():
        yield Spawn(late())

    def program():
        kernel = minios.Kernel()
        kernel.spawn(first())
        kernel.run()
        return list(log)

    assert host(program) == ["late ended"]


def test_a_hosted_kernel_s_methods_reach_its_host_and_are_its_own_again_afterwards():
    log = []

    def program():
        kernel = minios.Kernel()

        def main():
            tid = yield GetTid()
            log.append((kernel.kill(tid, 0), tid in kernel.tasks))
            kernel.hold()
            threading.Thread(target=kernel.call_from_thread, args=(answer,)).start()
            log.append((yield Park("answer")))

        def answer():
            kernel.release()
            kernel.parking.wake("answer", 1, "called")

        before = dict(vars(kernel))
        kernel.run(main())
        kernel.run(main())
        assert {name for name, value in vars(kernel).items() if value is not before[name]} <= {
            "last_tid"
        }
        return log

    assert host(program) == [(True, True), "called"] * 2


def test_killing_the_main_task_of_a_hosted_program_ends_its_run():
    def main():
        yield Sleep(100)

    def assassin(job):
        while len(minios.current_kernel().tasks) < 4:
            yield Sleep(0.001)
        (victim,) = [task for task in job.children]
        yield Kill(victim)

    outcome = host(lambda: minios.run(main()), seen=assassin)
    assert isinstance(outcome, minios.TaskKilledError)


def test_a_hosted_program_with_devices_of_its_own_keeps_its_kernel():
    def main():
        yield Sleep(86_400)
        return (yield GetTid())

    assert host(lambda: minios.run(main(), clock=VirtualClock())) == 1


def test_a_kernel_is_not_hosted_outside_the_thread_that_is():
    assert minios.run(main_returning(7)) == 7
    with pytest.raises(ValueError):
        minios.run(main_raising(ValueError()))


def main_returning(value):
    yield
    return value


def main_raising(error):
    yield
    raise error
