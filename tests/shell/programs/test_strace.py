"""strace: the program, on its own kernel and on one of another thread."""

import threading
from types import SimpleNamespace

import pytest

import minios
from minios.shell.process import Process
from minios.shell.programs import find_program
from minios.shell.running import run_program
from minios.shell.streams import TextInput
from minios.shell.system import System
from minios.sim import VirtualClock
from syscalls import GetTid, Kill, Sleep, Spawn, Wait
from tests.shell.programs_harness import Collected, run


@pytest.fixture
def kernel():
    return minios.Kernel(clock=VirtualClock())


def worker():
    yield Sleep(1)
    yield GetTid()


def parent():
    yield Sleep(1)
    yield Wait((yield Spawn(worker(), name="child")))


class World:
    """A shell's place: programs are run in it as tasks of `kernel`."""

    def __init__(self, kernel, system=None):
        self.kernel = kernel
        self.out, self.err = Collected(), Collected()
        self.shell = SimpleNamespace(
            system=System(kernel) if system is None else system, terminal=None, folder=".",
            jobs=None, variables={}, status=0, interactive=False, run_words=self.run_words,
        )

    def process(self, name):
        return Process(self.shell, name, TextInput(b"", "-"), self.out, self.err)

    def run_words(self, process, words):
        if words[0] == "worker":
            yield from worker()
            return 7
        return (yield from run_program(find_program(words[0]), process, words[1:]))

    def start(self, *words):
        task = self.kernel.spawn(self.run_words(self.process(words[0]), list(words)), name=words[0])
        task.group = task.tid
        return task


def test_a_task_is_traced_until_it_ends(kernel):
    assert run("strace", "-p", "2", "-T", kernel=kernel, background=[worker()]) == (
        0, "",
        "sleep(1) = 0 <1.000000>\ngettid() = 2 <0.000000>\n+++ exited with 0 +++\n",
    )
    assert not kernel.hooks


def test_children_are_followed_with_dash_f_alone(kernel):
    _, _, text = run("strace", "-f", "-p", "2", kernel=kernel, background=[parent()])
    assert "strace: task 3 attached\n" in text
    assert "[tid 3] gettid() = 3\n" in text and text.endswith("+++ exited with 0 +++\n")
    other = minios.Kernel(clock=VirtualClock())
    _, _, text = run("strace", "-p", "2", kernel=other, background=[parent()])
    assert "gettid" not in text and "[tid" not in text


def test_several_tasks_and_a_file(kernel, tmp_path):
    status, out, err = run("strace", "-p", "2,3", "-o", "x", folder=tmp_path, kernel=kernel,
                           background=[worker(), worker()])
    assert (status, out, err) == (0, "", "")
    assert (tmp_path / "x").read_text().splitlines() == [
        "2     sleep(1 <unfinished ...>",
        "3     sleep(1 <unfinished ...>",
        "2     <... sleep resumed>) = 0",
        "2     gettid() = 2",
        "3     <... sleep resumed>) = 0",
        "3     gettid() = 3",
        "2     +++ exited with 0 +++",
        "+++ exited with 0 +++",
    ]


def test_a_command_is_started_and_traced_and_its_status_is_ours(kernel):
    world = World(kernel)
    task = world.start("strace", "-e", "trace=gettid", "worker")
    kernel.run()
    assert task.result() == 7
    assert world.err.text == "gettid() = 2\n+++ exited with 7 +++\n"


def test_without_tasks_or_command_all_but_its_own_group_are_traced(kernel):
    world = World(kernel)

    def main():
        tracer = world.start("strace")
        yield Sleep(1)
        for name in ("one", "two"):
            yield Wait((yield Spawn(worker(), name=name)))
        yield Kill(tracer, 2)
        yield Wait(tracer)

    kernel.run(main())
    assert "[tid 3] gettid() = 3\n" in world.err.text
    assert "[tid 4] gettid() = 4\n" in world.err.text
    assert "[tid 2]" not in world.err.text      # what it does itself
    assert not kernel.hooks


@pytest.mark.parametrize("signum", [2, 15, 9])
def test_however_it_ends_nothing_is_observed_any_more(kernel, signum):
    world = World(kernel)

    def endless():
        while True:
            yield Sleep(1)

    def main():
        victim = yield Spawn(endless(), daemon=True)
        tracer = world.start("strace", "-c", "-p", str(victim.tid))
        yield Sleep(5)
        assert kernel.hooks
        yield Kill(tracer, signum)
        try:
            yield Wait(tracer)
        except minios.TaskKilledError:
            pass
        assert not kernel.hooks and not victim.done()

    kernel.run(main())
    assert ("100.00" in world.err.text) == (signum == 2)


