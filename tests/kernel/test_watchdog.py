"""Promise 7: a task that holds the CPU too long is reported, with its stack, while it does."""

import subprocess
import sys
import threading
import time

import minios
from syscalls import Sleep, Spawn


def spin_until(condition):
    deadline = time.monotonic() + 20
    while not condition() and time.monotonic() < deadline:
        pass


def test_a_task_that_holds_the_cpu_is_reported_with_its_stack_while_it_holds_it(caplog):
    def deep():
        spin_until(lambda: caplog.records)

    def hog():
        yield
        deep()
        assert len(caplog.records) == 1      # it was reported before it let go

    def main():
        yield Spawn(hog(), name="the hog")
        yield Sleep(0.01)

    minios.run(main(), slow_turn=0.02)
    (record,) = caplog.records
    message = record.getMessage()
    assert "the hog" in message and "has held the CPU for more than 0.02 s" in message
    assert "in hog" in message and "deep()" in message
    assert "_run_batch" not in message


def test_a_task_is_reported_once_for_a_turn(caplog):
    def main():
        spin_until(lambda: caplog.records)
        end = time.monotonic() + 0.1
        spin_until(lambda: time.monotonic() > end)
        yield

    minios.run(main(), slow_turn=0.01)
    assert len(caplog.records) == 1


def test_a_kernel_that_sleeps_or_takes_short_turns_is_not_reported(caplog):
    done = threading.Event()

    def main():
        for _ in range(2000):
            yield
        yield Sleep(0.1)
        done.set()

    minios.run(main(), slow_turn=0.02)
    assert done.is_set() and not caplog.records


def test_a_routine_called_over_and_over_that_never_gives_way_is_reported(caplog):
    def sub():
        return
        yield

    def main():
        deadline = time.monotonic() + 20
        while not caplog.records and time.monotonic() < deadline:
            yield sub()

    minios.run(main(), slow_turn=0.02)
    assert "main" in caplog.text


def test_an_endless_patience_of_one_kernel_leaves_the_others_watched(caplog):
    def main():
        spin_until(lambda: caplog.records)
        yield

    def patient():
        yield Sleep(0)

    minios.run(patient(), slow_turn=float("inf"))
    minios.run(main(), slow_turn=0.02)
    assert len(caplog.records) == 1


def test_the_report_reaches_stderr_of_a_program_that_configures_nothing():
    program = (
        "import minios, time\n"
        "def main():\n"
        "    time.sleep(0.3)\n"
        "    yield\n"
        "minios.run(main(), slow_turn=0.05)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0
    assert "task 1 (main)" in done.stderr and "line 3, in main" in done.stderr
