"""The accounting of a system's kernels, while somebody looks."""

import threading

import minios
from minios.shell.listing.counting import counting
from minios.shell.system import System
from minios.sim import VirtualClock
from minios.trace import use
from syscalls import Sleep


def ticker():
    while True:
        yield Sleep(1)


def run(main):
    kernel = minios.Kernel(clock=VirtualClock())
    kernel.run(main(kernel, System(kernel)))
    return kernel


def test_turns_are_counted_inside_and_no_longer():
    def main(kernel, system):
        with counting(system) as counted:
            assert counted.is_fresh and kernel.accounting is not None
            task = kernel.spawn(ticker())
            yield Sleep(1.5)
            assert task in counted.take_active()
            yield Sleep(0.2)
            assert task not in counted.take_active()
            assert set(counted.shares()) == {"user", "kernel", "poll", "idle"}
        assert kernel.accounting is None
        task.kill(9)

    run(main)


def test_where_somebody_counted_before_it_goes_on_afterwards():
    def main(kernel, system):
        accounting = use(kernel)
        with counting(system) as counted:
            assert not counted.is_fresh
            yield
        assert kernel.accounting is accounting

    run(main)


def test_two_that_look_take_no_tasks_from_each_other():
    def main(kernel, system):
        task = kernel.spawn(ticker())
        with counting(system) as one, counting(system) as other:
            yield Sleep(1.5)
            assert task in one.take_active() and task in other.take_active()
            assert task not in one.take_active() and task not in other.take_active()
        task.kill(9)
        assert kernel.accounting is None

    run(main)


def test_a_kernel_that_comes_later_is_counted_and_one_that_goes_is_left():
    def main(kernel, system):
        late = minios.Kernel()
        with counting(system) as counted:
            system.programs["2"] = late
            counted.take_active()
            assert late.accounting is not None
            del system.programs["2"]
            counted.take_active()
            assert late.accounting is None
        yield

    run(main)


def test_a_kernel_of_another_thread_counts_when_it_can_and_has_nothing_to_tell_until_then():
    kernel, started, stop = minios.Kernel(), threading.Event(), threading.Event()

    def hog():
        started.set()
        stop.wait()
        for _ in range(3):
            yield

    thread = threading.Thread(target=kernel.run, args=[hog()])
    thread.start()
    try:
        assert started.wait(30)
        with counting(System(kernel)) as counted:
            assert (counted.take_active(), counted.shares()) == ([], {})
            assert kernel.accounting is None
    finally:
        stop.set()
        thread.join()
    assert kernel.accounting is None
