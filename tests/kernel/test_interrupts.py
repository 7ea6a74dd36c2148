"""Promise 6: Ctrl-C is delivered at a yield of the main task; a second one forces. SigWait."""

import os
import random
import select
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time

import pytest

import minios
from syscalls import GetTid, Kill, SigWait, Sleep, Spawn, Wait


def ctrl_c():
    os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_is_raised_at_a_yield_of_the_main_task():
    log = []

    def other():
        yield Sleep(0.01)
        ctrl_c()
        log.append("the task that ran when it came goes on")
        yield Sleep(100)

    def main():
        yield Spawn(other())
        try:
            yield Sleep(100)
        except KeyboardInterrupt:
            log.append("main is interrupted")
            raise

    with pytest.raises(KeyboardInterrupt):
        minios.run(main())
    assert log == ["the task that ran when it came goes on", "main is interrupted"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_main_task_may_handle_ctrl_c_and_go_on_any_number_of_times():
    def main():
        for _ in range(3):
            ctrl_c()
            with pytest.raises(KeyboardInterrupt):
                yield Sleep(100)
        return "survived"

    assert minios.run(main()) == "survived"


def test_ctrl_c_wakes_a_kernel_that_is_blocked():
    def main():
        threading.Timer(0.02, ctrl_c).start()
        try:
            yield Sleep(100)
        except KeyboardInterrupt:
            return "woken"

    assert minios.run(main()) == "woken"


def test_ctrl_c_without_a_main_task_ends_the_program_and_tasks_clean_up():
    log = []

    def worker():
        try:
            yield Sleep(100)
        finally:
            log.append("cleaned up")

    def interrupter():
        yield Sleep(0.01)
        ctrl_c()

    kernel = minios.Kernel()
    kernel.spawn(worker())
    kernel.spawn(interrupter())
    with pytest.raises(KeyboardInterrupt):
        kernel.run()
    assert log == ["cleaned up"]


def test_a_second_ctrl_c_forces_a_task_that_never_yields():
    # In a process of its own: the second signal must find the first one undelivered.
    program = textwrap.dedent(
        """
        import os, signal, minios
        from syscalls import Spawn, Sleep

        def hog():
            print("hogging", flush=True)
            while True:
                pass
            yield

        def main():
            yield Spawn(hog())
            try:
                yield Sleep(100)
            finally:
                print("main cleans up", flush=True)

        minios.run(main(), slow_turn=100)
        """
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "hogging\n"
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert out == "main cleans up\n" and "KeyboardInterrupt" in err
    assert process.returncode == -signal.SIGINT


def test_after_a_ctrl_c_has_ended_the_main_task_a_second_cuts_the_grace_period_short():
    log = []

    def slow():
        try:
            yield Sleep(100)
        finally:
            ctrl_c()
            time.sleep(0.01)        # it does not cut this turn
            log.append("cleaning up")
            yield Sleep(100)
            log.append("never")

    def interrupter():
        yield Sleep(0.01)
        ctrl_c()

    def main():
        yield Spawn(slow())
        yield Spawn(interrupter())
        yield Sleep(100)

    with pytest.raises(KeyboardInterrupt):
        minios.run(main(), grace=1000.0)
    assert log == ["cleaning up"]


def test_a_ctrl_c_during_shutdown_cuts_the_grace_period_short():
    def stubborn():
        while True:
            try:
                yield Sleep(100)
            except minios.Cancelled:
                ctrl_c()

    def main():
        yield Spawn(stubborn())
        yield

    minios.run(main(), grace=1000)


def test_a_ctrl_c_in_the_very_last_turn_is_not_lost_and_not_delivered_to_the_next_run():
    def main(interrupted):
        if interrupted:
            ctrl_c()
        return "result"
        yield

    kernel = minios.Kernel()
    with pytest.raises(KeyboardInterrupt):
        kernel.run(main(True))
    assert kernel.run(main(False)) == "result"


def test_ctrl_c_is_left_alone_where_the_program_has_a_handler_of_its_own():
    caught = []
    previous = signal.signal(signal.SIGINT, lambda *_: caught.append(True))
    try:

        def main():
            ctrl_c()
            yield Sleep(0)

        minios.run(main())
    finally:
        signal.signal(signal.SIGINT, previous)
    assert caught == [True]


def test_a_kernel_in_another_thread_leaves_signals_alone_and_says_so():
    errors = []

    def main():
        with pytest.raises(minios.KernelError, match="main thread"):
            yield SigWait(signal.SIGUSR1)
        errors.append("refused")

    thread = threading.Thread(target=lambda: minios.run(main()))
    thread.start()
    thread.join()
    assert errors == ["refused"]


def test_a_waited_signal_is_returned_and_its_handler_restored_afterwards():
    def main():
        child = yield Spawn(waiter())
        yield Sleep(0)
        os.kill(os.getpid(), signal.SIGUSR1)
        return (yield Wait(child))

    def waiter():
        return (yield SigWait([signal.SIGUSR1, signal.SIGUSR2]))

    before = signal.getsignal(signal.SIGUSR1)
    assert minios.run(main()) == signal.SIGUSR1
    assert signal.getsignal(signal.SIGUSR1) == before


def test_a_signal_that_comes_while_nobody_waits_is_kept_once():
    def main():
        kernel = minios.current_kernel()
        child = yield Spawn(waiter())
        yield
        yield Kill(child)
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGUSR1)
        yield Sleep(0.001)
        assert (yield SigWait(signal.SIGUSR1)) == signal.SIGUSR1
        child = yield Spawn(waiter())
        yield Sleep(0.001)
        assert not child.done() and kernel.interrupts.has_waiters()

    def waiter():
        yield SigWait(signal.SIGUSR1)

    minios.run(main())


def test_among_several_waiters_the_first_gets_the_signal():
    got = []

    def waiter(n):
        got.append((n, (yield SigWait(signal.SIGUSR1))))

    def main():
        for n in range(3):
            yield Spawn(waiter(n))
        yield
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGUSR1)
            yield Sleep(0.001)

    minios.run(main())
    assert got == [(0, signal.SIGUSR1), (1, signal.SIGUSR1)]


