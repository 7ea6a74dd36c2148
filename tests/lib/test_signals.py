"""add_signal_handler: Unix signals call functions in the kernel's thread."""

import os
import signal
import subprocess
import sys
import textwrap
import threading

import pytest

import minios
from minios import add_signal_handler
from syscalls import Kill, Sleep, Spawn, Tasks, Wait

LONG = 60


def raise_signal(signum=signal.SIGUSR1):
    os.kill(os.getpid(), signum)


def settle():
    """Let what has been asked for happen: the signal's way is through the inbox."""
    for _ in range(50):
        yield


def test_a_function_is_called_with_its_arguments_each_time_the_signal_arrives(run):
    log = []

    def main():
        task = add_signal_handler(signal.SIGUSR1, log.append, "USR1")
        for _ in range(3):
            raise_signal()
            yield settle()
        return task.name, task.daemon

    assert run(main()) == ("on SIGUSR1", True)
    assert log == ["USR1"] * 3
    assert signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL


def test_a_signal_in_the_same_turn_goes_to_the_handler_already(run):
    log = []

    def main():
        add_signal_handler(signal.SIGTERM, log.append, "TERM")
        raise_signal(signal.SIGTERM)
        yield settle()

    run(main())
    assert log == ["TERM"]


def test_the_function_runs_in_a_task_in_the_kernels_thread_with_the_callers_context(run):
    def main():
        found = []
        task = add_signal_handler(
            signal.SIGUSR1,
            lambda: found.append((minios.current_task(), threading.get_ident())),
        )
        raise_signal()
        yield settle()
        return found == [(task, threading.get_ident())]

    assert run(main())


def test_a_generator_function_or_an_async_one_is_run_to_its_end(run):
    log = []

    def generator(name):
        yield Sleep(1)
        log.append(name)

    async def coroutine(name):
        await Sleep(2)
        log.append(name)

    def main():
        add_signal_handler(signal.SIGUSR1, generator, "generator")
        add_signal_handler(signal.SIGUSR2, coroutine, "coroutine")
        raise_signal(signal.SIGUSR1)
        raise_signal(signal.SIGUSR2)
        yield Sleep(5)

    run(main())
    assert log == ["generator", "coroutine"]


def test_signals_that_come_while_the_function_runs_are_one_more_call(run):
    log = []

    def slow():
        log.append("begins")
        yield Sleep(10)

    def main():
        add_signal_handler(signal.SIGUSR1, slow)
        raise_signal()
        yield Sleep(1)
        for _ in range(100):
            raise_signal()
            yield
        yield Sleep(100)

    run(main())
    assert log == ["begins", "begins"]


@pytest.mark.parametrize("in_routine", [False, True])
def test_what_the_function_raises_is_logged_and_the_handler_stays(run, caplog, in_routine):
    log = []

    def fail():
        log.append("called")
        raise ValueError("in the handler")

    def failing():
        yield Sleep(1)
        fail()

    def main():
        add_signal_handler(signal.SIGUSR1, failing if in_routine else fail)
        for _ in range(2):
            raise_signal()
            yield Sleep(5)

    run(main())
    assert log == ["called"] * 2
    assert [record.name for record in caplog.records] == ["minios"] * 2
    assert "a handler of SigWait(SIGUSR1) failed" in caplog.text and "in the handler" in caplog.text


def test_sys_exit_as_a_handler_ends_the_program(run):
    log = []

    def main():
        add_signal_handler(signal.SIGTERM, sys.exit, 3)
        raise_signal(signal.SIGTERM)
        try:
            yield Sleep(100)
        finally:
            log.append("cleaned up")

    with pytest.raises(SystemExit) as caught:
        run(main())
    assert caught.value.code == 3 and log == ["cleaned up"]


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL])
def test_a_handler_is_removed_by_killing_its_task(run, signum):
    log = []

    def main():
        task = add_signal_handler(signal.SIGUSR1, log.append, 1)
        yield settle()
        yield Kill(task, signum)
        with pytest.raises(minios.TaskKilledError):
            yield Wait(task)
        raise_signal()
        yield settle()

    run(main())
    assert log == []


def test_a_handler_keeps_no_kernel_running(run):
    def main():
        add_signal_handler(signal.SIGUSR1, print)
        yield Sleep(1)
        return "ended"

    assert run(main()) == "ended"


def test_ctrl_c_goes_to_the_handler_and_an_impatient_one_to_the_main_task(run):
    log = []

    def shut_down():
        log.append("shutting down")
        yield Sleep(100)

    def main():
        add_signal_handler(signal.SIGINT, shut_down)
        yield
        raise_signal(signal.SIGINT)
        yield Sleep(1)
        log.append("went on")
        raise_signal(signal.SIGINT)
        yield Sleep(1)

    with pytest.raises(KeyboardInterrupt):
        run(main())
    assert log == ["shutting down", "went on"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ps_shows_what_the_handler_waits_for(run):
    def main():
        add_signal_handler(signal.SIGHUP, print)
        yield
        return {info.name: info.wait for info in (yield Tasks())}

    assert run(main())["on SIGHUP"] == "SigWait(SIGHUP)"


@pytest.mark.parametrize(("signum", "function", "error"), [
    (signal.SIGKILL, print, ValueError),
    (signal.SIGSTOP, print, ValueError),
    (0, print, ValueError),
    (1000, print, ValueError),
    (signal.SIGUSR1, "no function", TypeError),
])
def test_bad_input_is_refused_at_once(run, signum, function, error):
    def main():
        yield
        with pytest.raises(error):
            add_signal_handler(signum, function)
        return len((yield Tasks()))

    assert run(main()) == 1


def test_outside_a_kernel_there_is_nothing_to_call_the_function():
    with pytest.raises(minios.KernelError, match="no kernel is running"):
        add_signal_handler(signal.SIGUSR1, print)


@pytest.mark.parametrize("signum", [signal.SIGUSR1, signal.SIGINT])
def test_in_another_thread_than_the_main_one_the_caller_hears_of_it(run, signum):
    found = []

    def main():
        yield
        with pytest.raises(minios.KernelError, match="main thread"):
            add_signal_handler(signum, print)
        found.append(len((yield Tasks())))

    thread = threading.Thread(target=run, args=(main(),))
    thread.start()
    thread.join(LONG)
    assert found == [1]


def test_a_server_that_is_terminated_says_goodbye():
    program = textwrap.dedent("""
        import os, signal, minios
        from minios import add_signal_handler
        from syscalls import Sleep
        said = []
        def goodbye():
            yield Sleep(0.01)
            said.append("goodbye")
        def main():
            add_signal_handler(signal.SIGTERM, goodbye)
            print("ready", flush=True)
            while not said:         # a signal may come just as the kernel goes to sleep
                yield Sleep(0.01)
            print(*said)
        minios.run(main())
    """)
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout.readline() == "ready\n"
            server.terminate()
            assert server.communicate(timeout=LONG)[0] == "goodbye\n"
        finally:
            server.kill()
    assert server.returncode == 0


def test_many_signals_from_outside_reach_the_handler_while_tasks_are_busy():
    log = []

    def busy(done):
        while not done.is_set():
            yield

    def bombard(done):
        for _ in range(50):
            raise_signal()
        done.set()

    def main():
        done = threading.Event()
        add_signal_handler(signal.SIGUSR1, log.append, 1)
        task = yield Spawn(busy(done))
        threading.Thread(target=bombard, args=(done,)).start()
        yield Wait(task)
        yield settle()

    minios.run(main())
    assert 1 <= len(log) <= 50
