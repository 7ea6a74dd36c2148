"""Child processes: starting, talking, waiting, and that nothing is left of them."""

import errno
import gc
import os
import pty
import resource
import signal
import subprocess
import sys
import textwrap
import threading
import weakref
from pathlib import Path
from subprocess import DEVNULL, PIPE, STDOUT

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minios
from minios import (
    TaskGroup,
    TaskKilledError,
    TaskLimitError,
    gather,
    run_process,
    start_process,
    timeout,
)
from minios.lib import children
from minios.lib.filestreams import FileStream
from syscalls import Kill, Park, Sleep, Spawn, Tasks, Wait
from tests.invariants import check_invariants

from .conftest import open_descriptors

ROOT = Path(__file__).parent.parent.parent
BIG = bytes(range(256)) * 4096      # 1 MiB: more than a pipe holds
# A shell that is deaf to SIGTERM, and says when it is.
DEAF = ["sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.01; done"]
FOREVER = ["sleep", "1000"]


# What is left to the garbage collector is a leak as well.
pytestmark = pytest.mark.filterwarnings(
    "error::ResourceWarning", "error::pytest.PytestUnraisableExceptionWarning"
)


@pytest.fixture(autouse=True)
def nothing_is_left():
    """No descriptor, no child (zombies are children), nothing in the tables, after every test."""
    before = open_descriptors()
    yield
    gc.collect()
    assert open_descriptors() == before
    assert not has_children()
    assert not children._children and not children._outliving


def has_children():
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return False
    return True


def run(routine, **options):
    """minios.run in real time; no task and no registration is left."""
    kernel = minios.Kernel(**options)
    result = kernel.run(routine)
    assert not kernel.tasks
    return result


@pytest.fixture(params=["pidfd", "thread"])
def waiting(request, monkeypatch):
    """Both ways to wait for a child."""
    if request.param == "thread":
        # It refuses, and is not simply gone: from 3.15 on Popen asks at its import if it is there.
        monkeypatch.setattr(os, "pidfd_open", refuse_pidfd)
    return request.param


def refuse_pidfd(pid, flags=0):
    """As a kernel that has no pidfds does."""
    raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))


def is_gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def await_end(pid):
    """Hold up everything until the child `pid` has ended; do not reap it."""
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


def until_gone(pid):
    """Wait until nobody has the number `pid`: it has ended and is reaped."""
    while not is_gone(pid):
        yield Sleep(0.001)


# --- start_process ---------------------------------------------------------------------------


def test_wait_returns_the_exit_status(waiting):
    def main():
        process = yield from start_process(["sh", "-c", "exit 3"])
        assert process.args == ["sh", "-c", "exit 3"] and process.pid > 0
        assert process.stdin is process.stdout is process.stderr is None
        assert (yield from process.wait()) == 3
        assert process.returncode == 3
        assert (yield from process.wait()) == 3
        assert repr(process).endswith("ended with 3>")

    run(main())


def test_a_coroutine_starts_and_waits(waiting):
    async def main():
        async with await start_process(["cat"], stdin=PIPE, stdout=PIPE) as process:
            await process.stdin.write(b"a\nb\n")
            assert await process.stdout.readline() == b"a\n"
            await process.stdin.close()
            assert [line async for line in process.stdout] == [b"b\n"]
            return await process.wait()

    assert run(main()) == 0


def test_a_child_that_runs_has_no_returncode():
    def main():
        with (yield from start_process(FOREVER)) as process:
            yield Sleep(0.01)
            assert process.returncode is None
            assert repr(process) == f"<Process {process.pid} {FOREVER!r} running>"

    run(main())


def test_a_string_is_for_the_shell():
    def main():
        process = yield from start_process("exit $((3 + 4))", shell=True)
        assert (yield from process.wait()) == 7
        with pytest.raises(TypeError, match="args is a list.*or a string with shell=True"):
            yield from start_process("ls")

    run(main())


def test_options_of_popen_are_passed_on(tmp_path):
    def main():
        process = yield from start_process(
            ["sh", "-c", "pwd; echo $KEY; test $(ps -o sid= -p $$) = $$ && echo leader"],
            stdout=PIPE, cwd=tmp_path, env={**os.environ, "KEY": "value"}, start_new_session=True,
        )
        with process:
            output, _ = yield from process.communicate()
        assert output == f"{tmp_path}\nvalue\nleader\n".encode()

    run(main())


