"""File and open_file: operations in threads, one at a time; nothing stays open after a kill."""

import errno
import io
import os
import signal
import stat
import threading
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minios
from minios import File, open_file
from minios.sim import VirtualClock
from syscalls import Kill, Now, Offload, Sleep, Spawn, Tasks, Wait

LONG = 60


def eventually(condition):
    """Wait for what threads do; the assertion is that it happens at all."""
    deadline = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def is_open(fd, inode):
    try:
        status = os.fstat(fd)
    except OSError:
        return False
    return status.st_ino == inode


class Fifo:
    """A named pipe, and a descriptor of it that keeps both of its ends open."""

    def __init__(self, path):
        os.mkfifo(path)
        self.path = path
        self.fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self.inode = os.fstat(self.fd).st_ino

    def write(self, data):
        os.write(self.fd, data)

    def open_elsewhere(self):
        """How many other descriptors of this process are of this pipe."""
        found = 0
        for name in os.listdir("/proc/self/fd"):
            try:
                found += os.stat(f"/proc/self/fd/{name}").st_ino == self.inode
            except OSError:
                pass
        return found - (self.fd >= 0)

    def close(self):
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


@pytest.fixture
def fifo(tmp_path):
    fifo = Fifo(tmp_path / "fifo")
    yield fifo
    fifo.close()        # end of file, for a thread that still reads


def read_line(file):
    return (yield from file.readline())


def outcome(task):
    try:
        return (yield Wait(task))
    except Exception as error:
        return type(error)


# --- Operations ----------------------------------------------------------------------------


def test_a_file_is_written_and_read_as_by_the_builtin_one(run, tmp_path):
    path = tmp_path / "file"

    def main():
        file = yield from open_file(path, "w+", encoding="utf-8", newline="\n")
        log = [
            (yield from file.write("first\nsécond\n")),
            (yield from file.seek(0)),
            (yield from file.readline()),
            (yield from file.tell()),
            (yield from file.read(3)),
            (yield from file.read()),
            (yield from file.read()),
            (yield from file.truncate(5)),
            (yield from file.seek(0, io.SEEK_END)),
            (yield from file.write("!")),
            (yield from file.flush()),
            path.read_text(),
        ]
        yield from file.close()
        return log

    assert run(main()) == [13, 0, "first\n", 6, "séc", "ond\n", "", 5, 5, 1, None, "first!"]


def test_the_three_spellings_give_the_same(run, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"data")

    async def coroutine():
        async with await open_file(path, "rb") as file:
            return await file.read(2), await file.read(None)

    def main():
        with (yield open_file(path, "rb")) as file:
            yielded = (yield file.read(2)), (yield file.read())
        with (yield from open_file(path, "rb")) as file:
            delegated = (yield from file.read(2)), (yield from file.read(-1))
        return [yielded, delegated, (yield coroutine())]

    assert run(main()) == [(b"da", b"ta")] * 3


def test_lines_are_iterated_over_in_a_coroutine(run, tmp_path):
    path = tmp_path / "file"
    path.write_text("one\ntwo\nthree")

    async def main():
        async with await open_file(path) as file:
            return [line async for line in file]

    assert run(main()) == ["one\n", "two\n", "three"]


def test_a_file_that_cannot_be_opened_or_used_so_raises_as_the_builtin_one_does(run, tmp_path):
    path = tmp_path / "file"

    def main():
        with pytest.raises(FileNotFoundError):
            yield from open_file(path)
        with pytest.raises(ValueError, match="mode"):
            yield from open_file(path, "no mode")
        with pytest.raises(TypeError):
            yield from open_file(None)
        with (yield from open_file(path, "w")) as file:
            with pytest.raises(io.UnsupportedOperation):
                yield from file.read()
            with pytest.raises(TypeError):
                yield from file.write(b"bytes")
            yield from file.write("still good")
        return path.read_text()

    assert run(main()) == "still good"


def test_other_tasks_run_while_a_thread_reads(run, fifo):
    def writer():
        yield
        fifo.write(b"line\n")

    def main():
        with (yield from open_file(fifo.path, "rb")) as file:
            yield Spawn(writer())
            return (yield from file.readline())

    assert run(main()) == b"line\n"


