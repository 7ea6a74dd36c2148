"""Time limits: what they interrupt, what they leave alone, and that nested ones keep apart."""

import math

import pytest

import minios
from minios import ScopeError, timeout
from minios.sim import VirtualClock
from syscalls import Kill, Now, Park, Recv, Sleep, Spawn, Wait
from syscalls.parking import wake
from tests.invariants import check_invariants


def test_a_block_that_takes_too_long_is_left_with_a_timeout_error(run):
    def main():
        with pytest.raises(TimeoutError, match="not done within 2 s.*test_timeouts.py"):
            with timeout(2):
                yield Sleep(100)
        return (yield Now())

    assert run(main()) == 2


def test_a_coroutine_uses_the_same_object(run):
    async def main():
        try:
            with timeout(2):
                await Sleep(100)
        except TimeoutError:
            return await Now()

    assert run(main()) == 2


def test_a_block_that_is_done_in_time_leaves_no_timer(run):
    def main():
        with timeout(2) as limit:
            yield Sleep(1)
        kernel = minios.current_kernel()
        assert not kernel.timers.owners()
        yield Sleep(10)
        return limit.expired()

    assert run(main()) is False


def test_none_and_infinity_are_no_limit(run):
    def main():
        for seconds in (None, math.inf):
            with timeout(seconds) as limit:
                yield Sleep(1000)
            assert limit.when == math.inf

    run(main())


def test_what_the_block_waits_for_is_undone(run, pair):
    def main():
        with pytest.raises(TimeoutError):
            with timeout(1):
                yield Recv(pair[0], 10)
        kernel = minios.current_kernel()
        assert not kernel.poller.descriptors()
        check_invariants(kernel)
        with pytest.raises(TimeoutError):
            with timeout(1):
                yield Park("nobody wakes this")
        assert not kernel.parking.parked()

    run(main())


@pytest.mark.parametrize("outer_first", [True, False])
def test_of_two_nested_limits_the_one_that_was_reached_raises(run, outer_first):
    def main():
        reached = []
        try:
            with timeout(1 if outer_first else 5):
                try:
                    with timeout(5 if outer_first else 1):
                        yield Sleep(100)
                except TimeoutError:
                    reached.append("inner")
                    yield Sleep(100)
        except TimeoutError:
            reached.append("outer")
        return reached, (yield Now())

    assert run(main()) == ((["outer"], 1) if outer_first else (["inner", "outer"], 5))


def test_of_nested_limits_that_are_reached_at_the_same_moment_the_outer_one_raises(run):
    def main():
        reached = []
        try:
            with timeout(1):
                try:
                    with timeout(1):
                        yield Sleep(100)
                except TimeoutError:
                    reached.append("inner")
                finally:
                    yield Sleep(5)          # cancelled once, and once only
        except TimeoutError:
            reached.append("outer")
        return reached, (yield Now())

    assert run(main()) == (["outer"], 6)


def test_cleaning_up_may_take_its_time(run):
    def main():
        try:
            with timeout(1):
                try:
                    yield Sleep(100)
                finally:
                    yield Sleep(3)
        except TimeoutError:
            return (yield Now())

    assert run(main()) == 4


def test_a_result_that_arrives_at_the_same_moment_is_not_lost(run):
    def main():
        minios.current_kernel().call_at(1, wake, "item", 1, "the item")
        with timeout(1) as limit:
            item = yield Park("item")
        assert limit.expired()          # and was withdrawn: the block was left in time
        yield Sleep(10)
        return item

    assert run(main()) == "the item"


def test_a_limit_that_strikes_first_is_no_reason_to_lose_what_comes_next(run):
    def main():
        kernel = minios.current_kernel()
        woken = []
        with pytest.raises(TimeoutError):
            with timeout(1):
                kernel.call_at(1, lambda: woken.extend(wake("item", 1, "the item")))
                yield Park("item")
        return woken

    assert run(main()) == []


def test_an_exception_of_the_block_is_passed_on(run):
    def main():
        with pytest.raises(ZeroDivisionError):
            with timeout(1):
                yield Sleep(0.5)
                raise ZeroDivisionError
        yield Sleep(10)

    run(main())


def test_a_kill_is_not_taken_for_a_timeout(run):
    def main():
        task = yield Spawn(limited())
        yield Sleep(1)
        yield Kill(task)
        with pytest.raises(minios.TaskKilledError):
            yield Wait(task)

    def limited():
        with timeout(5):
            yield Sleep(100)

    run(main())