@pytest.mark.parametrize(
    ("option", "why"),
    [({"text": True}, "streams carry bytes"), ({"bufsize": 1}, "limit"),
     ({"timeout": 5}, r"with timeout\(seconds\)"), ({"encoding": "utf-8"}, "decode"),
     ({"no_such": 1}, "no_such")],
)
def test_options_that_make_no_sense_here_are_refused(option, why):
    def main():
        with pytest.raises(TypeError, match=why):
            yield from start_process(["true"], **option)

    run(main())


def test_what_cannot_be_started_raises_as_popen_does(tmp_path):
    (tmp_path / "file").touch()

    def main():
        for error, args, options in [
            (FileNotFoundError, ["no such program"], {}),
            (PermissionError, [tmp_path / "file"], {}),
            (FileNotFoundError, ["true"], {"cwd": tmp_path / "nowhere"}),
            (subprocess.SubprocessError, ["true"], {"preexec_fn": lambda: 1 / 0}),
            (ValueError, ["a\0b"], {}),
        ]:
            with pytest.raises(error):
                yield from start_process(args, stdin=PIPE, stdout=PIPE, stderr=PIPE, **options)

    run(main())


def test_files_and_descriptors_and_the_null_device_can_be_given(tmp_path):
    (tmp_path / "in").write_bytes(b"input")

    def main():
        with open(tmp_path / "in") as source, open(tmp_path / "out", "wb") as target:
            process = yield from start_process(["cat"], stdin=source, stdout=target.fileno())
            assert (yield from process.wait()) == 0
        process = yield from start_process(["cat"], stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL)
        assert (yield from process.wait()) == 0

    run(main())
    assert (tmp_path / "out").read_bytes() == b"input"


def test_stderr_may_go_where_stdout_goes():
    def main():
        process = yield from start_process(
            ["sh", "-c", "echo out; echo err >&2"], stdout=PIPE, stderr=STDOUT
        )
        with process:
            return (yield from process.communicate())

    assert run(main()) == (b"out\nerr\n", None)


def test_the_pipe_of_one_child_may_be_given_to_the_next():
    def main():
        # The next begins to read before there is anything, and expects to block.
        first = yield from start_process(["sh", "-c", "sleep 0.05; echo hello"], stdout=PIPE)
        with first, (yield from start_process(["cat"], stdin=first.stdout, stdout=PIPE)) as second:
            first.stdout.abort()
            output, _ = yield from second.communicate()
            assert (yield from first.wait()) == second.returncode == 0
            with pytest.raises(OSError, match="is given to a child") as caught:
                yield from start_process(["cat"], stdin=first.stdout)
            assert caught.value.errno == errno.EBADF
        return output

    assert run(main()) == b"hello\n"


def test_a_child_lives_on_a_terminal():
    def main():
        master, slave = pty.openpty()
        process = yield from start_process(["tty"], stdin=slave, stdout=slave)
        name = os.ttyname(slave).encode()
        os.close(slave)
        with process, FileStream(master) as terminal:
            assert (yield from terminal.read()) == name + b"\r\n"
            return (yield from process.wait())

    assert run(main()) == 0


def test_signals_have_their_default_actions_in_the_child():
    program = "import signal; print(*map(signal.getsignal, [signal.SIGINT, signal.SIGPIPE]))"

    def main():
        done = yield from run_process([sys.executable, "-S", "-c", program], capture_output=True)
        child = yield from run_process(["sh", "-c", "kill -PIPE $$"])
        return done.stdout, child.returncode

    output, code = run(main())
    assert code == -signal.SIGPIPE
    assert b"default_int_handler" in output     # Python sets it itself where it is not ignored


def test_a_start_without_a_task_is_refused():
    with pytest.raises(minios.KernelError, match="no kernel is running"):
        next(start_process(["true"]))


# --- Waiting ---------------------------------------------------------------------------------


def test_any_number_of_tasks_may_wait_for_one_child(waiting):
    def main():
        with (yield from start_process(["cat"], stdin=PIPE)) as process, TaskGroup() as group:
            tasks = [group.spawn(process.wait()) for _ in range(10)]
            yield Sleep(0.01)
            process.stdin.abort()
            yield from group.join()
        return [task.result() for task in tasks]

    assert run(main()) == [0] * 10


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_waiter_leaves_the_others_waiting(waiting, signum):
    def main():
        with (yield from start_process(["cat"], stdin=PIPE)) as process:
            first = yield Spawn(process.wait())
            second = yield Spawn(process.wait())
            yield Sleep(0.01)
            yield Kill(first, signum)
            yield Sleep(0.01)
            check_invariants(minios.current_kernel())
            assert first.done() and not second.done()
            process.stdin.abort()
            return (yield Wait(second))

    assert run(main()) == 0