def test_virtual_time_stands_still_while_a_thread_reads(run, fifo):
    def main():
        yield Spawn(iter(Sleep(100)), daemon=True)
        with (yield from open_file(fifo.path, "rb")) as file:
            threading.Timer(0.02, fifo.write, (b"line\n",)).start()
            yield from file.readline()
        return (yield Now())

    assert run(main()) == 0


def test_ps_shows_what_is_done_with_which_file(run, fifo):
    def main():
        with (yield from open_file(fifo.path, "rb+", 0)) as file:
            yield Spawn(file.read(7), name="reader", daemon=True)
            yield
            waits = {info.name: info.wait for info in (yield Tasks())}
            fifo.write(b"1234567")
            return waits["reader"]

    assert run(main()) == f"File.read({fifo.path!r}, 7)"


def test_a_file_reads_as_what_it_is(run, tmp_path):
    path = str(tmp_path / "file")

    def main():
        with (yield from open_file(path, "w")) as file:
            name, fd = repr(file), file.fileno()
        with pytest.raises(ValueError, match="closed"):
            file.fileno()
        return name, repr(file), fd > 2

    assert run(main()) == (
        f"<File {path!r} mode 'w'>", f"<File {path!r} mode 'w' closed>", True,
    )


# --- One at a time -------------------------------------------------------------------------


def test_operations_are_carried_out_in_the_order_they_came(run, fifo):
    def main():
        readers = []
        with (yield from open_file(fifo.path)) as file:
            for _ in range(3):
                readers.append((yield Spawn(read_line(file))))
            yield
            fifo.write(b"1\n2\n3\n")
            lines = []
            for task in readers:
                lines.append((yield Wait(task)))
        return lines

    assert run(main()) == ["1\n", "2\n", "3\n"]


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_killed_task_ends_at_once_and_the_others_have_their_turns(run, fifo, signum, which):
    def main():
        tasks, results = [], []
        with (yield from open_file(fifo.path, "rb", 0)) as file:
            for _ in range(3):
                tasks.append((yield Spawn(read_line(file))))
            yield
            yield Offload(eventually, lambda: file._at_work is not None)
            yield Kill(tasks[which], signum)
            assert (yield from outcome(tasks[which])) is minios.TaskKilledError
            fifo.write(b"1\n2\n3\n")
            for task in tasks:
                results.append((yield from outcome(task)))
        return results

    results = run(main())
    assert results.pop(which) is minios.TaskKilledError
    # What the thread was reading for a task that is killed meanwhile is lost.
    assert results == {0: [b"2\n", b"3\n"]}.get(which, [b"1\n", b"2\n"])


def test_a_task_that_is_killed_as_its_turn_comes_passes_it_on(run, tmp_path):
    path = tmp_path / "file"
    path.write_text("1\n2\n")

    def reading_and_killing(file, victims):
        line = yield from file.readline()
        yield Kill(victims.pop())       # it has the turn now, and has not run yet
        return line

    def main():
        with (yield from open_file(path)) as file:
            victims = []
            first = yield Spawn(reading_and_killing(file, victims))
            yield
            victims.append((yield Spawn(read_line(file))))
            third = yield Spawn(read_line(file))
            return (yield Wait(first)), (yield from outcome(third))

    assert run(main()) == ("1\n", "2\n")


def test_a_task_that_survives_its_kill_reads_on_when_the_thread_is_back(run, fifo):
    def stubborn(file):
        try:
            yield from file.readline()
        except minios.Cancelled:
            return (yield from file.readline())

    def main():
        with (yield from open_file(fifo.path, "rb", 0)) as file:
            task = yield Spawn(stubborn(file))
            yield
            yield Offload(eventually, lambda: file._at_work is not None)
            yield Kill(task)
            yield
            yield       # it reads again, and has to wait for its own old read
            fifo.write(b"lost\nread\n")
            return (yield Wait(task))

    assert run(main()) == b"read\n"


# --- The end -------------------------------------------------------------------------------


