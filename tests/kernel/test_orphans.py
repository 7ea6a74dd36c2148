"""Promise 1: nothing is lost in silence."""

import gc
import logging
import subprocess
import sys
import weakref

import pytest

import minios
from minios.sim import VirtualClock
from syscalls import Sleep, Spawn, Wait, WaitAny


def fail(error):
    yield Sleep(1)
    raise error


def test_an_exception_reaches_whoever_waits(run, caplog):
    def main():
        task = yield Spawn(fail(ValueError("expected")))
        with pytest.raises(ValueError, match="expected"):
            yield Wait(task)

    run(main())
    assert caplog.records == []


def test_a_task_that_fails_in_its_first_turn_reaches_a_parent_that_waits_at_once(run, caplog):
    def fail_at_once():
        raise ValueError("at once")
        yield

    def main():
        with pytest.raises(ValueError, match="at once"):
            yield Wait((yield Spawn(fail_at_once())))

    run(main())
    assert caplog.records == []


def test_an_exception_reaches_every_task_that_waits(run):
    heard = []

    def waiter(task):
        try:
            yield Wait(task)
        except ValueError as error:
            heard.append(error)

    def main():
        task = yield Spawn(fail(ValueError()))
        for _ in range(3):
            yield Spawn(waiter(task))
        yield Sleep(2)

    run(main())
    assert len(heard) == 3


def test_an_exception_that_nobody_waits_for_is_logged_when_the_task_ends(run, caplog):
    def main():
        yield Spawn(fail(ValueError("orphan")), name="the orphan")
        yield Sleep(0.5)
        assert not caplog.records
        yield Sleep(1)
        assert len(caplog.records) == 1

    run(main())
    (record,) = caplog.records
    assert record.name == "minios" and record.levelno == logging.ERROR
    assert "the orphan" in record.getMessage()
    assert f"{__file__}:{main.__code__.co_firstlineno + 1}" in record.getMessage()
    assert "in fail" in record.exc_text and "ValueError: orphan" in record.exc_text


def test_a_task_that_failed_before_anybody_waited_still_raises_in_the_waiter(run):
    def main():
        task = yield Spawn(fail(ValueError("late")))
        yield Sleep(5)
        with pytest.raises(ValueError, match="late"):
            yield Wait(task.tid)

    run(main())


def test_what_the_main_task_raises_is_raised_by_run(run, caplog):
    with pytest.raises(ValueError, match="main"):
        run(fail(ValueError("main")))
    assert caplog.records == []


def test_a_watcher_of_several_tasks_gets_the_failed_one_as_a_task(run):
    def main():
        task = yield Spawn(fail(ValueError("inside")))
        first = yield WaitAny([task, (yield Spawn(fail(KeyError())))])
        assert first is task
        with pytest.raises(ValueError):
            first.result()
        yield Sleep(1)

    run(main())


def test_exit_in_a_task_ends_the_program_through_its_main_task(run):
    def leave():
        yield
        raise SystemExit(3)

    cleaned = []

    def main():
        yield Spawn(leave())
        try:
            yield Sleep(100)
        finally:
            cleaned.append(True)

    with pytest.raises(SystemExit) as caught:
        run(main())
    assert caught.value.code == 3 and cleaned


def test_exit_in_a_task_ends_a_kernel_without_a_main_task(kernel):
    def leave():
        yield
        raise SystemExit(3)

    cleaned = []

    def other():
        try:
            yield Sleep(100)
        finally:
            cleaned.append(True)

    kernel.spawn(other())
    kernel.spawn(leave())
    with pytest.raises(SystemExit):
        kernel.run()
    assert cleaned


def test_the_kernel_owns_its_tasks_so_none_is_collected_while_it_sleeps(run):
    done = []

    def forgotten():
        yield Sleep(10)
        done.append(True)

    def main():
        yield Spawn(forgotten())
        gc.collect()
        yield Sleep(11)

    run(main())
    assert done


def test_ended_tasks_nobody_waited_for_are_remembered_only_up_to_a_bound(kernel):
    def brief(n):
        return n
        yield

    def main():
        tids = []
        for n in range(1000):
            tids.append((yield Spawn(brief(n))).tid)
        yield
        assert (yield Wait(tids[-1])) == 999
        with pytest.raises(minios.NoSuchTaskError):
            yield Wait(tids[0])
        with pytest.raises(minios.NoSuchTaskError):
            yield Wait(tids[-1])        # somebody has waited for it already

    kernel.run(main())


def test_an_ended_task_keeps_nothing_alive_but_its_result(kernel):
    class Big:
        pass

    references = []

    def holder():
        big = Big()
        references.append(weakref.ref(big))
        yield Sleep(1)
        raise ValueError

    task = kernel.spawn(holder())
    logging.getLogger("minios").disabled = True
    try:
        kernel.run()
    finally:
        logging.getLogger("minios").disabled = False
    assert references[0]() is None
    assert task.frames() == []


def test_finished_tasks_are_freed_without_the_garbage_collector(kernel):
    references = []

    def child():
        yield Sleep(1)

    def main():
        for _ in range(10):
            task = yield Spawn(child())
            references.append(weakref.ref(task))
            yield Wait(task)
        del task
        yield
        assert [reference() for reference in references] == [None] * 10

    gc.disable()
    try:
        kernel.run(main())
    finally:
        gc.enable()


def test_received_data_is_not_kept_while_the_task_waits_for_more(pair):
    class Message(bytearray):
        pass

    from syscalls import Park, Wake

    references = []

    def receiver():
        while True:
            item = yield Park("inbox")
            references.append(weakref.ref(item))
            del item

    def main():
        yield Spawn(receiver(), daemon=True)
        yield
        yield Wake("inbox", value=Message(b"x"))
        yield
        yield
        assert references[0]() is None

    minios.run(main(), clock=VirtualClock())


def test_a_failure_is_told_although_no_descriptor_is_left_to_import_logging_with():
    program = """
import os, resource
import minios
from syscalls import Sleep, Spawn

def fails():
    yield
    raise ValueError("unheard")

def main():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) - 1, hard))
    yield Spawn(fails())
    yield Sleep(0.01)
    print("went on")

minios.run(main())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "went on\n", done.stderr
    assert "failed and nobody waits for it" in done.stderr and "unheard" in done.stderr