def test_a_wait_may_be_timed_out_and_repeated(waiting):
    def main():
        with (yield from start_process(["cat"], stdin=PIPE)) as process:
            for _ in range(3):
                with pytest.raises(TimeoutError), timeout(0.001):
                    yield from process.wait()
            names = [thread.name for thread in threading.enumerate()]
            assert names.count(f"wait {process.pid}") == (waiting == "thread")
            process.stdin.abort()
            return (yield from process.wait())

    assert run(main()) == 0


def test_wait_returns_though_a_grandchild_keeps_the_pipe_open(waiting):
    def main():
        process = yield from start_process(["sh", "-c", "sleep 1000 & echo $!"], stdout=PIPE)
        with process:
            grandchild = int((yield from process.stdout.readline()))
            assert (yield from process.wait()) == 0
            with pytest.raises(TimeoutError), timeout(0.01):
                yield from process.communicate()        # it waits for the end of the pipe
            os.kill(grandchild, signal.SIGKILL)
            return (yield from process.communicate())

    assert run(main()) == (b"", None)


def test_a_stopped_child_has_not_ended(waiting):
    def main():
        with (yield from start_process(["cat"], stdin=PIPE)) as process:
            process.send_signal(signal.SIGSTOP)
            with pytest.raises(TimeoutError), timeout(0.02):
                yield from process.wait()
            process.send_signal(signal.SIGCONT)
            process.stdin.abort()
            return (yield from process.wait())

    assert run(main()) == 0


def test_a_child_that_somebody_else_has_reaped_has_ended(waiting):
    def main():
        process = yield from start_process(["cat"], stdin=PIPE)
        with process:
            task = yield Spawn(process.wait())
            yield Sleep(0.001)
            process.stdin.abort()
            os.waitpid(process.pid, 0)
            return (yield Wait(task))

    assert run(main()) == 0     # as Popen says where nobody knows


def test_without_waitid_the_thread_reaps(monkeypatch):
    monkeypatch.delattr(os, "pidfd_open")
    monkeypatch.delattr(os, "waitid")

    def main():
        with (yield from start_process(["cat"], stdin=PIPE)) as process:
            task = yield Spawn(process.wait())
            yield Sleep(0.01)
            assert process.returncode is None
            process.stdin.abort()
            assert (yield Wait(task)) == 0
        with (yield from start_process(FOREVER)) as process:
            task = yield Spawn(process.wait())
            yield Sleep(0.01)
            process.kill()
            return (yield Wait(task))

    assert run(main()) == -signal.SIGKILL


def test_a_child_that_is_waited_for_is_no_deadlock_but_afterwards_there_may_be_one(waiting):
    def main():
        with (yield from start_process(["sleep", "0.05"])) as process:
            waiter = yield Spawn(process.wait())
            yield Sleep(0)
            yield Kill(waiter)
            assert (yield from process.wait()) == 0
        yield Park("nobody wakes me")

    with pytest.raises(minios.DeadlockError):
        run(main())


# --- Signals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("send", "signum"),
    [(lambda p: p.terminate(), signal.SIGTERM), (lambda p: p.kill(), signal.SIGKILL),
     (lambda p: p.send_signal(signal.SIGUSR1), signal.SIGUSR1)],
)
def test_a_signal_ends_the_child(waiting, send, signum):
    def main():
        process = yield from start_process(FOREVER)
        send(process)
        assert (yield from process.wait()) == -signum
        for again in (process.terminate, process.kill, lambda: process.send_signal(signal.SIGINT)):
            again()     # harmless: its number may be another's by now

    run(main())


def test_no_signal_is_sent_once_the_child_is_reaped(monkeypatch):
    def main():
        process = yield from start_process(["true"])
        yield from process.wait()
        monkeypatch.setattr(os, "kill", lambda *arguments: pytest.fail("sent to a stranger"))
        process.kill()
        with process:
            pass
        with pytest.raises(ValueError, match="is no signal"):
            process.send_signal(1000)

    run(main())


def test_a_child_of_another_user_is_left_alone(monkeypatch, caplog):
    def refuse(pid, signum):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    def main():
        process = yield from start_process(FOREVER)
        with monkeypatch.context() as patch:
            patch.setattr(os, "kill", refuse)
            with pytest.raises(PermissionError):
                process.terminate()
            yield from process.__aexit__(None, None, None)      # does not wait for it
        assert "cannot be ended, and is left running" in caplog.text
        assert process.returncode is None
        process.kill()
        yield from process.wait()

    run(main())


# --- Talking ---------------------------------------------------------------------------------