def test_a_task_may_wait_for_ctrl_c_instead_of_the_main_task():
    def main():
        child = yield Spawn(waiter())
        yield Sleep(0)
        ctrl_c()
        assert (yield Wait(child)) == signal.SIGINT
        with pytest.raises(KeyboardInterrupt):
            ctrl_c()            # nobody waits for it any more
            yield Sleep(100)

    def waiter():
        return (yield SigWait(signal.SIGINT))

    minios.run(main())


def test_ctrl_c_at_random_moments_never_hangs_and_never_skips_a_finally():
    program = textwrap.dedent(
        """
        import minios, sys
        from syscalls import Sleep, Spawn, Wait, Park, Wake

        entered = left = 0

        def worker(n):
            global entered, left
            entered += 1
            try:
                for turn in range(10**9):
                    yield (None, Sleep(0), Sleep(0.0001))[(n + turn) % 3]
            finally:
                left += 1

        def main():
            for n in range(20):
                yield Spawn(worker(n))
            print("ready", flush=True)
            yield Sleep(1000)

        try:
            minios.run(main())
        except KeyboardInterrupt:
            print(entered, left)
        """
    )
    import random

    seed = random.randrange(2**32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    pause = threading.Event()
    for _ in range(12):
        with subprocess.Popen(
            [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout.readline() == "ready\n"
            pause.wait(dice.random() * 0.02)
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=20)
        assert out == "20 20\n"


def test_the_tid_of_main_is_one():
    def main():
        return (yield GetTid())

    assert minios.run(main()) == 1


def test_a_signal_that_arrives_right_before_the_kernel_blocks_is_not_missed():
    """Python calls signal handlers between two bytecodes only: without a wakeup descriptor, one
    that comes just before epoll_wait is seen when something else wakes the kernel."""
    program = """
import math, os, signal
import minios
from syscalls import Sleep

def main():
    minios.add_signal_handler(signal.SIGUSR1, os.write, 1, b"x")
    os.write(1, b"x")
    yield Sleep(math.inf)

minios.run(main())
"""
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    try:
        assert os.read(process.stdout.fileno(), 1) == b"x"
        dice = random.Random(1)
        for _ in range(10_000):
            for _ in range(dice.randrange(300)):
                pass            # hit a random moment of its way into epoll_wait
            process.send_signal(signal.SIGUSR1)
            ready, _, _ = select.select([process.stdout], [], [], 30)
            assert ready, "the signal was not seen"
            os.read(process.stdout.fileno(), 1)
    finally:
        process.kill()
        process.communicate()


def test_the_wakeup_descriptor_of_the_thread_is_given_back():
    def main():
        yield

    left, right = socket.socketpair()
    with left, right:
        left.setblocking(False)
        before = signal.set_wakeup_fd(left.fileno())
        try:
            minios.run(main())
            assert signal.set_wakeup_fd(left.fileno()) == left.fileno()
        finally:
            signal.set_wakeup_fd(before)


def test_an_error_is_forced_upon_a_task_that_never_yields_from_another_thread():
    def hog():
        yield
        while True:
            pass

    def main():
        kernel, task = minios.current_kernel(), (yield Spawn(hog()))
        kernel.interrupts.allow_force()

        def force():
            while kernel.current is not task:
                time.sleep(0.001)
            assert kernel.interrupts.force(task, minios.Cancelled(signal.SIGKILL))

        thread = threading.Thread(target=force)
        thread.start()
        with pytest.raises(minios.TaskKilledError) as killed:
            yield Wait(task)
        thread.join()
        yield Sleep(0.01)       # nothing is left of it
        return killed.value.signum

    assert minios.run(main()) == signal.SIGKILL


def test_what_is_forced_upon_a_task_that_has_yielded_meanwhile_hits_nobody_else():
    def bystander():
        for _ in range(200):
            yield

    def main():
        kernel, task = minios.current_kernel(), (yield Spawn(bystander()))
        kernel.interrupts.allow_force()
        threads = []
        while not task.done():
            thread = threading.Thread(
                target=kernel.interrupts.force, args=(None, RuntimeError("a stranger's"))
            )
            thread.start()
            threads.append(thread)
            yield
        for thread in threads:
            thread.join()
        yield Sleep(0.01)
        return task.result()

    assert minios.run(main()) is None


def test_nothing_is_forced_where_the_kernel_has_no_handler_for_it():
    answers = []

    def main():
        task = minios.current_task()
        minios.current_kernel().interrupts.allow_force()
        answers.append(minios.current_kernel().interrupts.force(task, RuntimeError()))
        yield

    thread = threading.Thread(target=lambda: minios.run(main()))
    thread.start()
    thread.join()
    assert answers == [False]


def test_a_second_ctrl_c_forces_a_program_that_minios_run_runs(tmp_path):
    file = tmp_path / "hog.py"
    file.write_text(textwrap.dedent("""
        import minios

        def main():
            yield
            print("hogs", flush=True)
            while True:
                pass

        minios.run(main(), slow_turn=float("inf"))
        """))
    process = subprocess.Popen(
        [sys.executable, "-m", "minios", "run", "--no-console", file], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )
    process.stdout.readline()
    while process.poll() is None:       # the first waits for a yield; the next one forces
        process.send_signal(signal.SIGINT)
        try:
            process.wait(0.2)
        except subprocess.TimeoutExpired:
            pass
    process.communicate()
    assert process.returncode == -signal.SIGINT
