"""Event: who waits, who goes on, and that nothing is left of who gave up."""

import threading

import pytest

import minios
from minios import Event, KernelError
from syscalls import Tasks
from tests.invariants import check_invariants
from tests.lib.giving_up import WAYS, Waiter, settle


def test_everybody_who_waits_goes_on_when_it_is_set_in_the_order_they_came(run):
    order = []

    def wait(event, name):
        assert (yield from event.wait()) is True
        order.append(name)

    async def wait_in_a_coroutine(event, name):
        assert await event.wait() is True
        order.append(name)

    def main():
        event = Event()
        spawn = minios.current_kernel().spawn
        spawn(wait(event, "a"))
        spawn(wait_in_a_coroutine(event, "b"))
        spawn(wait(event, "c"))
        yield
        assert event.statistics() == (False, 3)
        assert event.statistics().waiting == 3
        event.set()
        event.set()
        yield from settle()
        assert event.is_set() and event.statistics() == (True, 0)

    run(main())
    assert order == ["a", "b", "c"]


def test_waiting_for_what_has_happened_takes_no_turn(run):
    def main():
        event = Event()
        event.set()
        before = minios.current_task().switches
        yield from event.wait()
        assert minios.current_task().switches == before
        yield

    run(main())


def test_clearing_it_before_they_run_does_not_hold_back_who_was_woken(run):
    def main():
        event = Event()
        early = Waiter(event.wait())
        yield from settle()
        event.set()
        event.clear()
        late = Waiter(event.wait())
        yield from settle()
        assert early.outcome is True
        assert late.outcome is None and event.statistics() == (False, 1)

    run(main())


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("woken", [False, True])
def test_a_waiter_that_gives_up_leaves_nothing_behind(run, way, woken):
    def main():
        event = Event()
        first, second = Waiter(event.wait(), way), Waiter(event.wait())
        yield from settle()
        if woken:
            event.set()
        first.give_up()
        event.set()
        yield from settle()
        assert first.gave_up and second.outcome is True
        assert event._waiting == 0
        check_invariants(minios.current_kernel())

    run(main())


def test_it_can_be_set_before_a_kernel_runs(run):
    event = Event()
    event.set()

    def main():
        yield from event.wait()

    run(main())
    event.clear()
    assert not event.is_set()


def test_another_thread_is_told_to_ask_the_kernel_and_changes_nothing(run):
    errors = []

    def set_it(event):
        try:
            event.set()
        except KernelError as error:
            errors.append(str(error))

    def main():
        event = Event()
        waiter = Waiter(event.wait())
        yield from settle()
        thread = threading.Thread(target=set_it, args=(event,))
        thread.start()
        thread.join()
        assert "call_from_thread" in errors[0] and not event.is_set()
        kernel = minios.current_kernel()
        kernel.hold()
        thread = threading.Thread(target=kernel.call_from_thread, args=(event.set,))
        thread.start()
        yield from event.wait()
        kernel.release()
        thread.join()
        assert waiter.outcome is True

    run(main())


def test_ps_shows_what_is_waited_for(run):
    def main():
        event = Event()
        Waiter(event.wait())
        yield
        assert (yield Tasks())[1].wait == "Park(<Event not set>)"
        event.set()
        assert repr(event) == "<Event set>"

    run(main())
