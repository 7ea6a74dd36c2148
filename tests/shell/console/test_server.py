"""server.py and service.py: the console's thread, whom it serves, and that it harms nobody."""

import errno
import json
import logging
import os
import re
import sys
import threading
import time

import pytest

import minios
from minios.shell.console import rendezvous, server, service
from minios.shell.console.server import open_console, rights_of
from syscalls import Sleep

from .peer import PATIENCE, Peer, command, frame


def wait_until(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_who_connects_is_told_what_the_program_is(program):
    hello = program(rights="rw,py").peer(hello=False).expect(b"H")
    assert hello["protocol"] == 1 and hello["minios"] == minios.__version__
    assert hello["pid"] == os.getpid() and hello["argv"]
    assert hello["rights"] == ["py", "rw"]
    assert hello["tasks"] == 1 and hello["up"] >= 0


def test_a_long_command_line_is_cut(program, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["program", "\N{GRINNING FACE}" * 3000, "", "x" * 5000, "y"])
    one = program()
    argv = one.peer(hello=False).expect(b"H")["argv"]
    one.end()
    assert argv[:3] == sys.argv[:3] and 1000 < len(argv[3]) < 1100 and len(argv) == 4
    monkeypatch.setattr(sys, "argv", [""] * 100_000)
    one = program()
    assert len(one.peer(hello=False).expect(b"H")["argv"]) == 4096
    one.end()
    monkeypatch.delattr(sys, "argv")
    assert program().peer(hello=False).expect(b"H")["argv"] == []


def test_the_console_goes_with_the_kernel_that_it_was_opened_on(program):
    one = program()
    peer = one.peer()
    peer.expect(b"G")
    threads = threading.active_count()
    one.end()
    assert peer.read() is None
    assert not os.path.exists(one.path)
    assert threading.active_count() == threads - 2      # the program's and the console's


@pytest.mark.parametrize(("value", "rights"), [
    (True, set()), ("rw", {"rw"}), ("py", {"py"}), ("rw,py", {"rw", "py"}),
])
def test_rights_are_given_as_words(value, rights):
    assert rights_of(value) == rights


@pytest.mark.parametrize("value", ["", "r", "rw py", 1.5, "rw,"])
def test_other_rights_are_refused(value):
    with pytest.raises(ValueError, match="console is True, 'rw', 'py' or 'rw,py', not"):
        open_console(minios.Kernel(), value)


def test_who_opens_a_console_for_every_kernel_opens_none_for_the_consoles_own(program):
    from minios.kernel.boot import on_boot

    opened = []

    def open_for(kernel):
        opened.append(open_console(kernel))
        return opened[-1].close

    def main():
        while len(opened) < 2:      # its own kernel, and that of the console's thread
            yield Sleep(0.001)

    undo = on_boot(open_for)
    try:
        for _ in range(5):
            opened.clear()
            minios.run(main())
        assert rendezvous.pids() == []
    finally:
        undo()


def test_a_kernel_for_which_two_open_a_console_is_shown_once(program):
    one = program()
    second = open_console(one.kernel)
    peer = one.peer()
    peer.run("ps", "-o", "tid")
    assert peer.result()[1].split() == ["TID", "1"]
    second.close()
    one.peer().expect(b"G")


def test_the_load_of_the_program_is_sampled(program):
    peer = program().peer()
    peer.run("uptime")
    status, output, _ = peer.result()
    assert status == 0 and re.search(r"load average: \d+\.\d\d", output)


# --- Where there can be none -----------------------------------------------------------------


def test_where_no_socket_can_be_made_the_log_says_why_and_the_program_goes_on(
    runtime, monkeypatch, caplog
):
    os.mkdir(f"{runtime}/minios", 0o777)
    os.chmod(f"{runtime}/minios", 0o777)
    kernel = minios.Kernel()
    with caplog.at_level(logging.WARNING):
        console = open_console(kernel)
    assert "there is no console for other terminals" in caplog.text
    assert "has mode 0777 and not 0700" in caplog.text
    console.close()
    console.close()


def test_where_no_descriptor_is_left_the_program_goes_on(monkeypatch, caplog):
    def no_more(*arguments):
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(os, "pipe", no_more)
    open_console(minios.Kernel()).close()
    assert "Too many open files" in caplog.text
    assert rendezvous.pids() == []


def test_where_no_thread_can_be_had_the_program_goes_on(monkeypatch, caplog):
    def no_more(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", no_more)
    fds = len(os.listdir("/proc/self/fd"))
    open_console(minios.Kernel()).close()
    assert "can't start new thread" in caplog.text
    assert rendezvous.pids() == [] and len(os.listdir("/proc/self/fd")) == fds


def test_opening_and_closing_leaves_no_descriptor_and_no_thread():
    fds, threads = len(os.listdir("/proc/self/fd")), threading.active_count()
    for _ in range(20):
        open_console(minios.Kernel()).close()
    assert len(os.listdir("/proc/self/fd")) <= fds
    assert threading.active_count() <= threads and rendezvous.pids() == []


def test_the_console_installs_no_signal_handler_and_no_wakeup_descriptor(process, tmp_path):
    target = process("""
import os, signal
def main():
    mine = signal.getsignal(signal.SIGINT), signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(mine[1])
    ready()
    while not os.path.exists(__file__ + ".go"):
        yield Sleep(0.01)
    assert signal.getsignal(signal.SIGINT) == mine[0]
    assert signal.set_wakeup_fd(-1) == mine[1]
with_console(main())
""")
    target.peer().expect(b"G")
    (tmp_path / "program.py.go").touch()
    assert target.process.communicate()[1] == "" and target.process.returncode == 0


# --- Whom it serves --------------------------------------------------------------------------


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_another_user_is_refused_and_not_served(program):
    path = program().path
    folder = os.path.dirname(path)
    os.chmod(os.path.dirname(folder), 0o777)
    os.chmod(folder, 0o777)     # or else he would not even get here
    os.chmod(path, 0o666)
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.setgid(65534)
            os.setuid(65534)
            peer = Peer(path, hello=False)
            try:
                peer.send(frame(b"H", protocol=1), frame(b"R", argv=["ps"]))
            except OSError:
                pass    # it may have hung up already
            os.write(writer, repr(peer.frames()).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    frames = eval(os.read(reader, 65536))       # of our own child
    os.close(reader)
    (kind, payload), = frames
    assert kind == b"X"
    assert json.loads(payload)["message"] == (
        "this program is user 0's, and its console answers nobody else"
    )


def test_only_the_user_of_the_program_is_served_not_even_root(program, monkeypatch):
    one = program()
    real = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: real + 1)     # the client is another, for once
    peer = one.peer(hello=False)
    assert "answers nobody else" in peer.expect(b"X")["message"]
    assert peer.read() is None


def test_the_seventeenth_client_is_refused_and_the_first_ones_go_on(program):
    one = program()
    peers = [one.peer() for _ in range(16)]
    for peer in peers:
        peer.expect(b"G")
    late = one.peer(hello=False)
    assert late.expect(b"X")["message"] == (
        "16 clients are connected already, and there may be no more: processes "
        f"{os.getpid()}"
    )
    peers[0].close()

    def is_free():
        peer = one.peer(hello=False)
        found = peer.read()[0]
        peer.close()
        return found == b"H"

    wait_until(is_free)
    peers[1].run("ps")
    assert peers[1].result()[0] == 0


_EXHAUSTED = """
import os, resource, sys, time
def main():
    ready()
    while not os.path.exists(__file__ + ".go"):
        yield Sleep(0.01)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    held = []
    try:
        while True:
            held.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        pass
    print("exhausted", flush=True)
    before = time.process_time()
    yield Sleep(1)
    print(time.process_time() - before, flush=True)
    for fd in held:
        os.close(fd)
    yield Sleep(30)
with_console(main())
"""


def exhaust(target, tmp_path):
    (tmp_path / "program.py.go").touch()
    assert target.process.stdout.readline() == "exhausted\n"


def test_without_descriptors_the_console_waits_without_spinning_and_then_serves(process, tmp_path):
    target = process(_EXHAUSTED)
    first = target.peer()
    first.run("ps")
    first.result()
    exhaust(target, tmp_path)
    peers = [target.peer() for _ in range(2)]   # the system connects them; nobody can accept both
    assert float(target.process.stdout.readline()) < 0.5        # of a second of CPU
    for peer in peers:
        peer.run("ps")
        status, output, _ = peer.result()
        assert status == 0 and "main" in output
    assert target.kill()[1].count("cannot accept: Too many open files") == 1


def test_a_client_that_comes_when_the_console_cannot_be_loaded_is_told_so(program, monkeypatch):
    def no_more(*arguments):
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    one = program()
    monkeypatch.setattr(service, "import_module", no_more)
    peer = one.peer(hello=False)
    assert peer.expect(b"X")["message"] == (
        "the program cannot load its console: Too many open files"
    )


# --- More kernels, more processes ------------------------------------------------------------


def test_a_second_kernel_of_the_process_is_shown_under_a_prefix(program):
    def second():
        yield Sleep(1000)

    first = program()
    other = program(second())
    peer = first.peer()
    peer.run("ps", "-o", "tid,cmd")
    status, output, _ = peer.result()
    assert status == 0
    assert [line.split() for line in output.splitlines()] == [
        ["TID", "CMD"], ["1", "main"], ["2/1", "main"], ["2/2", "second"],
    ]
    assert rendezvous.pids() == [os.getpid()]
    other.end()
    peer = first.peer()
    peer.run("ps", "-o", "tid,cmd")
    assert "2/1" not in peer.result()[1]


def test_the_console_goes_on_for_the_second_kernel_when_the_first_has_ended(program):
    first = program()
    other = program()
    first.end()
    peer = other.peer()
    peer.run("ps", "-o", "tid")
    assert peer.result()[1].split() == ["TID", "2/1"]
    other.end()
    assert rendezvous.pids() == []


def test_a_forked_child_keeps_no_socket_and_removes_none(process):
    target = process("""
import os
def sockets():
    found = []
    for fd in os.listdir("/proc/self/fd"):
        try:
            found.append(os.readlink(f"/proc/self/fd/{fd}"))
        except FileNotFoundError:
            pass        # that of listdir itself
    return sum(each.startswith("socket:") for each in found)

def main():
    ready()
    yield Sleep(0.1)
    child = os.fork()
    if not child:
        print(sockets(), flush=True)
        return          # into the kernel, which is the parent's, and out of it by an error
    os.waitpid(child, 0)
    print(sockets(), flush=True)
    yield Sleep(30)
try:
    with_console(main())
except minios.KernelError:
    pass
""")
    peer = target.peer()
    peer.expect(b"G")
    assert target.process.stdout.readline() == "0\n"
    assert target.process.stdout.readline() == "2\n"        # who listens, and the peer
    peer.run("ps")
    assert peer.result()[0] == 0
    target.peer().expect(b"G")


def test_a_forked_child_may_have_a_console_of_its_own(process):
    target = process("""
import os
def of_child():
    print(os.getpid(), flush=True)
    yield Sleep(30)
def main():
    ready()
    yield Sleep(0.1)
    child = os.fork()
    if not child:
        with_console(of_child())
        os._exit(0)
    yield Sleep(30)
with_console(main())
""")
    pid = int(target.process.stdout.readline())
    try:
        assert rendezvous.pids() == sorted([target.pid, pid])
        peer = Peer(target.path.replace(str(target.pid), str(pid)))
        assert peer.expect(b"H")["pid"] == pid
        peer.run("ps", "-o", "where")
        assert "program.py" in peer.result()[1]
        target.peer().expect(b"G")
    finally:
        os.kill(pid, 9)


def test_a_fork_waits_until_the_console_has_imported_its_module():
    entered, left = threading.Event(), []

    def importing():
        with server.importing:
            entered.set()
            time.sleep(0.05)
            left.append(True)

    thread = threading.Thread(target=importing)
    thread.start()
    entered.wait()
    child = os.fork()
    if not child:
        os._exit(0 if left else 1)
    thread.join()
    assert os.waitpid(child, 0)[1] == 0


def test_a_program_that_is_killed_leaves_a_socket_that_ps_removes(process):
    target = process("""
def main():
    ready()
    yield Sleep(30)
with_console(main())
""")
    assert rendezvous.pids() == [target.pid]
    target.kill()
    assert os.path.exists(target.path)
    status, output, errors = command("ps")
    assert status == 0 and output.split() == ["PID", "UP", "TASKS", "RIGHTS", "COMMAND"]
    assert "no program of yours has a console" in errors
    assert not os.path.exists(target.path)


def test_what_a_program_looks_like_to_the_deadlock_report_is_not_changed(process):
    target = process("""
def main():
    ready()
    yield Park("nobody")
try:
    with_console(main())
except minios.DeadlockError:
    print("deadlock")
""")
    assert target.process.communicate()[0] == "deadlock\n"


def test_a_program_that_ends_at_once_does_not_wait_for_the_console(process):
    target = process("""
import time
began = time.perf_counter()
ready()
def main():
    yield
with_console(main())
print(time.perf_counter() - began)
""")
    assert float(target.process.communicate()[0]) < 1.0
