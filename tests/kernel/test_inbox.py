"""Waking the kernel from other threads."""

import threading

import minios
from syscalls import Park, Sleep, Spawn


def test_a_thread_wakes_a_kernel_that_is_blocked_for_long():
    def main():
        kernel = minios.current_kernel()
        thread = threading.Thread(target=lambda: kernel.call_from_thread(wake, kernel))
        yield Spawn(sleeper(), daemon=True)
        thread.start()
        return (yield Park("answer"))

    def wake(kernel):
        kernel.parking.wake("answer", 1, 42)

    def sleeper():
        yield Sleep(1000)

    assert minios.run(main()) == 42


def test_no_wakeup_is_lost_between_many_threads_and_the_kernel():
    threads, each = 8, 500
    received = []

    def main():
        kernel = minios.current_kernel()
        for n in range(threads):
            kernel.hold()
            threading.Thread(target=send, args=(kernel, n)).start()
        while len(received) < threads * each:
            yield Park("mail")

    def send(kernel, n):
        for number in range(each):
            kernel.call_from_thread(deliver, kernel, (n, number))
        kernel.call_from_thread(kernel.release)

    def deliver(kernel, item):
        received.append(item)
        kernel.parking.wake("mail", 1, True)

    minios.run(main())
    assert len(received) == threads * each
    for n in range(threads):        # what one thread sends arrives in order
        assert [number for sender, number in received if sender == n] == list(range(each))


def test_a_task_can_be_spawned_from_another_thread():
    done = []

    def child():
        done.append(minios.current_task().name)
        return
        yield

    def main():
        kernel = minios.current_kernel()
        thread = threading.Thread(target=kernel.call_from_thread, args=(kernel.spawn, child()))
        thread.start()
        while not done:
            yield Sleep(0.001)

    minios.run(main())
    assert done == ["child"]


def test_a_function_that_fails_is_logged_and_the_kernel_goes_on(run, caplog):
    def main():
        minios.current_kernel().call_from_thread(lambda: 1 / 0)
        yield Sleep(1)
        return "went on"

    assert run(main()) == "went on"
    assert "ZeroDivisionError" in caplog.text


def test_virtual_time_waits_for_a_thread_that_owes_an_answer(run):
    def main():
        kernel = minios.current_kernel()
        kernel.hold()
        yield Spawn(sleeper())
        thread = threading.Timer(0.03, kernel.call_from_thread, (answer, kernel))
        thread.start()
        yield Park("answer")
        return kernel.now()

    def answer(kernel):
        kernel.release()
        kernel.parking.wake("answer", 1, True)

    def sleeper():
        yield Sleep(1000)

    assert run(main()) == 0.0
