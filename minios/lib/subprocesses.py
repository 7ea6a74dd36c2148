"""Child processes: start_process, run_process and the Process between them.

Policy. A child belongs to the task that started it. When that task ends, however it ends, a child
that still runs is killed, for nobody is left to look after it; `detach()` says otherwise. No
zombie stays: whoever waits reaps, and so does the next start; for a child that was killed on behalf
of an ended task a small daemon does, or the kernel at its own end.

A process number is free for others as soon as the child is reaped. Therefore only this file reaps,
in the kernel's thread, through `subprocess.Popen`, which remembers it and sends no signal after.
Waiting never reaps: it is on a pidfd (pidfd_open(2)), one for each waiter since a descriptor has
one reader, or, where there is none, in a thread.
"""

from __future__ import annotations

import os
import time
from errno import EBADF
from io import FileIO

from syscalls import Park, ReadWait
from syscalls.errors import KernelError
from syscalls.parking import wake
from syscalls.signums import SIGCONT, SIGKILL, SIGTERM, check_signum
from syscalls.sockets import close

from ..kernel.current import current_task
from .blocking import blocking
from .buffers import LIMIT
from .filestreams import FileStream
from .gathering import gather
from .log import log
from .streams import Stream
from .timeouts import timeout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
    from subprocess import CompletedProcess, Popen
    from typing import IO, Any, TypedDict, Unpack

    from ..kernel import Kernel, Task

    Text = str | bytes | os.PathLike[str] | os.PathLike[bytes]
    File = int | IO[Any] | Stream | None

    class Options(TypedDict, total=False):
        """What start_process passes on to subprocess.Popen."""

        executable: Text | None
        shell: bool
        cwd: Text | None
        env: Mapping[str, str] | Mapping[bytes, bytes] | None
        close_fds: bool
        pass_fds: Iterable[int]
        preexec_fn: Callable[[], object] | None
        restore_signals: bool
        start_new_session: bool
        process_group: int | None
        user: str | int | None
        group: str | int | None
        extra_groups: Iterable[str | int] | None
        umask: int
        pipesize: int

__all__ = ["Process", "run_process", "start_process"]

_GRACE = 1.0            # seconds between SIGTERM and SIGKILL
_AFTER_CTRL_C = 0.25    # seconds for a child to end by the Ctrl-C that it got itself
_AT_EXIT = 2.0          # seconds for killed children to be gone when the kernel ends
_NOT_FOR_STREAMS = {
    "bufsize": "pipes are streams, which have a `limit`",
    "encoding": "streams carry bytes: decode them yourself",
    "errors": "streams carry bytes: decode them yourself",
    "text": "streams carry bytes: decode them yourself",
    "timeout": "write `with timeout(seconds):` around it",
    "universal_newlines": "streams carry bytes: decode them yourself",
}


