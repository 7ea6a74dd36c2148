"""What a shell counts of the kernels that it looks at, for as long as it looks."""

import threading

import minios
from minios.shell.system import System
from minios.sim import VirtualClock
from syscalls import Sleep


def test_accounting_is_on_inside_and_off_behind_also_when_two_look():
    kernel = minios.Kernel(clock=VirtualClock())
    system = System(kernel)

    def main():
        with system.accounting():
            first = kernel.accounting
            with system.accounting():
                assert kernel.accounting is first
            yield Sleep(2)
            assert minios.current_task().account.waited == 2.0
        assert kernel.accounting is None and not kernel.hooks

    kernel.run(main())


def test_on_a_kernel_in_another_thread_it_begins_and_ends_between_two_turns():
    kernel, ready, go = minios.Kernel(), threading.Event(), threading.Event()

    def there():
        ready.set()
        while not go.is_set():
            yield Sleep(0.001)

    def here():
        with system.accounting():
            while kernel.accounting is None:
                yield Sleep(0.001)
            account = next(iter(list(kernel.tasks.values()))).account
            while account.turns < 3:
                yield Sleep(0.001)
        while kernel.accounting is not None:
            yield Sleep(0.001)
        return account.turns

    thread = threading.Thread(target=kernel.run, args=(there(),))
    thread.start()
    try:
        assert ready.wait(30)
        system = System(kernel)
        assert minios.run(here()) >= 3
    finally:
        go.set()
        thread.join(30)
