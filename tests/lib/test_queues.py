"""Queues: order, room, the end, and that who gives up takes nothing along."""

import threading

import pytest

import minios
from minios import (
    KernelError,
    LifoQueue,
    PriorityQueue,
    Queue,
    QueueClosedError,
    QueueEmptyError,
    QueueFullError,
)
from syscalls import Kill, Sleep, Spawn, Tasks, Wait
from tests.invariants import check_invariants
from tests.lib.giving_up import WAYS, Waiter, settle

KINDS = pytest.mark.parametrize("kind", [Queue, LifoQueue, PriorityQueue])
END = object()


def drain(queue):
    items = []
    while not queue.empty():
        items.append(queue.get_nowait())
    return items


# --- Order ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "order"),
    [(Queue, [2, 3, 1, 2]), (LifoQueue, [2, 1, 3, 2]), (PriorityQueue, [1, 2, 2, 3])],
)
def test_items_come_out_in_the_order_of_the_kind_of_queue(run, kind, order):
    def main():
        queue = kind()
        for item in (2, 3, 1, 2):
            yield from queue.put(item)
        items = []
        for _ in range(4):
            items.append((yield from queue.get()))
        return items

    assert run(main()) == order


def test_getters_are_served_in_the_order_in_which_they_came(run):
    def main():
        queue = Queue()
        getters = [Waiter(queue.get()) for _ in range(3)]
        yield from settle()
        assert queue.statistics() == (0, 0, 3, 0, False)
        for item in "abc":
            queue.put_nowait(item)
        yield from settle()
        assert [each.outcome for each in getters] == ["a", "b", "c"]

    run(main())


def test_putters_are_served_in_the_order_in_which_they_came(run):
    def main():
        queue = Queue(1)
        queue.put_nowait(0)
        putters = [Waiter(queue.put(number)) for number in (1, 2, 3)]
        yield from settle()
        assert queue.statistics() == (1, 1, 0, 3, False)
        items = []
        for left in (2, 1, 0):
            items.append((yield from queue.get()))
            assert queue.statistics().putters == left
            assert queue.qsize() == 1       # put at once, before the putter has run
        assert items == [0, 1, 2] and queue.get_nowait() == 3
        yield from settle()
        assert all(each.task.done() for each in putters)

    run(main())


def test_a_newcomer_does_not_get_the_item_of_one_who_waits(run):
    def main():
        queue = Queue()
        getter = Waiter(queue.get())
        yield from settle()
        queue.put_nowait("item")
        assert queue.empty() and queue.qsize() == 0     # promised already
        with pytest.raises(QueueEmptyError):
            queue.get_nowait()
        newcomer = Waiter(queue.get())
        yield from settle()
        assert getter.outcome == "item" and newcomer.outcome is None

    run(main())


def test_a_newcomer_does_not_get_the_room_of_one_who_waits(run):
    def main():
        queue = Queue(1)
        queue.put_nowait(1)
        Waiter(queue.put(2))
        yield from settle()
        assert queue.get_nowait() == 1
        with pytest.raises(QueueFullError):
            queue.put_nowait(3)
        yield

    run(main())


def test_coroutines_use_it_as_generators_do(run):
    async def consumer(queue):
        return [await queue.get(), await queue.get()]

    async def producer(queue):
        await queue.put("a")
        await queue.put("b")

    def main():
        queue = Queue(1)
        consuming = yield Spawn(consumer(queue))
        yield Spawn(producer(queue))
        return (yield Wait(consuming))

    assert run(main()) == ["a", "b"]


def test_putting_with_room_and_getting_what_is_there_takes_no_turn(run):
    def main():
        queue = Queue(2)
        before = minios.current_task().switches
        yield from queue.put(1)
        yield from queue.put(2)
        assert (yield from queue.get()) == 1
        assert minios.current_task().switches == before
        yield

    run(main())


# --- Without waiting, and bad input --------------------------------------------------------


def test_nowait_works_without_a_kernel_and_says_when_it_would_wait():
    queue = Queue(2)
    assert queue.empty() and not queue.full() and queue.maxsize == 2
    queue.put_nowait(1)
    queue.put_nowait(2)
    assert queue.full() and queue.qsize() == 2
    with pytest.raises(QueueFullError, match="Queue 2 of 2.*waits for room"):
        queue.put_nowait(3)
    assert drain(queue) == [1, 2]
    with pytest.raises(QueueEmptyError, match="Queue 0 of 2.*waits for an item"):
        queue.get_nowait()


def test_a_negative_size_is_no_limit_as_in_asyncio():
    queue = Queue(-1)
    for item in range(100):
        queue.put_nowait(item)
    assert not queue.full()


@pytest.mark.parametrize("maxsize", [None, "1", 1.5])
def test_a_size_that_is_no_number_is_refused(maxsize):
    with pytest.raises(TypeError, match="maxsize"):
        Queue(maxsize)


