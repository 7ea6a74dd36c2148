"""Parking: first come, first served, and O(1) out of the middle, however many there are."""

from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

import minios
from minios.kernel.parking import Parking
from syscalls import Kill, Park, Spawn, Wake
from syscalls.parking import wake

CHANNELS = "a", "b"


class Parked:
    """As much of a task as parking knows."""

    def __init__(self, number):
        self.number, self.call, self.token, self.value = number, "park", None, None

    def __repr__(self):
        return f"task {self.number}"


steps = st.lists(st.one_of(
    st.tuples(st.just("park"), st.sampled_from(CHANNELS)),
    st.tuples(st.just("leave"), st.integers(0, 30)),
    st.tuples(st.just("wake"), st.sampled_from(CHANNELS), st.sampled_from([0, 1, 2, 5, None])),
), max_size=60)


@given(steps)
def test_whatever_is_parked_woken_and_killed_the_order_is_that_of_arrival(steps):
    kernel = SimpleNamespace(ready=[])
    parking, model = Parking(kernel), {channel: [] for channel in CHANNELS}
    made = 0
    for step, *arguments in steps:
        if step == "park":
            made += 1
            task = Parked(made)
            parking.park(arguments[0], task)
            model[arguments[0]].append(task)
        elif step == "leave":
            everybody = [(channel, task) for channel in CHANNELS for task in model[channel]]
            if everybody:
                channel, task = everybody[arguments[0] % len(everybody)]
                parking.leave(channel, task)
                model[channel].remove(task)
                assert task.token is None
        else:
            channel, n = arguments
            n = len(model[channel]) if n is None else n
            expected, model[channel] = model[channel][:n], model[channel][n:]
            kernel.ready.clear()
            assert parking.wake(channel, arguments[1], "value") == expected == kernel.ready
            assert all(task.call is None and task.value == "value" for task in expected)
        assert set(parking._channels) == {channel for channel in CHANNELS if model[channel]}
        for channel in CHANNELS:
            assert parking.parked(channel) == model[channel]
        assert sorted(parking.parked(), key=id) == sorted(sum(model.values(), []), key=id)


def test_a_channel_whose_hash_changes_holds_up_nobody(run):
    class Fickle:
        number = 1

        def __hash__(self):
            return self.number

    def waiter(channel, woken):
        yield Park(channel)
        woken.append(channel)

    def main():
        channel, woken = Fickle(), []
        task = yield Spawn(waiter(channel, woken))
        yield
        channel.number = 2
        yield Kill(task)
        yield
        channel.number = 1      # what was left in its place is nobody's
        assert (yield Wake(channel)) == 0 and woken == []
        yield Spawn(waiter(channel, woken))
        yield
        assert (yield Wake(channel)) == 1

    run(main())


def test_of_those_who_left_no_more_places_are_kept_than_of_those_who_stay(run):
    def waiter():
        yield Park("channel")

    def main():
        kernel, waiting = minios.current_kernel(), []
        for _ in range(1000):
            waiting.append((yield Spawn(waiter())))
        yield
        queue = kernel.parking._channels["channel"]
        for alive in range(999, 0, -1):
            kernel.kill(waiting[alive])
            assert len(queue) <= 2 * alive
        yield
        assert kernel.parking.parked() == waiting[:1]
        kernel.kill(waiting[0])
        assert not kernel.parking._channels

    run(main())


def test_a_place_that_was_left_under_another_hash_is_given_to_the_next(run):
    class Fickle:
        number = 1

        def __hash__(self):
            return self.number

    def waiter(channel):
        yield Park(channel)

    def main():
        channel = Fickle()
        task = yield Spawn(waiter(channel))
        yield
        channel.number = 2
        yield Kill(task)
        channel.number = 1
        yield Spawn(waiter(channel))
        yield
        assert len(wake(channel)) == 1
        yield
        assert not minios.current_kernel().parking._channels

    run(main())


def test_fewer_than_none_wakes_nobody(run):
    def waiter():
        yield Park("channel")

    def main():
        yield Spawn(waiter())
        yield
        assert wake("channel", -1) == []

    run(main())