def test_a_kill_is_not_dropped_because_a_timeout_is_on_its_way(run):
    def main():
        task = yield Spawn(stubborn())
        yield SleepUntilDue()
        with pytest.raises(minios.TaskKilledError):
            yield Wait(task)

    def SleepUntilDue():
        yield Sleep(1)

    def stubborn():
        me = minios.current_task()
        minios.current_kernel().call_at(1, me.kill)     # in the same round as the limit
        try:
            with timeout(1):
                yield Sleep(100)
        except TimeoutError:
            pass
        yield Sleep(100)

    run(main())


def test_a_limit_can_be_moved(run):
    def main():
        with timeout(1) as limit:
            limit.reschedule((yield Now()) + 10)
            yield Sleep(9)
            limit.reschedule(None)
            yield Sleep(100)
        with pytest.raises(TimeoutError):
            with timeout(None) as limit:
                limit.reschedule((yield Now()) + 1)
                yield Sleep(100)
        return (yield Now())

    assert run(main()) == 110


def test_a_block_that_swallows_its_cancellation_goes_on(run):
    def main():
        with timeout(1) as limit:
            try:
                yield Sleep(100)
            except minios.Cancelled:
                pass
            yield Sleep(100)
        return limit.expired(), (yield Now())

    assert run(main()) == (True, 101)


def test_nan_and_strings_are_refused():
    with pytest.raises(ValueError, match="not nan"):
        timeout(math.nan)
    with pytest.raises(TypeError, match="timeout takes a number of seconds, not '1'"):
        timeout("1")
    timeout(10**30)


def test_outside_a_task_it_says_so():
    with pytest.raises(minios.KernelError, match="no kernel is running"):
        with timeout(1):
            pass


def test_a_limit_is_used_once(run):
    def main():
        limit = timeout(1)
        with limit:
            yield
        with pytest.raises(minios.KernelError, match="entered once"):
            with limit:
                yield

    run(main())


# --- The wrong order -------------------------------------------------------------------------


def abandoned(seconds):
    with timeout(seconds):
        yield "inside"


def test_a_generator_that_is_left_inside_its_block_is_found_out_when_it_is_closed(run):
    def main():
        inner = abandoned(3)
        next(inner)
        with timeout(2):
            with pytest.raises(ScopeError, match=r"\(3\).*timeout\(2\).*test_timeouts.py:\d+"):
                inner.close()
            yield Sleep(1)
        yield Sleep(10)         # neither limit strikes any more

    run(main())


def test_a_scope_that_is_left_with_another_open_inside_names_both(run):
    def main():
        inner = abandoned(3)
        with pytest.raises(ScopeError, match=r"timeout\(2\).*contains: timeout\(3\)"):
            with timeout(2):
                next(inner)
                yield
        inner.close()
        yield Sleep(10)

    run(main())


def test_a_scope_that_another_task_leaves_says_who_entered_it(run):
    def main():
        inner = abandoned(3)
        next(inner)
        task = yield Spawn(closer(inner))
        with pytest.raises(ScopeError, match=r"entered by <Task 1 main"):
            yield Wait(task)
        yield Sleep(10)

    def closer(inner):
        yield
        inner.close()

    run(main())


def test_a_limit_inherited_by_a_spawned_task_is_not_its_own(run):
    def main():
        with timeout(5):
            task = yield Spawn(child())
            yield Wait(task)

    def child():
        with pytest.raises(TimeoutError):
            with timeout(1):
                yield Sleep(100)

    run(main())


def test_ten_thousand_limits_set_and_dropped_leave_a_small_heap():
    def main():
        for _ in range(10_000):
            with timeout(1000):
                yield
        return len(minios.current_kernel().timers._heap)

    assert minios.run(main(), clock=VirtualClock()) < 1000


def test_async_with_is_told_to_be_with(run):
    async def main():
        with pytest.raises(minios.KernelError, match="write `with` and not `async with`"):
            async with timeout(1):
                pass

    run(main())


def test_a_limit_whose_generator_is_suspended_when_it_strikes_is_explained(run, caplog):
    def numbers():
        with timeout(1):
            yield from range(10)

    def main():
        for _ in numbers():
            yield Sleep(0.4)

    with pytest.raises(ScopeError, match=r"timeout\(1\) of .*wanted task 1 .*in a generator"):
        run(main())

    def parent():
        yield Spawn(main())
        yield Sleep(10)

    run(parent())
    assert [record.exc_info[0] for record in caplog.records] == [ScopeError]


def test_a_scope_that_another_has_left_says_so_to_its_owner(run):
    def main():
        limit = timeout(5)
        with pytest.raises(ScopeError, match="has been left already"):
            with limit:
                task = yield Spawn(leaver(limit))
                with pytest.raises(ScopeError, match="left by another"):
                    yield Wait(task)

    def leaver(limit):
        yield
        limit.__exit__(None, None, None)

    run(main())