def test_a_closed_file_can_be_closed_again_and_used_no_more(run, tmp_path):
    def main():
        file = yield from open_file(tmp_path / "file", "w")
        fd, inode = file.fileno(), os.fstat(file.fileno()).st_ino
        yield from file.write("buffered")
        assert not file.closed
        yield from file.close()
        yield from file.close()
        assert file.closed and not is_open(fd, inode)
        for operation in (file.write("more"), file.readline(), file.tell(), file.flush()):
            with pytest.raises(ValueError, match="closed file"):
                yield operation
        return (tmp_path / "file").read_text()

    assert run(main()) == "buffered"


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("kind", ["generator", "coroutine"])
def test_a_task_that_is_killed_in_its_block_leaves_nothing_open(
    run, caplog, tmp_path, signum, kind
):
    path = tmp_path / "file"

    def generator(opened):
        with (yield from open_file(path, "w")) as file:
            yield from file.write("kept")
            opened.append(file.fileno())
            yield Sleep(100)

    async def coroutine(opened):
        async with await open_file(path, "w") as file:
            await file.write("kept")
            opened.append(file.fileno())
            await Sleep(100)

    def main():
        opened = []
        task = yield Spawn({"generator": generator, "coroutine": coroutine}[kind](opened))
        yield Sleep(1)
        yield Kill(task, signum)
        yield from outcome(task)
        return is_open(opened[0], path.stat().st_ino)

    assert run(main()) is False
    assert path.read_text() == "kept"
    assert caplog.text == ""


@pytest.mark.parametrize("way", ["close", "block", "kill", "SIGKILL"])
def test_a_file_that_a_thread_blocks_on_is_closed_at_once_for_the_tasks(run, fifo, way):
    def reader(file):
        with file:
            yield from file.readline()

    def main():
        file = yield from open_file(fifo.path, "rb")
        task = yield Spawn(reader(file))
        waiting = yield Spawn(read_line(file))
        yield
        yield Offload(eventually, lambda: file._at_work is not None)
        if way == "close":
            yield from file.close()
        elif way == "block":
            with file:
                pass
        else:
            yield Kill(task, signal.SIGKILL if way == "SIGKILL" else signal.SIGTERM)
        refused = yield from outcome(waiting)
        assert file.closed and fifo.open_elsewhere() == 1       # the thread is in there
        if way in ("close", "block"):
            fifo.write(b"the reader is not disturbed\n")
            yield Wait(task)
        return refused

    assert run(main()) is ValueError
    fifo.close()
    eventually(lambda: fifo.open_elsewhere() == 0)


def test_the_kernel_ends_while_a_thread_blocks_on_a_file(run, fifo):
    def reader(file):
        with file:
            yield from file.readline()

    def main():
        file = yield from open_file(fifo.path, "rb")
        yield Spawn(reader(file))
        yield
        yield Offload(eventually, lambda: file._at_work is not None)
        return "ended"

    assert run(main()) == "ended"
    fifo.close()
    eventually(lambda: fifo.open_elsewhere() == 0)


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL])
def test_a_file_that_a_thread_opens_for_a_killed_task_is_closed(run, fifo, signum):
    entered, gate, opened = threading.Event(), threading.Event(), []

    def opener(path, flags):
        entered.set()
        assert gate.wait(LONG)
        opened.append(os.open(path, flags))
        return opened[0]

    def main():
        task = yield Spawn(open_file(fifo.path, "rb", opener=opener))
        yield Offload(entered.wait, LONG)
        yield Kill(task, signum)
        assert (yield from outcome(task)) is minios.TaskKilledError
        gate.set()

    run(main())
    eventually(lambda: opened and fifo.open_elsewhere() == 0)


class Late(Executor):
    """Works on the spot, and says so when it is told to."""

    def __init__(self):
        self.finished = []

    def submit(self, function, /, *args, **kwargs):
        future = Future()
        result = function(*args, **kwargs)
        self.finished.append(lambda: future.set_result(result))
        return future


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL])
def test_a_file_that_was_opened_but_not_yet_handed_over_is_closed(kernel, fifo, signum):
    kernel.executor = Late()

    def main():
        task = yield Spawn(open_file(fifo.path, "rb"))
        yield
        assert fifo.open_elsewhere() == 1
        yield Kill(task, signum)
        yield from outcome(task)
        return fifo.open_elsewhere()

    assert kernel.run(main()) == 0


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("begun", [False, True])
def test_a_close_whose_task_is_killed_is_carried_out(kernel, tmp_path, signum, begun):
    path, late = tmp_path / "file", Late()

    def main():
        file = yield from open_file(path, "w")
        yield from file.write("kept")
        fd = file.fileno()
        kernel.executor = late if begun else busy
        task = yield Spawn(file.close())
        yield
        yield Kill(task, signum)
        yield from outcome(task)
        return is_open(fd, path.stat().st_ino)

    gate = threading.Event()
    with ThreadPoolExecutor(1) as busy:
        busy.submit(gate.wait, LONG)
        assert kernel.run(main()) is False
        gate.set()
    assert path.read_text() == "kept"


