"""Bare yields, calls, routines on the task's own stack, and coroutines: the trampoline in full."""

import contextvars
import sys

import pytest

from syscalls import GetTid, Sleep, Spawn, SystemCall, Wait


def test_a_bare_yield_gives_up_the_turn(kernel):
    order = []

    def worker(name):
        for turn in range(3):
            order.append((name, turn))
            yield

    kernel.spawn(worker("a"))
    kernel.spawn(worker("b"))
    kernel.run()
    assert order == [("a", 0), ("b", 0), ("a", 1), ("b", 1), ("a", 2), ("b", 2)]


def test_a_bare_yield_returns_none_after_a_call_returned_something(run):
    def main():
        assert (yield GetTid()) == 1
        assert (yield) is None
        assert (yield) is None

    run(main())


def test_the_three_spellings_of_a_call_mean_the_same(run):
    async def coroutine():
        return await GetTid()

    def main():
        return (yield GetTid()), (yield from GetTid()), (yield coroutine())

    assert run(main()) == (1, 1, 1)


def test_a_yielded_routine_returns_its_value_to_the_caller(run):
    def add(x, y):
        yield
        return x + y

    def main():
        return (yield add(1, 2)) + (yield from add(3, 4))

    assert run(main()) == 10


def test_a_routine_that_never_yields_can_be_called(run):
    def constant():
        return 7
        yield

    def main():
        return (yield constant())

    assert run(main()) == 7


def test_an_exception_of_a_yielded_routine_reaches_its_caller_at_the_yield(run):
    def fail():
        yield
        raise ValueError("lost")

    def main():
        try:
            yield fail()
        except ValueError as error:
            return str(error)

    assert run(main()) == "lost"


def test_an_uncaught_exception_shows_the_whole_chain_of_callers_and_no_kernel(run):
    def inner():
        yield
        raise ValueError

    def outer():
        yield inner()

    with pytest.raises(ValueError) as caught:
        run(outer())
    names = [entry.name for entry in caught.traceback]
    assert names[-2:] == ["outer", "inner"] and "_run_batch" not in names
    assert caught.value.__context__ is None


def test_a_routine_recurses_a_hundred_thousand_deep_on_the_task_s_own_stack(run):
    depth = 100_000
    assert depth > sys.getrecursionlimit()

    def down(n):
        if n == 0:
            yield
            return 0
        return 1 + (yield down(n - 1))

    assert run(down(depth)) == depth


def test_an_exception_crosses_a_hundred_thousand_frames(run):
    def down(n):
        if n == 0:
            raise KeyError("bottom")
        yield down(n - 1)

    def main():
        try:
            yield down(100_000)
        except KeyError as error:
            error.__traceback__ = None      # Python frees a chain of frames by recursion
            return "caught"

    assert run(main()) == "caught"


def test_a_routine_keeps_the_turn_of_its_caller(kernel):
    order = []

    def step(name):
        order.append(name)
        return
        yield

    def caller():
        yield step("a1")
        yield step("a2")

    kernel.spawn(caller())
    kernel.spawn(step("b"))
    kernel.run()
    assert order == ["a1", "a2", "b"]


def test_a_trampolined_call_is_no_switch(kernel):
    def sub():
        return
        yield

    def caller():
        for _ in range(10):
            yield sub()

    task = kernel.spawn(caller())
    kernel.run()
    assert task.switches == 1


def test_a_yield_inside_a_yield_from_chain_returns_to_the_root_of_the_chain(run):
    def leaf():
        yield
        return "leaf"

    def link():
        return (yield leaf()) + " through link"

    def main():
        return (yield from link())

    assert run(main()) == "leaf through link"


def test_native_coroutines_are_tasks_and_call_generators_and_are_called(run):
    def generator():
        yield Sleep(1)
        return "generator"

    async def coroutine(routine):
        child = await Spawn(routine)
        return "coroutine of " + await Wait(child)

    def main():
        return (yield coroutine(generator()))

    assert run(main()) == "coroutine of generator"
    assert run(coroutine(generator())) == "coroutine of generator"


def test_a_call_object_may_be_kept_and_shared_by_many_tasks_at_once(kernel):
    tick = Sleep(1)
    woken = []

    def sleeper(n):
        yield tick
        yield tick
        woken.append((n, kernel.now()))

    for n in range(3):
        kernel.spawn(sleeper(n))
    kernel.run()
    assert woken == [(0, 2.0), (1, 2.0), (2, 2.0)]


def test_each_task_runs_in_a_context_of_its_own_that_a_child_inherits(run):
    variable = contextvars.ContextVar("variable", default="unset")
    seen = []

    def child():
        seen.append(variable.get())
        variable.set("child")
        yield Sleep(1)
        seen.append(variable.get())

    def main():
        variable.set("main")
        task = yield Spawn(child())
        yield Sleep(0.5)
        seen.append(variable.get())
        yield Wait(task)
        seen.append(variable.get())

    run(main())
    assert seen == ["main", "main", "child", "main"]
    assert variable.get() == "unset"


def test_a_generator_object_of_another_make_runs_as_a_task(run):
    class Countdown:
        """What Cython or a hand-written class offers: send, throw, close."""

        def __init__(self):
            self.n = 3

        def __iter__(self):
            return self

        def send(self, value):
            if self.n == 0:
                raise StopIteration("liftoff")
            self.n -= 1

        def throw(self, error):
            raise error

        def close(self):
            pass

    assert run(Countdown()) == "liftoff"


def test_a_user_s_own_system_call_is_one_class(run):
    class Double(SystemCall):
        def __init__(self, n):
            self.n = n

        def handle(self, kernel, task):
            kernel.resume(task, self.n * 2)

    def main():
        assert repr(Double(4)) == "Double(4)"
        return (yield Double(21))

    assert run(main()) == 42
