"""The processes that are measured, and that none of them is left behind."""

import os
import signal
import sys

import pytest
from minios.benchmarks.processes import Processes

# Holds the lifeline as long as it lives, and has a child that does so too.
FAMILY = """
import subprocess, sys, time
line = open(sys.argv[1], "w")
line.write("held")
line.flush()
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], stdout=subprocess.DEVNULL,
                 stderr=subprocess.DEVNULL, pass_fds=[line.fileno()])
"""


def python(program, *arguments):
    return [sys.executable, "-c", program, *map(str, arguments)]


@pytest.fixture
def processes():
    with Processes() as processes:
        yield processes


def test_a_process_gives_what_it_has_printed(processes):
    assert processes.output_of(python("print(6 * 7)")) == "42\n"


def test_a_process_that_fails_is_an_error_with_its_exception(processes):
    with pytest.raises(RuntimeError, match="^ValueError: too bad$"):
        processes.output_of(python("print('so far'); raise ValueError('too bad')"))


def test_an_exception_group_is_told_by_its_last_exception(processes):
    program = "raise ExceptionGroup('two', [ValueError('one'), ValueError('the other')])"
    with pytest.raises(RuntimeError, match="^ValueError: the other$"):
        processes.output_of(python(program))


def test_a_process_that_fails_in_silence_is_told_by_its_status_or_signal(processes):
    with pytest.raises(RuntimeError, match="status 3, in silence"):
        processes.output_of(python("import os; os._exit(3)"))
    with pytest.raises(RuntimeError, match="SIGKILL"):
        processes.output_of(python("import os; os.kill(os.getpid(), 9)"))


def test_a_process_reads_nothing_of_ours(processes):
    assert processes.output_of(python("import sys; print(repr(sys.stdin.read()))")) == "''\n"


def test_a_process_that_hangs_is_ended_with_what_it_has_started(processes, lifeline):
    with pytest.raises(TimeoutError, match="ended after 1 s"):
        processes.output_of(python(FAMILY + "time.sleep(600)", lifeline.path), limit=1)
    lifeline.wait_until_held()
    lifeline.wait_until_cut()


def test_what_a_process_leaves_behind_is_ended_with_it(processes, lifeline):
    assert processes.output_of(python(FAMILY + "print('done')", lifeline.path)) == "done\n"
    lifeline.wait_until_held()
    lifeline.wait_until_cut()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_process_that_runs_and_is_kept(number, lifeline):
    program = FAMILY + f"import os; os.kill(os.getppid(), {int(number)}); time.sleep(600)"
    with Processes() as processes:
        with pytest.raises(RuntimeError, match="SIGKILL"):
            processes.output_of(python(program, lifeline.path))
        assert processes.signal == number
    lifeline.wait_until_held()
    lifeline.wait_until_cut()


def test_a_signal_that_came_before_a_process_was_started_ends_it_too():
    with Processes() as processes:
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(RuntimeError, match="SIGKILL"):
            processes.output_of(python("import time; time.sleep(600)"))


def test_signals_mean_what_they_did_when_all_is_over():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with Processes():
        assert signal.getsignal(signal.SIGINT) is not before[0]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_signal_that_is_ignored_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Processes() as processes:
            os.kill(os.getpid(), signal.SIGHUP)
            assert processes.signal is None
    finally:
        signal.signal(signal.SIGHUP, before)