def test_a_close_overtakes_what_has_not_begun(kernel, tmp_path):
    path = tmp_path / "file"
    gate = threading.Event()

    def main():
        file = yield from open_file(path, "w")
        kernel.executor = busy
        writer = yield Spawn(file.write("too late"))
        yield
        closer = yield Spawn(file.close())
        yield
        gate.set()
        return (yield from outcome(writer)), (yield Wait(closer))

    with ThreadPoolExecutor(1) as busy:
        busy.submit(gate.wait, LONG)
        assert kernel.run(main()) == (ValueError, None)
    assert path.read_text() == ""


def test_a_file_is_closed_even_where_the_executor_refuses(kernel, tmp_path):
    def main():
        file = yield from open_file(tmp_path / "file", "w")
        yield from file.write("kept")
        kernel.executor = ThreadPoolExecutor(1)
        kernel.executor.shutdown()
        with pytest.raises(RuntimeError, match="shutdown"):
            yield from file.write("refused")
        with pytest.raises(RuntimeError, match="shutdown"):
            yield from file.close()

    kernel.run(main())
    assert (tmp_path / "file").read_text() == "kept"


def test_an_error_of_writing_to_a_device_is_raised_in_who_writes_and_not_left_to_closing(run):
    wrote = []

    async def coroutine():
        async with await open_file("/dev/full", "w") as file:
            await file.write("no room")
            wrote.append("coroutine")

    def generator():
        with (yield from open_file("/dev/full", "w")) as file:
            yield from file.write("no room")
            wrote.append("generator")

    def main():
        for routine in (generator(), coroutine()):
            with pytest.raises(OSError) as caught:
                yield routine
            assert caught.value.errno == errno.ENOSPC

    run(main())
    assert not wrote


def test_what_is_written_to_a_slow_pipe_has_arrived_when_the_block_is_left(run, tmp_path):
    path, data = tmp_path / "fifo", bytes(range(256)) * 600
    os.mkfifo(path)
    got = []
    reader = threading.Thread(target=lambda: got.append(path.read_bytes()))
    reader.start()

    def main():
        with (yield from open_file(path, "wb", buffering=200_000)) as file:
            yield from file.write(data)

    run(main())
    reader.join()
    assert got == [data]


def test_an_error_in_a_plain_with_block_is_raised_for_a_file_on_a_disk(run, tmp_path):
    def main():
        with pytest.raises(OSError):
            with (yield from open_file(tmp_path / "file", "w")) as file:
                yield from file.write("buffered")
                os.close(file.fileno())
        return "went on"

    assert run(main()) == "went on"


def test_closing_a_pipe_that_nobody_reads_holds_up_nobody(run, fifo):
    while True:
        try:
            fifo.write(bytes(4096))
        except BlockingIOError:
            break

    def main():
        opener = lambda path, flags: os.open(path, os.O_RDWR)       # noqa: E731
        with (yield from open_file(fifo.path, "wb", opener=opener)) as file:
            writer = yield Spawn(file.write(b"it does not fit"))
            while not file._at_work:
                yield Offload(time.sleep, 0.001)
            yield Kill(writer)
        return file.closed

    assert run(main())
    assert fifo.open_elsewhere() == 1       # the thread that writes waits for a reader
    while fifo.open_elsewhere():
        try:
            os.read(fifo.fd, 65536)
        except BlockingIOError:
            time.sleep(0.001)


