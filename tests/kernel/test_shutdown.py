"""Promise 3: shutdown is bounded: SIGTERM to all, a grace period, SIGKILL; children first."""

import logging

import pytest

import minios
from minios.sim import VirtualClock
from syscalls import Sleep, Spawn


def test_the_tasks_that_main_leaves_behind_are_shut_down_children_before_parents(run):
    log = []

    def child(name, depth):
        try:
            if depth:
                yield Spawn(child(name + "'", depth - 1))
            yield Sleep(100)
        finally:
            log.append(name)

    def main():
        yield Spawn(child("a", 2))
        yield Sleep(1)
        return "result"

    assert run(main()) == "result"
    assert log == ["a''", "a'", "a"]


def test_tasks_have_the_grace_period_to_clean_up():
    log = []

    def careful():
        try:
            yield Sleep(100)
        finally:
            yield Sleep(4)
            log.append("cleaned up")

    def main():
        yield Spawn(careful())
        yield Sleep(1)

    clock = VirtualClock()
    minios.run(main(), clock=clock, grace=5)
    assert log == ["cleaned up"] and clock.now() == 5


def test_a_task_that_does_not_end_in_the_grace_period_is_killed():
    log = []

    def stubborn():
        try:
            while True:
                try:
                    yield Sleep(1)
                except minios.Cancelled:
                    log.append("no")
        finally:
            log.append("closed")

    def main():
        yield Spawn(stubborn())
        yield Sleep(1)

    clock = VirtualClock()
    minios.run(main(), clock=clock, grace=5)
    assert log == ["no", "closed"] and clock.now() == 6


def test_tasks_that_wait_for_what_never_comes_are_not_given_the_whole_grace_period():
    from syscalls import Park

    def stuck():
        try:
            yield Sleep(100)
        finally:
            yield Park("nobody wakes this")

    def main():
        yield Spawn(stuck())
        yield Sleep(1)

    clock = VirtualClock()
    minios.run(main(), clock=clock, grace=1000)
    assert clock.now() == 1


def test_a_task_spawned_during_shutdown_is_shut_down_too():
    spawned = []

    def hydra():
        try:
            yield Sleep(100)
        finally:
            spawned.append((yield Spawn(hydra())))

    def main():
        yield Spawn(hydra())
        yield Sleep(1)

    clock = VirtualClock()
    minios.run(main(), clock=clock, grace=5)
    assert spawned and all(task.done() for task in spawned)


def test_stopped_tasks_are_shut_down_too(run):
    import signal

    log = []

    def worker():
        try:
            yield Sleep(100)
        finally:
            log.append("cleaned up")

    def main():
        task = yield Spawn(worker())
        yield
        task.kill(signal.SIGSTOP)

    run(main())
    assert log == ["cleaned up"]


def test_what_tasks_raise_while_they_are_shut_down_is_logged(run, caplog):
    def bad():
        try:
            yield Sleep(100)
        finally:
            raise ValueError("in the clean-up")

    def main():
        yield Spawn(bad())
        yield

    run(main())
    assert "in the clean-up" in caplog.text


def test_the_tasks_are_shut_down_when_main_fails(run):
    log = []

    def worker():
        try:
            yield Sleep(100)
        finally:
            log.append("cleaned up")

    def main():
        yield Spawn(worker())
        yield
        raise ValueError

    with pytest.raises(ValueError):
        run(main())
    assert log == ["cleaned up"]


def test_daemons_do_not_keep_the_kernel_running_and_are_shut_down(kernel):
    log = []

    def daemon():
        try:
            while True:
                yield Sleep(1)
        finally:
            log.append("ended")

    def worker():
        yield Sleep(10)

    kernel.spawn(daemon(), daemon=True)
    kernel.spawn(worker())
    kernel.run()
    assert log == ["ended"] and kernel.now() == 10


def test_ten_thousand_tasks_are_shut_down(run, caplog):
    caplog.set_level(logging.DEBUG)
    ended = []

    def worker(n):
        try:
            yield Sleep(100)
        finally:
            ended.append(n)

    def main():
        for n in range(10_000):
            yield Spawn(worker(n))
        yield

    run(main())
    assert ended == list(range(9_999, -1, -1))
    assert not caplog.records


def test_every_descriptor_of_the_kernel_is_closed_after_the_run():
    import os

    def fds():
        return len(os.listdir("/proc/self/fd"))

    def main():
        yield Sleep(0.001)

    before = fds()
    for _ in range(10):
        minios.run(main())
    assert fds() == before


def test_services_are_asked_to_end_when_the_others_have(run):
    log = []

    def worker():
        try:
            yield Sleep(100)
        finally:
            yield Sleep(2)          # it still needs the service
            log.append("worker")

    def service():
        try:
            yield Sleep(100)
        finally:
            log.append("service")

    def main():
        yield Spawn(worker())
        yield Spawn(service(), daemon=True)
        yield Sleep(1)

    run(main())
    assert log == ["worker", "service"]


def test_services_share_the_grace_period_of_the_others():
    def stubborn():
        while True:
            try:
                yield Sleep(1000)
            except BaseException as error:
                if isinstance(error, GeneratorExit):
                    raise

    def main():
        yield Spawn(stubborn())
        yield Spawn(stubborn(), daemon=True)
        yield Sleep(1)

    clock = VirtualClock()
    minios.run(main(), clock=clock, grace=5)
    assert clock.now() == 6


def test_what_was_asked_for_at_exit_is_called_last_first_after_the_tasks_have_ended(kernel, caplog):
    log = []

    def left_behind():
        try:
            yield Sleep(100)
        finally:
            log.append("task")

    def main():
        kernel.at_exit(log.append, "first")
        kernel.at_exit(lambda: 1 / 0)
        kernel.at_exit(log.append, "last")
        yield Spawn(left_behind())
        yield Sleep(1)

    kernel.run(main())
    assert log == ["task", "last", "first"]
    assert [record.exc_info[0] for record in caplog.records] == [ZeroDivisionError]
    kernel.run(main())
    assert log == ["task", "last", "first"] * 2     # each run has its own
