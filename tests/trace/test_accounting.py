"""Accounting: CPU time, while somebody wants to know."""

import time

from minios.trace import Accounting
from syscalls import Sleep, Spawn, Wait


def burn():
    """Use the CPU for as long as the thread's clock can tell."""
    end = time.thread_time() + 0.005
    while time.thread_time() < end:
        pass


def test_nobody_counts_until_accounting_is_attached(kernel):
    def main():
        burn()
        yield

    task = kernel.spawn(main())
    kernel.run()
    assert task.cpu_time is None


def test_the_cpu_time_of_each_task_is_its_own(kernel):
    def busy():
        burn()
        yield
        burn()

    def idle():
        yield Sleep(1000)

    def main():
        tasks = [(yield Spawn(busy())), (yield Spawn(idle()))]
        for task in tasks:
            yield Wait(task)
        return tasks

    kernel.attach(Accounting())
    busy_task, idle_task = kernel.run(main())
    assert busy_task.cpu_time >= 0.01 > idle_task.cpu_time >= 0.0


def test_accounting_may_begin_in_the_middle_of_a_run(kernel):
    def main():
        task = yield Spawn(busy())
        yield
        kernel.attach(Accounting())
        assert task.cpu_time == 0.0
        yield Wait(task)
        return task.cpu_time

    def busy():
        for _ in range(5):
            yield
        burn()

    assert kernel.run(main()) >= 0.005