class Process:
    """A child process. Made by `start_process`.

    `pid`, `args`; `stdin`, `stdout` and `stderr` are FileStreams where they were asked for with
    PIPE, else None. A block `with process:` (or `async with`) kills the child when it is left, and
    closes the pipes; `async with` also waits for its end.
    """

    stdin: FileStream | None
    stdout: FileStream | None
    stderr: FileStream | None

    def __init__(self, child: Popen[bytes], owner: Task, limit: int) -> None:
        self.args, self.pid = child.args, child.pid
        self._child = child
        self._kernel = owner.kernel
        self._detached = False
        self._has_reaper = False
        self._thread = None         # that waits where there is no pidfd
        # What communicate() has yet to write, and has read, in case that it is cut short.
        self._input: memoryview | None = None
        self._output: dict[FileStream | None, bytes] = {}
        self.stdin, self.stdout, self.stderr = (
            None if pipe is None else FileStream(pipe, limit)  # type: ignore[arg-type]
            for pipe in (child.stdin, child.stdout, child.stderr)
        )
        child.stdin = child.stdout = child.stderr = None
        self._owner: Task | None = owner
        owner.add_done_callback(self._owner_ended)
        _children_of(owner.kernel).add(self)

    # --- The end of the child ------------------------------------------------------------

    @property
    def returncode(self) -> int | None:
        """The exit status, -N where signal N has killed the child, None while it runs."""
        code = self._child.poll()
        if code is not None and self._owner is not None:
            self._owner.remove_done_callback(self._owner_ended)
            self._owner = None
            _children.get(self._kernel, set()).discard(self)
        return code

    @blocking
    def wait(self) -> Generator[Any, Any, int]:
        """Wait until the child has ended. Returns its returncode. Any number of tasks may wait.

        Processes that the child has started may live on, and keep its pipes open. A child that
        writes more than a pipe holds does not end until somebody reads: see communicate().
        """
        while (code := self.returncode) is None:
            yield from self._wait_for_end()
        return code

    def _wait_for_end(self):
        try:
            # Its number is still its own, since only we reap it and have not.
            file = FileIO(os.pidfd_open(self.pid))
        except ProcessLookupError:
            yield       # somebody has reaped it behind our back, as Popen will find out
        except (AttributeError, OSError):       # no such thing, not allowed, or none left
            yield from self._wait_by_thread()
        else:
            try:
                yield ReadWait(file)
            finally:
                close(file)

    def _wait_by_thread(self):
        if self._thread is None:
            from threading import Thread

            # Not the kernel's executor: its threads are few, are needed by others, and would
            # keep Python from exiting while a detached child runs.
            self._thread = Thread(target=_report_end, args=(self._kernel, self), daemon=True)
            self._thread.start()
        self._kernel.hold()
        try:
            yield Park(self)
        finally:
            self._kernel.release()

    # --- Signals -------------------------------------------------------------------------

    def send_signal(self, signum: int) -> None:
        """Send `signum` to the child; nothing if it has ended.

        Raises PermissionError where it has become another user's, ValueError for no signal.
        """
        self._child.send_signal(check_signum(signum, zero_too=True))

    def terminate(self) -> None:
        """Ask the child to end: SIGTERM."""
        self.send_signal(SIGTERM)

    def kill(self) -> None:
        """End the child: SIGKILL, which it cannot refuse. `wait()` tells when it is gone."""
        self.send_signal(SIGKILL)

    # --- Talking to it -------------------------------------------------------------------

    @blocking
    def communicate(
        self, input: bytes | bytearray | memoryview | None = None
    ) -> Generator[Any, Any, tuple[bytes | None, bytes | None]]:
        """Write `input`, read all that the child writes, and wait for its end.

        Returns what came from stdout and stderr, each None where it is no pipe. All of it is kept
        in memory. A child that does not read its input is no error. After it was cut short, by a
        time limit for example, it may be called again, without input: it goes on where it was.
        Raises ValueError for input without a pipe.
        """
        if input is not None and self.stdin is None:
            raise ValueError("there is no pipe for the input: start it with stdin=PIPE")
        yield from gather(
            self._feed(input), self._collect(self.stdout), self._collect(self.stderr)
        )
        yield from self.wait()
        return self._output.get(self.stdout), self._output.get(self.stderr)

    def _feed(self, data):
        if self.stdin is None or self.stdin.closed:
            return
        if data is not None:
            self._input = memoryview(data).cast("B")
        # Where this is cut short the pipe stays open: at its end the child would take a part of
        # its input for the whole.
        try:
            yield from self.stdin.drain()
            while self._input:
                self._input = self._input[(yield self.stdin._send(self._input)):]
        except BrokenPipeError:
            pass
        self.stdin.abort()

    def _collect(self, stream):
        if stream is not None and stream not in self._output:
            self._output[stream] = yield from stream.read()
            stream.abort()

    # --- Whose it is ---------------------------------------------------------------------

    def detach(self) -> None:
        """Let the child outlive its task, a block `with process:`, and the kernel."""
        self._detached = True
        self._reap_later()

    def _owner_ended(self, owner):
        """The task that started it has ended. What has ended before can still be read."""
        if self.returncode is None and not self._detached:
            self._end()
            self._reap_later()

    def _end(self):
        """Kill the child if it runs, and close the pipes."""
        if not self._detached:
            self._try_signals(SIGKILL)
        # Not before, or the child would see the end of its input.
        for stream in (self.stdin, self.stdout, self.stderr):
            if stream is not None:
                stream.abort()

    def _try_signals(self, *signums):
        """Send signals, unless it runs as another user now (sudo): then it is left alone."""
        try:
            for signum in signums:
                self.send_signal(signum)
        except PermissionError as error:
            log("WARNING", "%r cannot be ended, and is left running: %s", self, error)
            self._detached = True

    def _reap_later(self):
        """Leave it to a daemon to reap the child, or to the kernel's end, if it still runs."""
        if self._has_reaper or self.returncode is not None:
            return
        self._has_reaper = True
        try:
            self._kernel.spawn(self._reap(), name=f"reap {self.pid}", daemon=True)
        except KernelError:
            pass        # the process table is full

    def _reap(self):
        yield from self.wait()

    def __enter__(self) -> Process:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._end()
        self._reap_later()

    @blocking
    def __aenter__(self):
        return self
        yield

    @blocking
    def __aexit__(self, kind, error, trace):
        self._end()
        try:
            if not self._detached and not isinstance(error, GeneratorExit):
                yield from self.wait()
        finally:
            self._reap_later()

    def __repr__(self):
        code = self._child.returncode
        state = "runs" if code is None else f"ended with {code}"
        return f"<Process {self.pid} {self.args!r} {state}>"