def test_communicate_writes_and_reads_both_at_once():
    program = "tee /dev/stderr"

    def main():
        with (yield from start_process(
            program, shell=True, stdin=PIPE, stdout=PIPE, stderr=PIPE
        )) as process:
            output, errors = yield from process.communicate(BIG * 4)
            assert output == errors == BIG * 4
            assert process.returncode == 0
            assert process.stdin.closed and process.stdout.closed and process.stderr.closed

    run(main())


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_communicate_takes_whatever_has_bytes(kind):
    def main():
        with (yield from start_process(["cat"], stdin=PIPE, stdout=PIPE)) as process:
            return (yield from process.communicate(kind(BIG)))

    assert run(main()) == (BIG, None)


def test_communicate_without_pipes_waits_for_the_end():
    def main():
        process = yield from start_process(["true"])
        assert (yield from process.communicate()) == (None, None)
        assert process.returncode == 0
        with pytest.raises(ValueError, match="there is no pipe for the input"):
            yield from process.communicate(b"input")

    run(main())


def test_communicate_does_not_mind_a_child_that_does_not_read():
    def main():
        with (yield from start_process(["true"], stdin=PIPE, stdout=PIPE)) as process:
            assert (yield from process.communicate(BIG)) == (b"", None)
        return (yield from run_process(["true"], input=BIG)).returncode

    assert run(main()) == 0


def test_a_writer_hears_that_the_child_has_gone():
    def main():
        with (yield from start_process(["true"], stdin=PIPE)) as process:
            with pytest.raises(BrokenPipeError):
                yield from process.stdin.write(BIG)

    run(main())


@settings(max_examples=30, deadline=None)
@given(st.integers(0, len(BIG)), st.lists(st.integers(0, 5), max_size=10))
def test_communicate_goes_on_where_it_was_cut_short(size, interrupts):
    """`interrupts`: for how long each of the first attempts may go on."""
    data = BIG[:size]

    def attempt(process):
        return (yield from process.communicate(data))

    def main():
        with (yield from start_process(["cat"], stdin=PIPE, stdout=PIPE)) as process:
            for turns in interrupts:
                process.send_signal(signal.SIGSTOP)     # so that it cannot take all at once
                task = yield Spawn(attempt(process))
                for _ in range(turns):
                    yield Sleep(0.0001)
                yield Kill(task)
                try:
                    return (yield Wait(task))   # there was little, and it was done
                except TaskKilledError:
                    pass
                process.send_signal(signal.SIGCONT)
                yield Sleep(0.0005)
            return (yield from attempt(process))

    assert run(main()) == (data, None)


def test_communicate_lets_others_finish_what_they_write():
    def main():
        with (yield from start_process(["cat"], stdin=PIPE, stdout=PIPE)) as process:
            yield Spawn(process.stdin.write(BIG))
            yield Sleep(0)
            return (yield from process.communicate(b"tail"))

    assert run(main()) == (BIG + b"tail", None)


def test_what_communicate_had_read_before_it_was_cut_short_is_not_lost(tmp_path):
    program = f"echo out; exec >&-; until test -e {tmp_path}/go; do sleep 0.01; done; echo err >&2"

    def main():
        with (yield from start_process(["sh", "-c", program], stdout=PIPE, stderr=PIPE)) as process:
            task = yield Spawn(process.communicate())
            while not process.stdout.closed:    # it has been read to its end
                yield Sleep(0.001)
            yield Kill(task)
            with pytest.raises(TaskKilledError):
                yield Wait(task)
            (tmp_path / "go").touch()
            return (yield from process.communicate())

    assert run(main()) == (b"out\n", b"err\n")


def test_a_hundred_megabytes_go_through_without_being_kept():
    total = 100 * len(BIG)

    def feed(stdin):
        with stdin:
            for _ in range(100):
                yield from stdin.write(BIG)

    def main():
        with (yield from start_process(["cat"], stdin=PIPE, stdout=PIPE, limit=10_000)) as process:
            yield Spawn(feed(process.stdin))
            received = 0
            while data := (yield from process.stdout.read(10_000_000)):
                received += len(data)
                assert len(data) + len(process.stdout._buffer) <= 10_000
            assert received == total
            return (yield from process.wait())

    assert run(main()) == 0


def test_two_hundred_children_at_once(waiting):
    def child(number):
        done = yield from run_process(["echo", str(number)], capture_output=True)
        return int(done.stdout)

    def main():
        return (yield from gather(*map(child, range(200))))

    assert run(main()) == list(range(200))


# --- run_process -----------------------------------------------------------------------------


