"""What the library is built from: interrupt and withdraw, callbacks at a task's end, wake."""

import contextlib
import threading

import pytest

import minios
from minios import Cancelled, KernelError
from syscalls import Kill, Park, Sleep, Spawn, Wait
from syscalls.parking import parked, wake
from tests.invariants import check_invariants


class Interruption(Cancelled):
    pass


def test_interrupt_undoes_the_wait_and_raises_there(run):
    def sleeper():
        with pytest.raises(Interruption):
            yield Sleep(100)
        return "went on"

    def main():
        task = yield Spawn(sleeper())
        yield Sleep(1)
        kernel = minios.current_kernel()
        kernel.interrupt(task, Interruption())
        check_invariants(kernel)
        return (yield Wait(task))

    assert run(main()) == "went on"


@pytest.mark.parametrize("withdrawn", [True, False])
def test_what_waits_for_the_next_yield_can_be_withdrawn(run, withdrawn):
    error = Interruption()

    def receiver():
        item = yield Park("item")
        kernel = minios.current_kernel()
        if withdrawn:
            assert kernel.withdraw(minios.current_task(), error)
        assert not kernel.withdraw(minios.current_task(), Interruption())
        yield Sleep(1)
        return item

    def main():
        task = yield Spawn(receiver())
        yield
        wake("item", 1, "item")
        minios.current_kernel().interrupt(task, error)
        return (yield Wait(task))

    if withdrawn:
        assert run(main()) == "item"
    else:
        with pytest.raises(minios.TaskKilledError):
            run(main())


def test_a_kill_is_delivered_although_another_interruption_is_on_its_way(run):
    def stubborn():
        try:
            yield Sleep(100)
        except Interruption:
            yield Sleep(100)

    def main():
        task = yield Spawn(stubborn())
        yield Sleep(1)
        minios.current_kernel().interrupt(task, Interruption())
        yield Kill(task)
        with pytest.raises(minios.TaskKilledError):
            yield Wait(task)

    run(main())


def test_a_done_callback_is_called_once_when_the_task_ends(run):
    calls = []

    def main():
        task = yield Spawn(iter_to(3))
        task.add_done_callback(calls.append)
        task.add_done_callback(calls.append)        # the same function: once
        yield Wait(task)
        assert calls == [task]
        task.add_done_callback(calls.append)        # it has ended: at once
        assert calls == [task, task]

    def iter_to(n):
        for _ in range(n):
            yield

    run(main())


def test_a_removed_callback_is_not_called(run):
    calls = []

    def main():
        task = yield Spawn(nothing())
        task.add_done_callback(calls.append)
        task.remove_done_callback(calls.append)
        task.remove_done_callback(calls.append)
        yield Wait(task)

    def nothing():
        yield

    run(main())
    assert not calls


@pytest.mark.parametrize("answer", [True, None])
def test_a_callback_that_returns_true_has_heard_of_the_error(run, caplog, answer):
    def main():
        task = yield Spawn(fails())
        task.add_done_callback(lambda task: answer)
        yield Sleep(1)

    def fails():
        yield
        raise ValueError

    run(main())
    assert bool(caplog.records) is (answer is None)


def test_a_callback_that_fails_is_logged_and_the_others_are_called(run, caplog):
    calls = []

    def main():
        task = yield Spawn(nothing())
        task.add_done_callback(lambda task: 1 / 0)
        task.add_done_callback(calls.append)
        yield Wait(task)

    def nothing():
        yield

    run(main())
    assert len(calls) == 1
    assert [record.exc_info[0] for record in caplog.records] == [ZeroDivisionError]


def test_a_callback_may_kill_another_who_waits_for_the_same_task(run):
    def waiter(task):
        yield Wait(task)

    def main():
        task = yield Spawn(short())
        other = []
        task.add_done_callback(lambda task: other[0].kill())
        other.append((yield Spawn(waiter(task))))
        with pytest.raises(minios.TaskKilledError):
            yield Wait(other[0])
        check_invariants(minios.current_kernel())

    def short():
        yield Sleep(1)

    run(main())


def test_wake_returns_the_tasks_in_the_order_in_which_they_parked(run):
    def main():
        tasks = []
        for _ in range(3):
            tasks.append((yield Spawn(parker())))
        yield
        assert parked("channel") == tasks
        assert wake("channel", 2) == tasks[:2]
        assert wake("channel", None) == tasks[2:]
        assert wake("channel") == [] == parked("channel")

    def parker():
        yield Park("channel")

    run(main())


def test_wake_in_another_thread_says_what_to_do():
    with pytest.raises(KernelError, match="call_from_thread"):
        wake("channel")
    assert parked("channel") == []

    def main():
        errors = []

        def work():
            try:
                wake("channel")
            except KernelError as error:
                errors.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert len(errors) == 1
        yield

    minios.run(main())


def test_a_task_that_interrupts_itself_is_interrupted_at_its_next_yield_and_once(run):
    def main():
        me, kernel = minios.current_task(), minios.current_kernel()
        kernel.interrupt(me, Interruption())
        with pytest.raises(Interruption):
            yield Sleep(100)
        kernel.interrupt(me, Interruption())
        with pytest.raises(Interruption):
            yield
        error = Interruption()
        kernel.interrupt(me, error)
        assert kernel.withdraw(me, error)
        yield Sleep(1)
        return kernel.now()

    assert run(main()) == 1


def test_an_error_that_is_waited_for_often_does_not_grow(run):
    def fails():
        yield
        raise ValueError

    def frames_of(error):
        trace, n = error.__traceback__, 0
        while trace is not None:
            trace, n = trace.tb_next, n + 1
        return n

    def main():
        task = yield Spawn(fails())
        deferred = minios.Deferred()
        deferred.reject(KeyError())
        most = 0
        for call in [Wait(task), deferred] * 100:
            try:
                yield call
            except (ValueError, KeyError) as error:
                most = max(most, frames_of(error))
        return most

    assert run(main()) <= 3


@pytest.mark.parametrize("fails", [False, True])
def test_interrupting_a_task_that_has_ended_changes_nothing(run, fails):
    def child():
        if fails:
            raise LookupError("its own")
        return 5
        yield

    def main():
        task = yield Spawn(child())
        with contextlib.suppress(LookupError):
            yield Wait(task)
        before = task.exception()
        minios.current_kernel().interrupt(task, ValueError("late"))
        assert task.exception() is before
        assert fails or task.result() == 5

    run(main())