# --- Starting ------------------------------------------------------------------------------------


@blocking
def start_process(
    args: Sequence[Text] | Text, *, stdin: File = None, stdout: File = None, stderr: File = None,
    limit: int = LIMIT, **options: Unpack[Options],
) -> Generator[Any, Any, Process]:
    """Start a child process. Returns a Process, which belongs to the calling task: see there.

    `args` is a list, the program first, or one string with `shell=True`. `stdin`, `stdout`,
    `stderr`: None for our own, subprocess.PIPE for a FileStream with that `limit` (bytes),
    DEVNULL, a file or descriptor, STDOUT for stderr; a stream that is given is the child's from
    then on, blocking, and is yours only to close. The other options are those of subprocess.Popen.
    Raises OSError (FileNotFoundError, PermissionError ...), subprocess.SubprocessError, TypeError.
    """
    _check(args, options)
    owner = current_task()
    _reap_ended(owner.kernel)
    files = {"stdin": stdin, "stdout": stdout, "stderr": stderr}
    files = {name: _handed_over(file) for name, file in files.items()}
    child = _fork(args, files, options)
    try:
        return Process(child, owner, limit)
    except BaseException:
        _undo(child)
        raise
    yield


@blocking
def run_process(
    args: Sequence[Text] | Text, *, input: bytes | bytearray | memoryview | None = None,
    stdin: File = None, stdout: File = None, stderr: File = None, capture_output: bool = False,
    check: bool = False, **options: Unpack[Options],
) -> Generator[Any, Any, CompletedProcess[bytes]]:
    """Run a program to its end, as subprocess.run does. Returns a subprocess.CompletedProcess.

    `input` (bytes) is what it reads; `capture_output` (or PIPE for stdout or stderr) keeps what it
    writes; `check` raises CalledProcessError where it ends with another status than 0. The rest is
    as for start_process. If the caller is killed or its time is over, the child gets SIGTERM, a
    second later SIGKILL, and has ended when this is left.
    """
    from subprocess import PIPE, CalledProcessError, CompletedProcess

    if input is not None:
        if stdin is not None:
            raise ValueError("give input or stdin, not both: input needs a pipe of its own")
        stdin = PIPE
    if capture_output:
        if stdout is not None or stderr is not None:
            raise ValueError("give capture_output or stdout and stderr, not both")
        stdout = stderr = PIPE
    process = yield from start_process(args, stdin=stdin, stdout=stdout, stderr=stderr, **options)
    with process:
        try:
            output, errors = yield from process.communicate(input)
        except GeneratorExit:
            raise
        except BaseException as interrupt:
            yield from _stop(process, isinstance(interrupt, KeyboardInterrupt))
            raise
    code = process.returncode
    assert code is not None
    if check and code:
        raise CalledProcessError(code, process.args, output, errors)
    return CompletedProcess(process.args, code, output, errors)