def test_ctrl_c_goes_to_the_command_first_whose_end_is_shown(kernel):
    world = World(kernel)

    def main():
        tracer = world.start("strace", "worker")
        yield Sleep(0.5)
        yield Kill(tracer, 2)
        return (yield Wait(tracer))

    assert kernel.run(main()) == 130
    lines = world.err.text.splitlines()
    assert lines[0] == "sleep(1) = ? EINTR (Interrupted by a signal)"
    assert lines[1].startswith("--- SIGINT") and lines[2].startswith("+++ killed by SIGINT")


def test_the_table_of_counts_stands_alone_with_c_and_behind_the_lines_with_big_c(kernel):
    _, _, text = run("strace", "-c", "-w", "-p", "2", kernel=kernel, background=[worker()])
    assert text.startswith("% time     seconds  usecs/call     calls    errors syscall\n")
    assert "100.00    1.000000     1000000         1           sleep\n" in text
    other = minios.Kernel(clock=VirtualClock())
    _, _, text = run("strace", "-C", "-p", "2", kernel=other, background=[worker()])
    assert text.startswith("sleep(1) = 0\n") and text.endswith("total\n")


def test_faults_need_the_right_to_change_something(kernel):
    failed = []

    def victim():
        yield Sleep(1)
        try:
            yield GetTid()
        except ConnectionResetError:
            failed.append(True)

    arguments = "strace", "-p", "2", "-e", "inject=gettid:error=ECONNRESET"
    system = System(kernel, rights=())
    status, _, err = run(*arguments, kernel=kernel, system=system, background=[victim()])
    assert status == 1 and "--rw" in err and not failed
    other = minios.Kernel(clock=VirtualClock())
    status, _, err = run(*arguments, kernel=other, background=[victim()])
    assert failed == [True]
    assert "gettid() = -1 ECONNRESET (Connection reset by peer) (INJECTED)\n" in err


@pytest.mark.parametrize(("arguments", "status", "text"), [
    (["-p", "99"], 1, "strace: attach: 99: no such task\n"),
    (["-p", "x"], 1, "strace: attach: x: no tid"),
    (["-e", "trace=nosuch"], 2, "invalid system call 'nosuch'"),
    (["-e", "inject=recv"], 2, "give SET:error=ERRNO"),
    (["-e", "read=3"], 2, "invalid -e 'read=3'"),
    (["-s", "-1", "-p", "1"], 2, "invalid -s"),
    (["-S", "size"], 2, "invalid choice"),
])
def test_bad_arguments_are_one_clear_line(kernel, arguments, status, text):
    found, out, err = run("strace", *arguments, kernel=kernel)
    assert (found, out) == (status, "") and text in err
    assert not kernel.hooks


class Elsewhere:
    """A kernel that runs in a thread of its own."""

    def __init__(self, main):
        self.kernel, self.go = minios.Kernel(), threading.Event()
        self.ready = threading.Event()
        self._thread = threading.Thread(target=self.kernel.run, args=(main(self),))

    def __enter__(self):
        self._thread.start()
        assert self.ready.wait(30)
        return self

    def __exit__(self, *error):
        self.go.set()
        self._thread.join(30)
        assert not self._thread.is_alive()


def test_a_kernel_in_another_thread_is_traced_from_here():
    def main(there):
        there.ready.set()
        while not there.go.is_set():
            yield Sleep(0.001)
        yield GetTid()
        return 5

    with Elsewhere(main) as there:
        def release():
            while not there.kernel.hooks:
                yield Sleep(0.001)
            there.go.set()

        status, _, err = run("strace", "-p", "1", "-e", "gettid", kernel=minios.Kernel(),
                             system=System(there.kernel), background=[release()])
    assert (status, err) == (0, "gettid() = 1\n+++ exited with 5 +++\n")


def test_killed_by_sigkill_it_lets_go_of_a_kernel_in_another_thread():
    def main(there):
        there.ready.set()
        while not there.go.is_set():
            yield Sleep(0.001)

    with Elsewhere(main) as there:
        home = minios.Kernel()
        world = World(home, System(there.kernel))

        def killer():
            tracer = world.start("strace", "-p", "1")
            while not there.kernel.hooks:
                yield Sleep(0.001)
            yield Kill(tracer, 9)
            while there.kernel.hooks:
                yield Sleep(0.001)
            return "let go"

        assert home.run(killer()) == "let go"


def test_what_finds_no_room_is_counted_and_said(kernel, monkeypatch):
    monkeypatch.setattr("minios.shell.programs.strace._ROOM", 10)

    def chatter():
        yield Sleep(1)
        for _ in range(50):
            yield GetTid()

    class Slow(Collected):
        """It takes its time, as a terminal may."""

        def write(self, data):
            yield Sleep(100)
            yield from super().write(data)

    world = World(kernel)
    world.err = Slow()

    def main():
        task = yield Spawn(chatter())
        yield
        yield Wait(world.start("strace", "-p", str(task.tid)))

    kernel.run(main())
    lost = int(world.err.text.partition("strace: ")[2].partition(" lines lost")[0])
    assert lost + world.err.text.count("gettid() = 2\n") + 2 >= 50 and lost > 30
