"""The kernel's own threads, as an executor of concurrent.futures."""

import gc
import threading
import weakref
from concurrent.futures import wait

import pytest

from syscalls.threads import Threads

LONG = 60


@pytest.fixture
def opened():
    opened = threading.Event()
    yield opened
    opened.set()


def until_idle(threads):
    """A thread says that it is idle a moment after it has answered."""
    while not threads._idle:
        pass


def test_an_idle_thread_is_used_again():
    with Threads(8) as threads:
        first = threads.submit(threading.get_ident).result(LONG)
        until_idle(threads)
        assert threads.submit(threading.get_ident).result(LONG) == first


def test_an_idle_thread_is_counted_on_once():
    with Threads(8) as threads:
        threads.submit(print, end="").result(LONG)
        until_idle(threads)
        together = threading.Barrier(2)
        futures = [threads.submit(together.wait, LONG) for _ in range(2)]
        assert sorted(future.result(LONG) for future in futures) == [0, 1]


def test_a_thread_is_made_when_all_are_busy_up_to_the_limit(opened):
    with Threads(3) as threads:
        entered = threading.Semaphore(0)

        def block():
            entered.release()
            opened.wait(LONG)
            return threading.get_ident()

        futures = [threads.submit(block) for _ in range(10)]
        for _ in range(3):
            assert entered.acquire(timeout=LONG)
        assert not entered.acquire(blocking=False)
        opened.set()
        assert len({future.result(LONG) for future in futures}) == 3


def test_keyword_arguments_reach_the_function():
    with Threads(1) as threads:
        assert threads.submit(int, "11", base=2).result(LONG) == 3


def test_all_threads_are_daemons_and_end_with_the_shutdown():
    threads = Threads(2)
    thread = threads.submit(threading.current_thread).result(LONG)
    threads.shutdown()
    assert thread.daemon and not thread.is_alive()


def test_a_shutdown_lets_finish_what_was_queued(opened):
    threads, log = Threads(1), []
    threads.submit(opened.wait, LONG)
    threads.submit(log.append, 1)
    threads.shutdown(wait=False)
    opened.set()
    threads.shutdown()
    assert log == [1]


def test_a_shutdown_may_drop_what_was_queued_and_those_who_hear_of_it_may_call_back(opened):
    threads, heard = Threads(1), []

    def hear(future):
        with pytest.raises(RuntimeError, match="shut down"):
            threads.submit(print)
        heard.append(future.cancelled())

    threads.submit(opened.wait, LONG)
    threads.submit(print).add_done_callback(hear)
    threads.shutdown(wait=False, cancel_futures=True)
    assert heard == [True]


def test_nothing_is_taken_after_the_shutdown():
    threads = Threads(1)
    threads.shutdown()
    with pytest.raises(RuntimeError, match="shut down"):
        threads.submit(print)


@pytest.fixture
def without_collector():
    gc.disable()
    yield
    gc.enable()


class Argument:
    """Something that can be looked for."""


def fail(argument):
    raise ValueError


def test_an_idle_thread_holds_nothing(without_collector):
    with Threads(1) as threads:
        argument = Argument()
        threads.submit(id, argument).result(LONG)
        until_idle(threads)
        argument = weakref.ref(argument)
        assert argument() is None


def test_an_error_holds_neither_the_future_nor_the_arguments(without_collector):
    with Threads(1) as threads:
        argument = Argument()
        future = threads.submit(fail, argument)
        error = future.exception(LONG)
        until_idle(threads)
        future, argument = weakref.ref(future), weakref.ref(argument)
        assert future() is None
        error.__traceback__ = None      # the frame of `fail`
        assert argument() is None


def test_where_the_system_has_no_more_threads_those_there_are_do_the_work(monkeypatch):
    def refuse(thread):
        raise RuntimeError("can't start new thread")

    with Threads(3) as threads:
        opened = threading.Event()
        first = threads.submit(opened.wait, LONG)
        monkeypatch.setattr(threading.Thread, "start", refuse)
        second = threads.submit(threading.get_ident)
        opened.set()
        assert not wait([first, second], LONG).not_done


def test_where_there_is_not_one_thread_the_caller_hears_of_it(monkeypatch):
    def refuse(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    threads = Threads(3)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        threads.submit(print)
    threads.shutdown()