def _stop(process, by_ctrl_c):
    """End a child in a friendly way, and in bounded time."""
    # At their terminal Ctrl-C has reached the child too, which may be cleaning up.
    if by_ctrl_c and (yield from _ends_within(process, _AFTER_CTRL_C)):
        return
    # A stopped child hears SIGTERM only when it goes on.
    process._try_signals(SIGTERM, SIGCONT)
    if not process._detached and not (yield from _ends_within(process, _GRACE)):
        process._try_signals(SIGKILL)
        yield from process.wait()


def _ends_within(process, seconds):
    try:
        with timeout(seconds):
            yield from process.wait()
        return True
    except TimeoutError:
        return False


def _check(args, options):
    if isinstance(args, (str, bytes)) and not options.get("shell"):
        raise TypeError(
            f"args is a list, such as ['ls', '-l'], or a string with shell=True, not {args!r}"
        )
    for name in options:
        if name in _NOT_FOR_STREAMS:
            raise TypeError(f"{name} is no option for a child here: {_NOT_FOR_STREAMS[name]}")


def _handed_over(file):
    """What Popen gets for a file; streams are made fit for a child, which expects to block."""
    if not isinstance(file, Stream):
        return file
    fd = file.fileno()
    if fd < 0:
        raise OSError(EBADF, f"{os.strerror(EBADF)}: {file!r} is given to a child")
    os.set_blocking(fd, True)
    return fd


def _fork(args, files, options):
    """A Popen; where it cannot be had, nothing of it is left."""
    from subprocess import Popen

    # In two steps, so that a second Ctrl-C in the middle does not lose sight of a child.
    child = Popen.__new__(Popen)
    try:
        child.__init__(args, bufsize=0, **files, **options)
    except BaseException:
        if getattr(child, "pid", None) is not None and child.returncode is None:
            _undo(child)
        raise
    return child


def _undo(child):
    """Take back a start."""
    child.kill()
    child.wait()
    for pipe in (child.stdin, child.stdout, child.stderr):
        if pipe is not None:
            pipe.close()


# --- Reaping -------------------------------------------------------------------------------------

_children: dict[Kernel, set[Process]] = {}      # that are not reaped yet
_outliving: set[Popen[bytes]] = set()           # that have outlived their kernel


def _children_of(kernel):
    if kernel not in _children:
        _children[kernel] = set()
        kernel.at_exit(_reap_at_exit, kernel)
    return _children[kernel]


def _reap_ended(kernel):
    """Reap those that nobody has waited for."""
    for process in list(_children_of(kernel)):
        process.returncode  # noqa: B018 - asking reaps
    for child in [child for child in _outliving if child.poll() is not None]:
        _outliving.discard(child)


def _reap_at_exit(kernel):
    from subprocess import TimeoutExpired

    # Their owners have ended before, so what is not detached has been killed.
    deadline = time.monotonic() + _AT_EXIT
    for process in _children.pop(kernel):
        child = process._child
        try:
            child.wait(0 if process._detached else max(0, deadline - time.monotonic()))
        except TimeoutExpired:
            _outliving.add(child)       # detached, or the system cannot let go of it yet


def _report_end(kernel, process):
    """In a thread: wait for the end of a child without reaping it, and tell the kernel."""
    try:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    except AttributeError:
        process._child.wait()       # macOS before Python 3.13; it reaps, under Popen's lock
    except ChildProcessError:
        pass                        # somebody has reaped it
    kernel.call_from_thread(wake, process, None)