def test_another_thread_is_told_to_ask_the_kernel_and_changes_nothing(run):
    def attempt(function, *arguments):
        errors = []

        def target():
            try:
                function(*arguments)
            except KernelError as error:
                errors.append(error)

        thread = threading.Thread(target=target)
        thread.start()
        thread.join()
        assert "call_from_thread" in str(errors[0])

    def main():
        empty, full = Queue(), Queue(1)
        full.put_nowait("there")
        Waiter(empty.get())
        Waiter(full.put("more"))
        Waiter(full.join())
        yield from settle()
        attempt(empty.put_nowait, "item")
        attempt(empty.close)
        attempt(full.get_nowait)
        attempt(full.close)
        assert empty.statistics() == (0, 0, 1, 0, False)
        assert full.statistics() == (1, 1, 0, 1, False)
        full._unfinished = 1
        attempt(full.task_done)
        assert full._unfinished == 1

    run(main())


def test_queues_can_be_annotated_with_what_they_hold():
    for kind in (Queue, LifoQueue, PriorityQueue):
        assert kind[int](3).maxsize == 3


def test_ps_shows_what_is_waited_for(run):
    def main():
        queue = Queue(1)
        Waiter(queue.get())
        yield from settle()
        assert (yield Tasks())[1].wait == "Park(<Queue 0 of 1>)"
        queue.put_nowait(1)
        queue.put_nowait(2)
        Waiter(queue.put(3))
        Waiter(queue.join())
        yield from settle()
        assert [info.wait for info in (yield Tasks())[1:]] == [
            "Park(room in <Queue 1 of 1>)", "Park(end of <Queue 1 of 1>)"
        ]

    run(main())


# --- Priorities ----------------------------------------------------------------------------


def test_equal_priorities_are_served_in_the_order_in_which_they_came():
    class Job:
        def __init__(self, priority, number):
            self.priority, self.number = priority, number

        def __lt__(self, other):
            return self.priority < other.priority

    queue = PriorityQueue()
    for number in range(20):
        queue.put_nowait(Job(number % 2, number))
    assert [job.number for job in drain(queue)] == [*range(0, 20, 2), *range(1, 20, 2)]


def test_an_item_that_cannot_be_compared_is_refused_and_the_queue_unharmed(run):
    def main():
        queue = PriorityQueue()
        for item in ((1, "x"), (2, {}), (3, "y")):
            yield from queue.put(item)
        for item in ((2, {"not": "equal"}), "text", (1, None)):
            with pytest.raises(TypeError, match="cannot be compared"):
                yield from queue.put(item)
            with pytest.raises(TypeError, match="cannot be compared"):
                queue.put_nowait(item)
        assert queue.qsize() == 3 and queue._unfinished == 3
        assert drain(queue) == [(1, "x"), (2, {}), (3, "y")]

    run(main())


def test_a_putter_that_waits_gets_the_error_for_its_own_item_and_the_next_its_room(run):
    def main():
        queue = PriorityQueue(2)
        queue.put_nowait(5)
        queue.put_nowait(6)
        bad, good = Waiter(queue.put("text")), Waiter(queue.put(7))
        yield from settle()
        assert (yield from queue.get()) == 5
        yield from settle()
        assert isinstance(bad.error, TypeError)
        assert good.task.done() and good.error is None
        assert drain(queue) == [6, 7]

    run(main())


# --- The end -------------------------------------------------------------------------------


@KINDS
def test_a_closed_queue_takes_nothing_and_still_gives_what_is_there(run, kind):
    def main():
        queue = kind()
        queue.put_nowait(1)
        queue.close()
        queue.close()
        assert queue.closed
        with pytest.raises(QueueClosedError, match="nothing more can be put"):
            yield from queue.put(2)
        with pytest.raises(QueueClosedError):
            queue.put_nowait(2)
        assert (yield from queue.get(END)) == 1
        assert (yield from queue.get(END)) is END
        assert (yield from queue.get(None)) is None
        with pytest.raises(QueueClosedError, match="nothing is left to get"):
            yield from queue.get()
        with pytest.raises(QueueClosedError):
            queue.get_nowait()
        assert repr(queue) == f"<{kind.__name__} 0, closed>"

    run(main())


def test_closing_tells_those_who_wait(run):
    def main():
        full, empty = Queue(1), Queue()
        full.put_nowait("there")
        putters = [Waiter(full.put(number)) for number in range(2)]
        getters = [Waiter(empty.get()), Waiter(empty.get(END))]
        yield from settle()
        full.close()
        empty.close()
        yield from settle()
        assert all(isinstance(each.error, QueueClosedError) for each in putters)
        assert isinstance(getters[0].error, QueueClosedError)
        assert getters[1].outcome is END
        assert drain(full) == ["there"]
        assert not full._offers and not empty._getting

    run(main())