def test_run_process_returns_what_subprocess_run_does():
    args = ["sh", "-c", "cat; echo err >&2; exit 3"]

    def main():
        return (yield from run_process(args, input=b"input", capture_output=True))

    done, expected = run(main()), subprocess.run(args, input=b"input", capture_output=True)
    assert vars(done) == vars(expected)


def test_run_process_inherits_our_files_by_default(capfd):
    async def main():
        return await run_process(["echo", "hello"])

    done = run(main())
    assert (done.returncode, done.stdout, done.stderr) == (0, None, None)
    assert capfd.readouterr().out == "hello\n"


def test_check_raises_with_what_was_captured():
    def main():
        with pytest.raises(subprocess.CalledProcessError) as caught:
            yield from run_process(["sh", "-c", "echo out; exit 3"], stdout=PIPE, check=True)
        assert (caught.value.returncode, caught.value.stdout) == (3, b"out\n")
        return (yield from run_process(["true"], check=True)).returncode

    assert run(main()) == 0


def test_contradictions_are_refused():
    def main():
        with pytest.raises(ValueError, match="give input or stdin, not both"):
            yield from run_process(["true"], input=b"", stdin=DEVNULL)
        with pytest.raises(ValueError, match="give capture_output or stdout"):
            yield from run_process(["true"], capture_output=True, stderr=DEVNULL)

    run(main())


def test_a_child_that_takes_too_long_is_asked_to_end(waiting, tmp_path):
    log = tmp_path / "log"
    program = f"trap 'echo cleaned up > {log}; exit' TERM; while :; do sleep 0.01; done"

    def main():
        with pytest.raises(TimeoutError), timeout(0.1):
            yield from run_process(["sh", "-c", program])
        assert not has_children()

    run(main())
    assert log.read_text() == "cleaned up\n"


@pytest.mark.parametrize("interrupt", ["timeout", "kill"])
def test_a_child_that_is_deaf_to_sigterm_is_killed(waiting, monkeypatch, interrupt):
    monkeypatch.setattr("minios.lib.subprocesses._GRACE", 0.05)

    def owner(stdout):
        with timeout(0.1 if interrupt == "timeout" else None):
            try:
                yield from run_process(DEAF, stdout=stdout)
            finally:
                assert not has_children()       # it has ended, and not only been killed

    def main():
        reading, writing = os.pipe()
        with FileStream(reading) as says, FileStream(writing) as stdout:
            task = yield Spawn(owner(stdout))
            yield from says.readline()
            if interrupt == "kill":
                yield Kill(task)
            with pytest.raises(TimeoutError if interrupt == "timeout" else TaskKilledError):
                yield Wait(task)

    run(main())


def test_a_stopped_child_is_asked_to_end_too(waiting, tmp_path):
    program = f"trap 'echo cleaned up > {tmp_path}/log; exit' TERM; kill -STOP $$; exit 3"

    def main():
        with pytest.raises(TimeoutError), timeout(0.05):
            yield from run_process(["sh", "-c", program])
        assert not has_children()

    run(main())
    assert (tmp_path / "log").read_text() == "cleaned up\n"


def test_a_second_kill_cuts_the_grace_short(monkeypatch):
    monkeypatch.setattr("minios.lib.subprocesses._GRACE", 100)

    def owner(stdout):
        yield from run_process(DEAF, stdout=stdout)

    def main():
        reading, writing = os.pipe()
        with FileStream(reading) as says, FileStream(writing) as stdout:
            task = yield Spawn(owner(stdout))
            yield from says.readline()
        yield Kill(task)
        yield Sleep(0.01)
        assert not task.done()
        yield Kill(task)
        yield Sleep(0.01)
        assert task.done()
        while has_children():
            yield Sleep(0.001)

    run(main())


def test_ctrl_c_gives_the_child_time_for_its_own(tmp_path):
    program = f"trap 'sleep 0.05; echo cleaned up > {tmp_path}/log; exit' INT; " \
        "echo $$; while :; do sleep 0.01; done"

    def main():
        reading, writing = os.pipe()
        with FileStream(reading) as says:
            task = yield Spawn(ctrl_c(says))
            try:
                with FileStream(writing) as ours:
                    yield from run_process(["sh", "-c", program], stdout=ours)
            finally:
                yield Wait(task)

    def ctrl_c(says):
        child = int((yield from says.readline()))
        os.kill(child, signal.SIGINT)       # as the terminal sends it to both
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run(main())
    assert (tmp_path / "log").read_text() == "cleaned up\n"


