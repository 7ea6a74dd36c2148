"""to_thread: a plain function in a thread, with keyword arguments and the caller's context."""

import contextvars
import threading

import pytest

import minios
from minios import to_thread
from syscalls import Kill, Sleep, Spawn, Tasks, Wait

LONG = 60

name = contextvars.ContextVar("name", default="nobody")


def test_a_function_is_called_with_all_its_arguments_in_a_thread(run):
    def function(*args, **kwargs):
        return threading.current_thread() is threading.main_thread(), args, kwargs

    async def coroutine():
        return await to_thread(function, 1, b=2)

    def main():
        return [
            (yield from to_thread(function, 1, b=2)),
            (yield to_thread(function, 1, b=2)),
            (yield coroutine()),
        ]

    assert run(main()) == [(False, (1,), {"b": 2})] * 3


def test_a_keyword_argument_may_have_any_name(run):
    def function(**kwargs):
        return kwargs

    assert run(to_thread(function, function=1, executor=2, self=3)) == {
        "function": 1, "executor": 2, "self": 3,
    }


def test_what_the_function_raises_is_raised_in_the_caller(run):
    def main():
        with pytest.raises(ZeroDivisionError):
            yield from to_thread(divmod, 1, 0)
        with pytest.raises(RuntimeError, match="raised StopIteration"):
            yield from to_thread(next, iter([]))
        with pytest.raises(TypeError, match="takes a function"):
            yield from to_thread("function")

    run(main())


def test_the_function_sees_the_callers_context_variables_and_changes_a_copy(run):
    def look_and_change():
        seen = name.get()
        name.set("the thread")
        return seen

    def worker(mine):
        name.set(mine)
        yield Sleep(1)
        return (yield from to_thread(look_and_change)), name.get()

    def main():
        first = yield Spawn(worker("first"))
        second = yield Spawn(worker("second"))
        return (yield Wait(first)), (yield Wait(second)), name.get()

    assert run(main()) == (("first", "first"), ("second", "second"), "nobody")


def test_ps_shows_the_function_and_its_arguments(run):
    opened = threading.Event()

    def main():
        yield Spawn(to_thread(opened.wait, timeout=LONG), name="waiter")
        yield
        waits = {info.name: info.wait for info in (yield Tasks())}
        opened.set()
        return waits["waiter"]

    assert run(main()) == "to_thread(Event.wait, timeout=60)"


def test_a_caller_that_is_killed_ends_at_once(run):
    opened = threading.Event()

    def main():
        task = yield Spawn(to_thread(opened.wait, LONG))
        yield
        yield Kill(task)
        with pytest.raises(minios.TaskKilledError):
            yield Wait(task)
        opened.set()

    run(main())


def test_the_function_runs_on_the_kernels_executor(kernel):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1, thread_name_prefix="mine") as kernel.executor:
        thread = kernel.run(to_thread(threading.current_thread))
    assert thread.name.startswith("mine")