def test_a_files_operations_run_on_the_kernels_executor(kernel, tmp_path):
    names = []

    def opener(path, flags):
        names.append(threading.current_thread().name)
        return os.open(path, flags, stat.S_IRUSR | stat.S_IWUSR)

    def main():
        with (yield from open_file(tmp_path / "file", "w", opener=opener)) as file:
            yield from file.write("data")

    with ThreadPoolExecutor(1, thread_name_prefix="mine") as kernel.executor:
        kernel.run(main())
    assert [name[:4] for name in names] == ["mine"]


# --- Any order of events -------------------------------------------------------------------


class Disk:
    """Stands for the builtin file: each operation takes until it is let through."""

    def __init__(self):
        self.let = threading.Semaphore(0)
        self.alone = threading.Lock()
        self.reads = self.closes = 0
        self.faults = []

    def readline(self, limit):
        if self.closes:
            self.faults.append("an operation after the end")
        with self.operation():
            self.reads += 1
            return self.reads

    def close(self):
        with self.operation():
            self.closes += 1

    @contextmanager
    def operation(self):
        if not self.alone.acquire(blocking=False):
            self.faults.append("two operations at once")
        assert self.let.acquire(timeout=LONG)
        yield
        self.alone.release()


def file_on(disk):
    file = File("disk", "r")
    file._file, file._can_block = disk, True
    return file


def test_a_close_that_a_thread_has_begun_is_left_to_it(run):
    disk = Disk()

    def main():
        file = file_on(disk)
        task = yield Spawn(file.close())
        yield
        yield Offload(eventually, disk.alone.locked)
        yield Kill(task)
        yield from outcome(task)
        disk.let.release()
        disk.let.release()
        yield Offload(eventually, lambda: disk.closes)

    run(main())
    assert disk.closes == 1 and not disk.faults


def test_a_task_that_is_killed_while_it_waits_for_its_own_old_operation_passes_no_turn_on(run):
    disk = Disk()

    def stubborn(file):
        try:
            yield from file.readline()
        except minios.Cancelled:
            yield from file.readline()

    def main():
        file = file_on(disk)
        first = yield Spawn(read_line(file))
        second = yield Spawn(stubborn(file))
        third = yield Spawn(read_line(file))
        yield
        disk.let.release()
        yield Wait(first)
        yield
        yield Offload(eventually, disk.alone.locked)
        yield Kill(second)      # in the turn that it was given
        yield
        yield Kill(second)
        yield from outcome(second)
        yield
        disk.let.release()
        disk.let.release()
        disk.let.release()
        line = yield Wait(third)
        yield from file.close()
        return line

    assert run(main()) == 3     # the second is lost
    assert not disk.faults


@settings(deadline=None, max_examples=150)
@given(st.lists(st.tuples(
    st.sampled_from(["read", "read", "term", "kill", "let", "turn", "thread", "close", "abort"]),
    st.integers(0, 5),
), max_size=25))
def test_no_turn_is_lost_and_no_two_are_taken_whatever_is_killed(events):
    disk, tasks = Disk(), []

    def main():
        file, closers = file_on(disk), []
        for event, which in events:
            if event == "read":
                tasks.append((yield Spawn(read_line(file))))
            elif event == "close":
                closers.append((yield Spawn(file.close())))
            elif event in ("term", "kill") and which < len(tasks + closers):
                signum = signal.SIGKILL if event == "kill" else signal.SIGTERM
                yield Kill([*closers, *tasks][which], signum)
            elif event == "let":
                disk.let.release()
            elif event == "thread":
                yield Offload(lambda: None)
            elif event == "abort":
                with file:
                    pass
            else:
                yield
        for _ in range(len(tasks) + 1):
            disk.let.release()
        results = []
        for task in tasks:
            results.append((yield from outcome(task)))
        yield from file.close()
        for task in closers:
            yield from outcome(task)
        yield Offload(eventually, lambda: disk.closes)
        return results

    results = minios.run(main(), clock=VirtualClock())
    lines = [line for line in results if isinstance(line, int)]
    assert lines == sorted(set(lines))
    assert set(results) - set(lines) <= {minios.TaskKilledError, ValueError}
    if not any(event in ("close", "abort") for event, _ in events):
        assert ValueError not in results
    assert disk.reads <= len(tasks)
    assert disk.closes == 1 and not disk.faults