# --- Whose it is -----------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["returns", "fails", "SIGTERM", "SIGKILL"])
def test_a_child_ends_with_the_task_that_started_it(waiting, end):
    started = []

    def owner():
        process = yield from start_process(DEAF, stdin=PIPE, stdout=PIPE)
        yield from process.stdout.readline()
        started.append(process)
        if end == "fails":
            raise OSError("failed")
        if end.startswith("SIG"):
            yield Sleep(100)

    def main():
        task = yield Spawn(owner())
        while not started:
            yield Sleep(0.001)
        if end.startswith("SIG"):
            yield Kill(task, getattr(signal, end))
        else:
            try:
                yield Wait(task)
            except OSError:
                pass
        yield from until_gone(started[0].pid)
        yield Sleep(0)
        assert started[0].returncode == -signal.SIGKILL
        assert started[0].stdin.closed and started[0].stdout.closed
        assert [info.name for info in (yield Tasks())] == ["main"]      # the reaper has ended
        check_invariants(minios.current_kernel())

    run(main())


@pytest.mark.parametrize("where", ["wait", "communicate", "read", "run_process", "async with"])
@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL])
def test_a_task_killed_anywhere_leaves_no_child(waiting, where, signum, caplog):
    def owner():
        if where == "run_process":
            yield from run_process(FOREVER, input=BIG, capture_output=True)
        process = yield from start_process(FOREVER, stdin=PIPE, stdout=PIPE)
        if where == "wait":
            yield from process.wait()
        elif where == "communicate":
            yield from process.communicate(BIG)
        elif where == "read":
            with process:
                yield from process.stdout.read()
        else:
            yield block(process)

    async def block(process):
        async with process:
            await process.stdout.read()

    def main():
        task = yield Spawn(owner())
        yield Sleep(0.02)
        [pid] = [child.pid for child in children._children[minios.current_kernel()]]
        yield Kill(task, signum)
        with pytest.raises(TaskKilledError):
            yield Wait(task)
        yield from until_gone(pid)
        yield Sleep(0)
        check_invariants(minios.current_kernel())

    run(main())
    assert not caplog.records       # as where a task yields though it was closed


def test_the_kernel_reaps_at_its_end_what_is_killed_then(waiting):
    def owner():
        yield from start_process(DEAF, stdout=DEVNULL)
        yield Sleep(1000)

    def main():
        for _ in range(5):
            yield Spawn(owner())
        yield from start_process(FOREVER)
        yield Sleep(0.02)

    run(main())
    assert not has_children()


@pytest.mark.parametrize("error", [OSError, SystemExit, KeyboardInterrupt])
def test_a_program_that_fails_leaves_no_child(error):
    def main():
        yield from start_process(FOREVER, stdin=PIPE)
        raise error

    with pytest.raises(error):
        run(main())
    assert not has_children()


@pytest.mark.parametrize("how", ["with", "async with"])
def test_leaving_a_block_kills_the_child_and_closes_its_pipes(waiting, how):
    def with_block():
        with (yield from start_process(DEAF, stdin=PIPE, stdout=PIPE)) as process:
            yield from process.stdout.readline()
        return process

    async def async_block():
        async with await start_process(DEAF, stdin=PIPE, stdout=PIPE) as process:
            await process.stdout.readline()
        assert process._popen.returncode == -signal.SIGKILL     # it is reaped already
        return process

    def main():
        process = yield with_block() if how == "with" else async_block()
        assert process.stdin.closed and process.stdout.closed
        yield from until_gone(process.pid)
        assert process.returncode == -signal.SIGKILL

    run(main())


def test_a_child_never_takes_a_part_of_its_input_for_the_whole(tmp_path):
    program = "import sys; print('ready', flush=True); sys.stdin.buffer.read(); " \
        f"open({str(tmp_path / 'log')!r}, 'w').close()"

    def main():
        args = [sys.executable, "-S", "-c", program]
        with (yield from start_process(args, stdin=PIPE, stdout=PIPE)) as process:
            yield from process.stdout.readline()
            process.send_signal(signal.SIGSTOP)
            with pytest.raises(TimeoutError), timeout(0.01):
                yield from process.communicate(BIG)
            process.send_signal(signal.SIGCONT)
            yield Sleep(0.03)       # it reads what there is, and would see an end
            assert process.returncode is None
        yield from process.wait()

    run(main())
    assert not (tmp_path / "log").exists()


def test_output_of_a_child_that_has_ended_outlives_its_owner():
    def owner():
        process = yield from start_process(["echo", "hello"], stdout=PIPE)
        await_end(process.pid)      # and the owner does not know it
        return process

    def main():
        process = yield Wait((yield Spawn(owner())))
        with process:
            return (yield from process.stdout.read())

    assert run(main()) == b"hello\n"