def test_loops_over_a_queue_end_when_it_is_closed_and_drained(run):
    async def consume(queue):
        return [item async for item in queue]

    def consume_in_a_generator(queue):
        items = []
        while (item := (yield from queue.get(END))) is not END:
            items.append(item)
        return items

    def main():
        queue = Queue(1)
        tasks = [(yield Spawn(consume(queue))), (yield Spawn(consume_in_a_generator(queue)))]
        for item in range(6):
            yield from queue.put(item)
            yield Sleep(1)
        queue.close()
        results = []
        for task in tasks:
            results.append((yield Wait(task)))
        return results

    assert run(main()) == [[0, 2, 4], [1, 3, 5]]


def test_join_waits_until_every_item_is_dealt_with(run):
    def main():
        queue = Queue()
        yield from queue.join()
        for item in range(2):
            queue.put_nowait(item)
        joiner = Waiter(queue.join())
        drain(queue)
        queue.task_done()
        yield from settle()
        assert not joiner.task.done()
        queue.task_done()
        queue.put_nowait("later")       # who waited is not held back by it
        yield from settle()
        assert joiner.task.done()
        queue.task_done()
        with pytest.raises(ValueError, match="more often"):
            queue.task_done()

    run(main())


def test_items_of_putters_that_waited_are_counted_too(run):
    def main():
        queue = Queue(1)
        Waiter(queue.put(1))
        Waiter(queue.put(2))
        yield from settle()
        drain(queue)
        yield from settle()
        assert queue._unfinished == 2

    run(main())


# --- Giving up -----------------------------------------------------------------------------


@KINDS
@pytest.mark.parametrize("way", WAYS)
def test_a_getter_that_gives_up_while_it_waits_gets_nothing(run, kind, way):
    def main():
        queue = kind()
        first, second = Waiter(queue.get(), way), Waiter(queue.get())
        yield from settle()
        first.give_up()
        queue.put_nowait("item")
        yield from settle()
        assert first.gave_up and second.outcome == "item"
        assert queue._getting == 0 and not queue._promised

    run(main())


@KINDS
@pytest.mark.parametrize("way", WAYS)
def test_the_item_of_a_getter_that_gives_up_before_it_runs_goes_to_the_next(run, kind, way):
    def main():
        queue = kind()
        first, second = Waiter(queue.get(), way), Waiter(queue.get())
        yield from settle()
        queue.put_nowait("item")
        first.give_up()
        yield from settle()
        assert first.gave_up and second.outcome == "item"
        assert queue._getting == 0 and not queue._promised
        check_invariants(minios.current_kernel())

    run(main())


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("kind", "order"), [(Queue, [1, 2, 3]), (LifoQueue, [3, 2, 1]), (PriorityQueue, [1, 2, 3])]
)
def test_the_item_of_a_getter_that_gives_up_before_it_runs_keeps_its_place(run, kind, order, way):
    def main():
        queue = kind()
        getter = Waiter(queue.get(), way)
        yield from settle()
        for item in (1, 2, 3):
            queue.put_nowait(item)
        getter.give_up()
        yield from settle()
        assert getter.gave_up
        assert drain(queue) == order

    run(main())


@pytest.mark.parametrize("way", WAYS)
def test_items_stay_in_order_when_one_of_two_woken_getters_gives_up(run, way):
    def main():
        queue = Queue()
        first, second = Waiter(queue.get(), way), Waiter(queue.get())
        yield from settle()
        queue.put_nowait("a")
        queue.put_nowait("b")
        first.give_up()
        yield from settle()
        assert second.outcome == "a" and drain(queue) == ["b"]

    run(main())


@pytest.mark.parametrize("way", WAYS)
def test_a_putter_that_gives_up_while_it_waits_has_put_nothing(run, way):
    def main():
        queue = Queue(1)
        queue.put_nowait("there")
        first, second = Waiter(queue.put("first"), way), Waiter(queue.put("second"))
        yield from settle()
        first.give_up()
        assert queue.get_nowait() == "there"
        yield from settle()
        assert first.gave_up
        assert drain(queue) == ["second"]
        assert second.task.done() and not queue._offers

    run(main())


@pytest.mark.parametrize("way", WAYS)
def test_a_putter_that_was_admitted_has_put_whatever_comes_then(run, way):
    def main():
        queue, returned = Queue(1), []

        def put():
            yield from queue.put("item")
            returned.append(True)
            yield Sleep(100)

        queue.put_nowait("there")
        putter = Waiter(put(), way)
        yield from settle()
        assert queue.get_nowait() == "there"
        putter.give_up()
        yield from settle()
        assert putter.gave_up
        assert drain(queue) == ["item"]
        assert returned == ([] if way == 9 else [True])
        assert not queue._offers

    run(main())


def test_a_stopped_getter_keeps_its_item_until_it_goes_on(run):
    def main():
        queue = Queue()
        getter = Waiter(queue.get())
        yield from settle()
        yield Kill(getter.task, 19)
        queue.put_nowait("item")
        yield from settle()
        assert queue.empty() and getter.outcome is None
        yield Kill(getter.task, 18)
        yield from settle()
        assert getter.outcome == "item"

    run(main())
