"""Task: the rules of the trampoline, without an operating system."""

import types
import weakref

import pytest

from minios.legacy.pyos import GetTid, SystemCall, Task
from syscalls import Sleep


def ended(task):
    """Whether a turn finds that the task has ended."""
    try:
        task.run()
    except StopIteration:
        return True
    return False


def test_tids_count_from_one_for_the_whole_program():
    def nothing():
        yield

    assert [Task(nothing()).tid for _ in range(3)] == [1, 2, 3]
    assert Task.taskid == 3


def test_a_new_task_has_its_generator_and_nothing_else():
    def nothing():
        yield

    target = nothing()
    task = Task(target)
    assert task.target is target and task.sendval is None and task.stack == []


def test_each_run_is_one_turn():
    seen = []

    def count():
        for number in range(2):
            seen.append(number)
            yield

    task = Task(count())
    task.run()
    assert seen == [0]
    task.run()
    assert seen == [0, 1]
    assert ended(task)


def test_run_returns_the_system_call_that_was_yielded():
    def asks():
        yield GetTid()

    assert isinstance(Task(asks()).run(), GetTid)


def test_run_returns_a_call_of_minios_too():
    def sleeps():
        yield Sleep(1)

    assert isinstance(Task(sleeps()).run(), Sleep)


def test_a_call_made_in_a_subroutine_is_returned_and_the_caller_waits_on_the_stack():
    def sub():
        yield GetTid()

    def main():
        yield sub()

    target = main()
    task = Task(target)
    assert isinstance(task.run(), GetTid)
    assert task.stack == [target] and task.target.__name__ == "sub"


def test_sendval_is_sent_once():
    got = []

    def receiver():
        got.append((yield GetTid()))
        got.append((yield))
        yield

    task = Task(receiver())
    task.run()
    task.sendval = "answer"
    task.run()
    task.run()
    assert got == ["answer", None]


@pytest.mark.parametrize("value", [7, None, False, 0, "text"])
def test_a_plain_value_yielded_by_a_subroutine_is_its_result(value):
    got = []

    def sub():
        yield value
        got.append("not reached")

    def main():
        got.append((yield sub()))
        yield

    Task(main()).run()
    assert got == [value]


def test_a_subroutine_may_return_its_result():
    got = []

    def sub():
        yield GetTid()
        return "result"

    def main():
        got.append((yield sub()))

    task = Task(main())
    task.run()
    assert ended(task) and got == ["result"]


def test_a_subroutine_that_ends_without_a_result_gives_none():
    got = []

    def sub():
        return
        yield

    def main():
        got.append((yield sub()))

    assert ended(Task(main())) and got == [None]


def test_a_subroutine_called_by_yield_from_returns_its_result():
    got = []

    def sub():
        yield GetTid()
        return "result"

    def main():
        got.append((yield from sub()))

    task = Task(main())
    task.run()
    assert ended(task) and got == ["result"]


def test_a_subroutine_that_has_given_its_result_is_let_go():
    closed = []

    def sub():
        try:
            yield 1
        finally:
            closed.append(True)

    generator = sub()
    last_seen = weakref.ref(generator)

    def main(generator):
        result = yield generator
        del generator
        yield result

    task = Task(main(generator))
    del generator
    task.run()
    assert last_seen() is None and closed == [True]


def test_a_generator_that_is_yielded_again_goes_on_where_it_was():
    got = []

    def source():
        yield "first"
        yield "second"

    def main():
        numbers = source()
        got.append((yield numbers))
        got.append((yield numbers))
        got.append((yield numbers))

    assert ended(Task(main())) and got == ["first", "second", None]


def test_an_exception_in_a_subroutine_is_raised_in_its_caller():
    got = []

    def sub():
        yield GetTid()
        raise ValueError("sub")

    def middle():
        yield sub()

    def main():
        try:
            yield middle()
        except ValueError as error:
            got.append(str(error))

    task = Task(main())
    task.run()
    assert ended(task) and got == ["sub"]


def test_an_exception_that_no_caller_catches_leaves_run():
    def sub():
        raise ValueError("sub")
        yield

    def main():
        yield sub()

    with pytest.raises(ValueError, match="sub"):
        Task(main()).run()


def test_the_depth_of_calls_is_not_limited_by_the_recursion_limit():
    def nested(depth):
        yield (1 + (yield nested(depth - 1)) if depth else 0)

    got = []

    def main():
        got.append((yield nested(20000)))

    assert ended(Task(main())) and got == [20000]


def test_an_exception_passes_through_calls_deeper_than_the_recursion_limit():
    def nested(depth):
        if not depth:
            raise ValueError("bottom")
        yield nested(depth - 1)

    got = []

    def main():
        try:
            yield nested(5000)
        except ValueError as error:
            got.append(str(error))

    assert ended(Task(main())) and got == ["bottom"]


def test_close_closes_the_innermost_generator_first():
    closed = []

    def level(number):
        try:
            yield level(number - 1) if number else GetTid()
        finally:
            closed.append(number)

    task = Task(level(2))
    task.run()
    assert task._close() is None
    assert closed == [0, 1, 2] and task.stack == [] and ended(task)


def test_close_goes_on_after_an_error_and_returns_it():
    closed = []

    def sub():
        try:
            yield GetTid()
        finally:
            raise ValueError("sub")

    def main():
        try:
            yield sub()
        finally:
            closed.append("main")

    task = Task(main())
    task.run()
    assert isinstance(task._close(), ValueError) and closed == ["main"]


def test_import_star_brings_the_modules_and_the_queue_that_pyos_brought():
    names = {}
    exec("from minios.legacy.pyos import *", names)
    import queue
    import select

    assert names["Queue"] is queue.Queue
    assert names["select"] is select and names["types"] is types
    assert issubclass(names["KillTask"], SystemCall)