def test_a_detached_child_outlives_its_task_and_is_reaped(waiting):
    def owner():
        process = yield from start_process(["cat"], stdin=PIPE)
        process.detach()
        return process

    def main():
        process = yield Wait((yield Spawn(owner())))
        yield Sleep(0.02)
        assert not is_gone(process.pid)
        yield from process.stdin.close()
        yield from until_gone(process.pid)      # nobody waits for it: a daemon does
        assert process.returncode == 0

    run(main())


@pytest.mark.parametrize("how", ["with", "async with"])
def test_leaving_a_block_closes_the_pipes_of_a_detached_child_and_no_more(how):
    async def async_block(process):
        async with process:
            process.detach()

    def with_block(process):
        with process:
            process.detach()
        yield

    def main():
        args = ["sh", "-c", "cat > /dev/null; exec sleep 1000"]
        process = yield from start_process(args, stdin=PIPE)
        yield with_block(process) if how == "with" else async_block(process)
        assert process.stdin.closed
        assert process.returncode is None
        process.kill()
        yield from process.wait()

    run(main())


def test_a_detached_child_outlives_its_kernel_and_is_reaped_by_the_next(monkeypatch):
    monkeypatch.setattr(children, "_AT_EXIT", 1000)     # the end does not wait for it

    def first():
        process = yield from start_process(FOREVER)
        process.detach()
        return process.pid

    def second(pid):
        while not is_gone(pid):
            yield Sleep(0.001)
            yield from (yield from start_process(["true"])).wait()

    pid = run(first())
    assert not is_gone(pid)
    os.kill(pid, signal.SIGKILL)
    run(second(pid))


def test_a_child_that_cannot_be_waited_for_at_the_end_does_not_cost_the_others(monkeypatch, caplog):
    wait, failed = subprocess.Popen.wait, []

    def fail_once(popen, timeout=None):
        if failed:
            return wait(popen, timeout)
        failed.append(popen)
        raise RuntimeError("once")

    def main():
        for _ in range(3):
            yield from start_process(FOREVER)

    with monkeypatch.context() as patch:
        patch.setattr(subprocess.Popen, "wait", fail_once)
        run(main())
    assert children._outliving == set(failed)
    assert "could not be reaped" in caplog.text and "once" in caplog.text
    await_end(failed[0].pid)
    run(run_process(["true"]))      # reaps it


def test_children_that_nobody_waits_for_are_reaped_by_the_next_start():
    def main():
        pids = []
        for _ in range(20):
            process = yield from start_process(["true"])
            pids.append(process.pid)
            await_end(process.pid)
        assert all(map(is_gone, pids[:-1]))
        assert len(children._children[minios.current_kernel()]) == 1

    run(main())


def test_a_full_process_table_is_no_obstacle_to_reaping():
    def main():
        with (yield from start_process(FOREVER)):
            pass        # no place for the daemon
        with pytest.raises(TaskLimitError):
            yield Spawn(run_process(FOREVER))

    run(main(), max_tasks=1)
    assert not has_children()


def test_an_owner_does_not_remember_the_children_that_have_ended(waiting):
    def main():
        known = []
        for _ in range(3):
            process = yield from start_process(["true"])
            yield from process.wait()
            known.append(weakref.ref(process))
        del process
        yield Sleep(0.01)       # a thread may be about to end
        gc.collect()
        return [each() for each in known]

    assert run(main()) == [None] * 3


def test_a_reaper_that_is_killed_leaves_its_work_to_the_kernel():
    def main():
        process = yield from start_process(FOREVER)
        process.detach()
        yield Sleep(0.01)
        [reaper] = [info for info in (yield Tasks()) if info.name == f"reap {process.pid}"]
        assert reaper.daemon
        yield Kill(reaper.tid, signal.SIGKILL)
        process.kill()
        await_end(process.pid)
        assert not is_gone(process.pid)
        yield from (yield from start_process(["true"])).wait()
        assert is_gone(process.pid)

    run(main())


# --- Where something has run out -------------------------------------------------------------


