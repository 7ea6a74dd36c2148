"""Nice values: who runs more often, and that nobody starves."""

import minios
from minios.sim import VirtualClock
from syscalls import Nice, Sleep, Spawn


def turns_of(nices, rounds=2000):
    """How many turns tasks of these nice values have while the first of them has `rounds`."""
    counts = [0] * len(nices)

    def worker(n, nice):
        yield Nice(nice)
        while counts[0] < rounds:
            counts[n] += 1
            yield

    kernel = minios.Kernel(clock=VirtualClock())
    for n, nice in enumerate(nices):
        kernel.spawn(worker(n, nice))
    kernel.run()
    return counts


def test_tasks_of_the_same_nice_value_take_turns():
    assert turns_of([0, 0, 0])[1:] in ([2000, 2000], [1999, 1999], [2000, 1999])


def test_a_step_of_nice_costs_a_fifth_of_the_turns():
    first, second = turns_of([0, 1])
    assert abs(second / first - 0.8) < 0.01


def test_a_nicer_task_runs_less_and_never_starves():
    first, second, third = turns_of([-5, 0, 19])
    assert first > second > third > 0


def test_a_nice_task_that_is_alone_runs_in_every_round(run):
    def main():
        assert (yield Nice(19)) == 19
        for _ in range(10):
            yield

    run(main())


def test_nice_returns_the_new_value_within_its_bounds_and_children_inherit_it(run):
    values = []

    def child():
        values.append((yield Nice(0)))

    def main():
        values.append((yield Nice(5)))
        yield Spawn(child())
        yield Sleep(1)
        values.append((yield Nice(100)))
        values.append((yield Nice(-100)))

    run(main())
    assert values == [5, 5, 19, -20]


def test_the_order_of_ready_tasks_is_a_device():
    order = []

    def worker(n):
        order.append(n)
        yield
        order.append(n)

    kernel = minios.Kernel(clock=VirtualClock(), order=lambda batch: (batch[::-1], []))
    for n in range(3):
        kernel.spawn(worker(n))
    kernel.run()
    assert order == [2, 1, 0, 0, 1, 2]
