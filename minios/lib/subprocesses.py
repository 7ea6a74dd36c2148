"""start_process and run_process: other programs, with streams for their pipes.

Policy. They are `subprocess.Popen` and `subprocess.run` as blocking operations: what can be asked
for, what is raised and what is ignored is the same, but that pipes carry bytes and that a child
does not outlive the task that it belongs to (children.py).
"""

from __future__ import annotations

import os
from errno import EBADF

from syscalls.signums import SIGCONT, SIGKILL, SIGTERM

from ..kernel.current import current_task
from .blocking import blocking
from .buffers import LIMIT
from .children import Child, fork, reap_ended, undo_fork
from .filestreams import FileStream
from .gathering import gather
from .streams import Stream
from .timeouts import timeout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
    from subprocess import CompletedProcess, Popen
    from typing import IO, Any, TypedDict, Unpack

    from ..kernel import Task

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
_NOT_FOR_STREAMS = {
    "bufsize": "pipes are streams, which have a `limit`",
    "encoding": "streams carry bytes: decode them yourself",
    "errors": "streams carry bytes: decode them yourself",
    "text": "streams carry bytes: decode them yourself",
    "timeout": "write `with timeout(seconds):` around it",
    "universal_newlines": "streams carry bytes: decode them yourself",
}


class Process(Child):
    """A child process. Made by `start_process`; it belongs to the task that called that.

    `pid`, `args`; `stdin`, `stdout` and `stderr` are FileStreams where they were asked for with
    PIPE, else None. When its task has ended, or a block `with process:` (or `async with`) is left,
    a child that still runs is killed and its pipes are closed; the block closes them in any case,
    and `async with` also waits for the end.
    """

    stdin: FileStream | None
    stdout: FileStream | None
    stderr: FileStream | None

    def __init__(self, popen: Popen[bytes], owner: Task, limit: int) -> None:
        self.stdin, self.stdout, self.stderr = (
            None if pipe is None else FileStream(pipe, limit)  # type: ignore[arg-type]
            for pipe in (popen.stdin, popen.stdout, popen.stderr)
        )
        # What communicate() has yet to write, and has read, in case that it is cut short.
        self._input: memoryview | None = None
        self._output: dict[FileStream | None, bytes] = {}
        super().__init__(popen, owner)

    @blocking
    def communicate(
        self, input: bytes | bytearray | memoryview | None = None
    ) -> Generator[Any, Any, tuple[bytes | None, bytes | None]]:
        """Write `input`, read all that the child writes, and wait for its end.

        Returns what came from stdout and stderr, each None where it is no pipe. All of it is kept
        in memory. A child that does not read its input is no error. After it was cut short, by a
        time limit for example, it may be called again, and goes on where it was, with the input
        that it was given first. Raises ValueError for input without a pipe.
        """
        if input is not None and self.stdin is None:
            raise ValueError("there is no pipe for the input: start it with stdin=PIPE")
        if input is not None and self._input is None:
            self._input = memoryview(input).cast("B")
        yield from gather(self._feed(), self._collect(self.stdout), self._collect(self.stderr))
        yield from self.wait()
        return self._output.get(self.stdout), self._output.get(self.stderr)

    def _feed(self):
        if self.stdin is None or self.stdin.closed:
            return
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

    def _end(self):
        super()._end()
        # Not before, or the child would see the end of its input.
        for stream in (self.stdin, self.stdout, self.stderr):
            if stream is not None:
                stream.abort()

    def __enter__(self) -> Process:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._end()
        self._reap_later()

    @blocking
    def __aenter__(self) -> Generator[Any, Any, Process]:
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
    reap_ended(owner.kernel)
    files = {"stdin": stdin, "stdout": stdout, "stderr": stderr}
    files = {name: _handed_over(file) for name, file in files.items()}
    popen = fork(args, files, options)
    try:
        return Process(popen, owner, limit)
    except BaseException:
        undo_fork(popen)
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