@pytest.fixture
def few_descriptors():
    """At most a hundred descriptors; gives a function that leaves only so many free."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (open_descriptors() + 40, limits[1]))
    held = []

    def leave(free):
        try:
            while True:
                held.append(os.dup(0))
        except OSError:
            pass
        for _ in range(free):
            os.close(held.pop())

    def give_back():
        while held:
            os.close(held.pop())

    leave.give_back = give_back
    yield leave
    give_back()
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_a_start_that_runs_out_of_descriptors_leaves_none_open(few_descriptors):
    def main():
        yield from run_process(["true"], capture_output=True)      # imports what it needs
        before, failed, free = open_descriptors(), 0, 0
        while True:
            few_descriptors(free)
            try:
                process = yield from start_process(["cat"], stdin=PIPE, stdout=PIPE, stderr=PIPE)
            except OSError as error:
                assert error.errno == errno.EMFILE
                failed, free = failed + 1, free + 1
            else:
                break
            finally:
                few_descriptors.give_back()
            assert open_descriptors() == before
            assert not has_children()
        with process:
            yield from process.communicate()
        return failed

    assert run(main()) >= 6     # three pipes, and what Popen itself needs


def test_a_child_is_waited_for_though_no_descriptor_is_left(few_descriptors):
    def main():
        process = yield from start_process(["sh", "-c", "sleep 0.02; exit 3"])
        few_descriptors(0)
        try:
            return (yield from process.wait())
        finally:
            few_descriptors.give_back()

    assert run(main()) == 3


@pytest.mark.parametrize("place", ["in Popen", "at the streams", "at the owner"])
def test_a_start_that_fails_after_the_fork_takes_it_back(monkeypatch, place):
    execute = subprocess.Popen._execute_child

    def execute_and_fail(*arguments):
        execute(*arguments)
        raise KeyboardInterrupt     # a second Ctrl-C, which is raised wherever it finds us

    def fail(*arguments):
        raise MemoryError

    def main():
        yield from run_process(["true"])
        with monkeypatch.context() as patch:
            if place == "in Popen":
                patch.setattr(subprocess.Popen, "_execute_child", execute_and_fail)
            elif place == "at the streams":
                patch.setattr("minios.lib.subprocesses.FileStream", fail)
            else:
                patch.setattr(minios.Task, "add_done_callback", fail)
            with pytest.raises((MemoryError, KeyboardInterrupt)):
                yield from start_process(FOREVER, stdin=PIPE, stdout=PIPE)
        assert not has_children()

    run(main())


def test_a_child_that_cannot_be_killed_does_not_hold_up_the_kernels_end(monkeypatch):
    """As one in an uninterruptible wait, on a network disk for example."""
    monkeypatch.setattr("minios.lib.children._AT_EXIT", 0.01)

    def main():
        return (yield from start_process(FOREVER))

    with monkeypatch.context() as patch:
        patch.setattr(os, "kill", lambda pid, signum: None)
        process = run(main())
    assert process.returncode is None
    process.kill()
    await_end(process.pid)
    run(run_process(["true"]))      # reaps it


def test_a_task_killed_while_it_waits_for_the_end_leaves_that_to_a_daemon(monkeypatch):
    async def owner(process):
        async with process:
            pass

    def main():
        process = yield from start_process(FOREVER)
        with monkeypatch.context() as patch:
            patch.setattr(os, "kill", lambda pid, signum: None)
            task = yield Spawn(owner(process))
            yield Sleep(0.01)
            assert not task.done()
            yield Kill(task)
            with pytest.raises(TaskKilledError):
                yield Wait(task)
        process.kill()
        yield from until_gone(process.pid)

    run(main())


# --- The world around ------------------------------------------------------------------------


def test_a_kernel_in_another_thread_has_children_too(waiting):
    def main():
        yield from start_process(FOREVER)
        return (yield from run_process(["cat"], input=b"hello", capture_output=True)).stdout

    results = []
    thread = threading.Thread(target=lambda: results.append(run(main())))
    thread.start()
    thread.join(30)
    assert results == [b"hello"]


def test_ctrl_c_at_the_terminal_ends_a_program_and_its_child():
    program = textwrap.dedent("""
        import minios, sys
        from minios import run_process

        def main():
            yield from run_process(["sh", "-c", "echo started; exec sleep 1000"])

        minios.run(main())
    """)
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdin=slave, stdout=slave, stderr=slave,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, start_new_session=True,
        preexec_fn=set_controlling_terminal,
    )
    os.close(slave)
    shown = b""
    try:
        while b"started" not in shown:
            shown += os.read(master, 1000)
        os.write(master, b"\x03")
        while True:     # until nobody has the terminal any more, the child included
            try:
                shown += os.read(master, 1000)
            except OSError:
                break
        assert b"KeyboardInterrupt" in shown
        assert process.wait(30) != 0
    finally:
        process.kill()
        process.wait()
        os.close(master)


def set_controlling_terminal():
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
