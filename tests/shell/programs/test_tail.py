"""tail: the end of files, and what comes behind it."""

import os
import signal

import pytest
from hypothesis import given
from hypothesis import strategies as st

import minios
from minios.errors import TaskKilledError
from minios.shell.streams import PipeOutput
from syscalls import Sleep, Spawn, Wait
from tests.shell.programs_harness import run

from .real import assert_same, compared, needs
from .streaming import run_until, started

DATA = st.lists(st.sampled_from([b"a", b"\n", b"bc\n", b"\x00\xff"])).map(b"".join)


@needs("tail")
@compared
@given(DATA, st.sampled_from(["-n", "-c"]), st.sampled_from(["", "+", "-"]), st.integers(0, 12))
def test_the_end_of_standard_input_is_that_of_the_real_one(data, kind, sign, number):
    assert_same("tail", kind, f"{sign}{number}", stdin=data)


@needs("tail")
@compared
@given(data=DATA, kind=st.sampled_from(["-n", "-c"]), sign=st.sampled_from(["", "+"]),
       number=st.integers(0, 12))
def test_the_end_of_a_file_is_that_of_the_real_one(tmp_path_factory, data, kind, sign, number):
    folder = tmp_path_factory.getbasetemp()
    (folder / "tailed").write_bytes(data)
    assert_same("tail", kind, f"{sign}{number}", "tailed", folder=folder)


@needs("tail")
def test_a_large_file_is_searched_from_its_end(tmp_path):
    (tmp_path / "many").write_bytes(b"".join(b"%d\n" % number for number in range(100_000)))
    for flags in ("-n3", "-n50000", "-n99999", "-n100000", "-n200000", "-c100", "-c1000000"):
        assert_same("tail", flags, "many", folder=tmp_path)
    (tmp_path / "line").write_bytes(b"x" * 200_000 + b"\n" + b"y" * 200_000)
    for flags in ("-n1", "-n2", "-n3"):
        assert_same("tail", flags, "line", folder=tmp_path)


@needs("tail")
def test_several_files_have_headers(tmp_path):
    (tmp_path / "a").write_bytes(b"1\n2\n3")
    (tmp_path / "b").write_bytes(b"")
    assert run("tail", "-2", "a", folder=tmp_path)[1] == "2\n3"
    for flags in (("-n2",), ("-q",), ("-v", "-c1"), ("-n", "+2")):
        assert_same("tail", *flags, "a", "b", "-", stdin=b"x\ny\n", folder=tmp_path)


def test_a_file_that_cannot_be_read_is_a_complaint(tmp_path):
    assert run("tail", "nope", folder=tmp_path) == (
        1, "", "tail: nope: No such file or directory\n")


# --- -f ----------------------------------------------------------------------------------


def test_what_is_written_later_is_shown_in_the_order_it_comes(tmp_path):
    log, other = tmp_path / "log", tmp_path / "other"
    log.write_bytes(b"old\nlast\n")
    other.write_bytes(b"")

    def writer():
        for number in range(3):
            yield Sleep(1)
            for path in (log, other):
                with path.open("a") as file:
                    file.write(f"{number}\n")
                yield Sleep(1)

    status, out, err = run_until("2\n\n==> other <==\n2", "tail", "-n1", "-f", "log", "other",
                                 folder=tmp_path, background=[writer()])
    assert (status, err) == (141, "")
    assert out == ("==> log <==\nlast\n\n==> other <==\n" + "".join(
        f"\n==> log <==\n{number}\n\n==> other <==\n{number}\n" for number in range(3)))


def test_a_truncated_file_is_read_from_its_start(tmp_path):
    log = tmp_path / "log"
    log.write_bytes(b"a long line\n")

    def writer():
        yield Sleep(1)
        log.write_bytes(b"new\n")

    status, out, err = run_until("new\n", "tail", "-f", "log", folder=tmp_path,
                                 background=[writer()])
    assert out == "a long line\nnew\n"
    assert err == "tail: log: file truncated\n"


def test_a_file_that_is_not_there_is_waited_for(tmp_path):
    def writer():
        yield Sleep(5)
        (tmp_path / "late").write_bytes(b"here\n")

    status, out, err = run_until("here\n", "tail", "-f", "late", folder=tmp_path,
                                 background=[writer()])
    assert out == "here\n"
    assert err == ("tail: late: No such file or directory\n"
                   "tail: late: has appeared;  following new file\n")


def rotating(log, folder):
    """Rename the log, write into the old one and then into a new one."""
    yield Sleep(1)
    old = folder / "log.1"
    os.rename(log, old)
    yield Sleep(1)
    with old.open("a") as file:
        file.write("end of the old one\n")
    yield Sleep(1)
    log.write_bytes(b"new\n")
    yield Sleep(1)
    with old.open("a") as file:
        file.write("after the end\n")


def test_a_rotated_log_is_followed_by_its_name_with_F(tmp_path):
    log = tmp_path / "log"
    log.write_bytes(b"a\n")
    status, out, err = run_until("new\n", "tail", "-F", "log", folder=tmp_path,
                                 background=[rotating(log, tmp_path)])
    assert out == "a\nend of the old one\nnew\n"
    assert err == ("tail: log: has become inaccessible: No such file or directory\n"
                   "tail: log: has been replaced;  following new file\n")


def test_the_file_that_was_opened_stays_the_one_with_f(tmp_path):
    log = tmp_path / "log"
    log.write_bytes(b"a\n")
    status, out, err = run_until("after the end\n", "tail", "-f", "log", folder=tmp_path,
                                 background=[rotating(log, tmp_path)])
    assert (out, err) == ("a\nend of the old one\nafter the end\n", "")


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL])
def test_one_that_is_killed_closes_its_files(tmp_path, signum):
    (tmp_path / "log").write_bytes(b"a\n")
    before = set(os.listdir("/proc/self/fd"))
    kernel, routine, out, _ = started("tail", "-f", "log", folder=tmp_path)

    def main():
        task = yield Spawn(routine)
        yield Sleep(10)
        opened = [fd for fd in set(os.listdir("/proc/self/fd")) - before
                  if os.path.exists(f"/proc/self/fd/{fd}")
                  and os.readlink(f"/proc/self/fd/{fd}").endswith("/log")]
        task.kill(signum)
        try:
            yield Wait(task)
        except TaskKilledError:
            pass
        left = [fd for fd in opened if os.path.exists(f"/proc/self/fd/{fd}")]
        return len(opened), len(left)

    assert kernel.run(main()) == (1, 0)
    assert out.text == "a\n"


def test_it_ends_when_its_reader_leaves_though_nothing_comes(tmp_path):
    (tmp_path / "log").write_bytes(b"a\n")
    pipe = minios.Pipe()
    kernel, routine, _, _ = started("tail", "-f", "log", out=PipeOutput(pipe), folder=tmp_path)

    def main():
        task = yield Spawn(routine)
        yield Sleep(10)
        line = yield from pipe.readline()
        running = not task.done()
        pipe.close()
        return line, running, (yield Wait(task))

    assert kernel.run(main()) == (b"a\n", True, 141)


def test_standard_input_alone_is_not_followed():
    assert run("tail", "-f", stdin=b"a\n") == (0, "a\n", "")
