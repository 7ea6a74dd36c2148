"""session.py: what one connection may ask for, and how it ends."""

import json
import os
import signal
import time

import pytest

from minios.shell.console import session
from syscalls import Sleep

from .peer import HELLO, PATIENCE, frame


def sleeper():
    while True:
        yield Sleep(1000)


def console_kernel():
    from minios.shell.console import server

    return server._open.kernel


def wait_until(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


# --- Running a program -----------------------------------------------------------------------


def test_a_program_runs_in_the_console_and_looks_at_the_tasks_of_the_program(program):
    peer = program(sleeper()).peer()
    peer.run("ps", "-o", "tid,wait,cmd")
    status, output, errors = peer.result()
    assert (status, errors) == (0, "")
    lines = output.splitlines()
    assert lines[0].split() == ["TID", "WAIT", "CMD"]
    assert lines[2].split() == ["2", "Sleep(1000)", "sleeper"]


def test_its_exit_status_and_its_complaints_come_apart(program):
    peer = program().peer()
    peer.run("ps", "--nonsense")
    status, output, errors = peer.result()
    assert status == 2 and output == "" and "--nonsense" in errors


def test_a_word_is_no_shell_syntax(program, tmp_path):
    peer = program().peer()
    peer.run("ps", ";", ">", str(tmp_path / "made"), "$HOME", "*", "a'b\"c")
    assert peer.result()[0] != 0
    assert not os.path.exists(tmp_path / "made")


def test_no_such_program_is_127(program):
    peer = program().peer()
    peer.run("nonsense")
    status, _, errors = peer.result()
    assert status == 127 and "nonsense" in errors


def test_the_size_of_the_screen_is_the_clients(program):
    def a_task_with_quite_a_long_name_that_does_not_fit_into_forty_columns():
        yield Sleep(1000)

    one = program(a_task_with_quite_a_long_name_that_does_not_fit_into_forty_columns())
    peer = one.peer()
    peer.run("ps", tty=True, keys=True, columns=40, lines=10)
    assert max(map(len, peer.result()[1].splitlines())) == 40
    peer = one.peer()
    peer.run("ps", tty=False, columns=40, lines=10)
    assert max(map(len, peer.result()[1].splitlines())) > 60


def test_json_passes_in_one_piece_whatever_its_length(program):
    peer = program(*(sleeper() for _ in range(3000))).peer()
    peer.run("ps", "--json")
    status, output, _ = peer.result()
    assert status == 0 and len(output) > 300_000
    assert len(json.loads(output)) == 3001


# --- Rights ----------------------------------------------------------------------------------


def test_who_has_not_asked_may_only_look(program):
    one = program(sleeper())
    peer = one.peer()
    assert peer.expect(b"G") == {"rights": []}
    peer.run("kill", "2")
    status, _, errors = peer.result()
    assert status == 1 and "only looking is allowed here: say --rw" in errors
    assert not one.kernel.tasks[2].done()


def test_who_asks_for_rw_may_change_something(program):
    one = program(sleeper())
    task = one.kernel.tasks[2]
    peer = one.peer(rights=["rw"])
    assert peer.expect(b"G") == {"rights": ["rw"]}
    peer.run("kill", "2")
    assert peer.result() == (0, "", "")
    wait_until(task.done)


def test_what_the_program_allows_need_not_be_asked_for(program):
    one = program(sleeper(), rights="rw")
    task = one.kernel.tasks[2]
    peer = one.peer()
    peer.run("kill", "2")
    assert peer.result()[0] == 0
    wait_until(task.done)


def test_py_is_given_by_the_program_alone(program):
    one = program()
    assert one.peer(rights=["rw", "py"]).expect(b"G") == {"rights": ["rw"]}
    one.end()
    assert program(rights="py").peer().expect(b"G") == {"rights": ["py"]}


def test_no_program_runs_python_files_where_py_is_not_given(program, tmp_path):
    path = tmp_path / "evil.py"
    path.write_text(f"open({str(tmp_path / 'made')!r}, 'w')")
    one = program()
    for argv in (["run", str(path)], [str(path)]):
        peer = one.peer(rights=["rw"])
        peer.run(*argv)
        status, _, errors = peer.result()
        assert status != 0 and errors
    assert not os.path.exists(tmp_path / "made")


# --- A shell ---------------------------------------------------------------------------------


def test_a_shell_asks_for_lines_and_carries_them_out(program):
    peer = program(sleeper()).peer()
    peer.attach()
    prompt = peer.expect(b"P")
    peer.send(frame(b"L", id=prompt["id"], text="ps -o cmd | grep sleep"))
    assert peer.expect(b"O") == b"sleeper\n"
    prompt = peer.expect(b"P")
    peer.send(frame(b"L", id=prompt["id"], text="exit 3"))
    assert peer.result()[0] == 3


def test_the_end_of_input_ends_the_shell_and_not_the_program(program):
    one = program()
    peer = one.peer()
    peer.attach()
    peer.send(frame(b"L", id=peer.expect(b"P")["id"], text=None))
    assert peer.result()[0] == 0
    one.peer().expect(b"G")


def test_an_answer_to_another_question_is_dropped(program):
    peer = program().peer()
    peer.attach()
    number = peer.expect(b"P")["id"]
    peer.send(frame(b"L", id=number + 1, text="exit 4"), frame(b"L", id=number, text="exit 5"),
              frame(b"L", id=number, text="exit 6"))
    assert peer.result()[0] == 5


def test_input_is_asked_for_by_who_reads(program):
    peer = program().peer()
    peer.attach()
    peer.send(frame(b"L", id=peer.expect(b"P")["id"], text="cat; exit 9"))
    for data in (b"one\n", b"\0\xff", b""):
        number = peer.expect(b"N")["id"].to_bytes(4, "big")
        peer.send(frame(b"I", number + data))
        if data:
            assert peer.expect(b"O") == data
    assert peer.result()[0] == 9


def test_an_interrupt_ends_what_runs_and_the_shell_goes_on(program):
    peer = program().peer()
    peer.attach()
    peer.send(frame(b"L", id=peer.expect(b"P")["id"], text="cat"))
    peer.expect(b"N")
    peer.send(frame(b"S", signal="INT"))
    prompt = peer.expect(b"P")
    peer.send(frame(b"L", id=prompt["id"], text="exit $?"))
    assert peer.result()[0] == 130


def test_an_interrupt_at_the_prompt_asks_anew(program):
    peer = program().peer()
    peer.attach()
    first = peer.expect(b"P")["id"]
    peer.send(frame(b"S", signal="INT"))
    second = peer.expect(b"P")["id"]
    peer.send(frame(b"L", id=first, text="exit 1"), frame(b"L", id=second, text="exit 2"))
    assert peer.result()[0] == 2


def test_a_stop_makes_a_job_of_what_runs(program):
    peer = program().peer()
    peer.attach()
    peer.send(frame(b"L", id=peer.expect(b"P")["id"], text="cat"))
    peer.expect(b"N")
    peer.send(frame(b"S", signal="TSTP"))
    prompt = peer.expect(b"P")
    peer.send(frame(b"L", id=prompt["id"], text="jobs"))
    assert b"Stopped" in peer.expect(b"O")


def test_an_interrupt_ends_a_program_that_runs_alone(program):
    peer = program().peer()
    peer.run("cat")
    peer.expect(b"N")
    peer.send(frame(b"S", signal="INT"))
    assert peer.result()[0] == 130


def test_candidates_are_given_for_a_line(program):
    peer = program().peer()
    peer.attach()
    peer.expect(b"P")
    peer.send(frame(b"C", id=7, text="upti", cursor=4))
    answer = peer.expect(b"D")
    assert answer["id"] == 7 and "uptime" in str(answer["candidates"])


# --- Who says what he must not ---------------------------------------------------------------


@pytest.mark.parametrize(("frames", "message"), [
    ([frame(b"R", argv=["ps"])], "the first frame is a hello"),
    ([frame(b"H", protocol=2)], "speaks version 1 of the protocol, and the client version 2"),
    ([frame(b"H", b"{}")], "version 0"),
    ([frame(b"H", protocol="1")], "'protocol' is no int"),
    ([HELLO, frame(b"R")], "no JSON object"),
    ([HELLO, frame(b"R", argv=[])], "nothing to run"),
    ([HELLO, frame(b"R", argv="ps")], "'argv' is no list"),
    ([HELLO, frame(b"R", argv=[1])], "'argv' is what is no text"),
    ([HELLO, frame(b"R", argv=["cat"]), frame(b"A", tty=False)], "something runs already"),
    ([HELLO, frame(b"A", columns="wide")], "'columns' is no int"),
    ([HELLO, frame(b"L", b"[]")], "no JSON object"),
    ([HELLO, frame(b"I", b"")], "without the number"),
    ([HELLO, b"\xff\xff\xff\xffO"], "65536 are the most"),
    ([b"GET / HTTP/1.1\r\n\r\n"], "65536 are the most"),
])
def test_who_says_what_he_must_not_is_told_and_hung_up_on(program, frames, message):
    one = program()
    peer = one.peer(hello=False)
    peer.send(*frames)
    assert message in peer.expect(b"X")["message"]
    assert peer.read() is None
    peer = one.peer()
    peer.run("ps")
    assert peer.result()[0] == 0


def test_kinds_of_frames_and_fields_that_are_not_known_are_ignored(program):
    peer = program().peer(hello=False)
    peer.send(frame(b"H", protocol=1, later="field"), frame(b"z", b"\xff"), frame(b"\0"),
              frame(b"S", signal="WINCH"), frame(b"K", key="q"), frame(b"W", columns=-5),
              frame(b"L", id=9, text="x"))
    peer.run("ps", later=True)
    assert peer.result()[0] == 0


def test_a_frame_that_is_cut_short_ends_the_connection(program):
    import socket

    peer = program().peer()
    peer.send(b"\0\0\0\7Rabc")
    peer.sock.shutdown(socket.SHUT_WR)
    assert "cut short" in peer.expect(b"X")["message"]


def test_who_asks_for_nothing_is_hung_up_on(program, monkeypatch):
    monkeypatch.setattr(session, "_HELLO", 0.05)
    peer = program().peer()
    assert "nothing was asked for" in peer.expect(b"X")["message"]
    assert peer.read() is None


# --- Who leaves ------------------------------------------------------------------------------


def names():
    return {task.name for task in list(console_kernel().tasks.values())}


def wait_until_idle():
    """Nothing is left but the console's own tasks."""
    own = {"console", "load ahead", "load average"}
    wait_until(lambda: all(name in own or name.startswith("accept ") for name in names()))


def test_who_leaves_takes_what_he_has_started_along(program):
    one = program()
    wait_until_idle()
    peer = one.peer()
    peer.attach()
    peer.send(frame(b"L", id=peer.expect(b"P")["id"], text="watch -n 1000 ps & cat"))
    peer.expect(b"N")
    assert {"listen", "send", "shell"} < names()
    peer.close()
    wait_until_idle()


def test_who_leaves_in_the_middle_of_strace_leaves_no_hook_behind(program):
    def busy():
        while True:
            yield Sleep(0.001)

    one = program(busy())
    peer = one.peer()
    peer.run("strace", "-f", "-p", "2")
    wait_until(lambda: one.kernel.hooks)
    peer.close()
    wait_until(lambda: not one.kernel.hooks)


def test_who_leaves_while_strace_is_stopped_leaves_no_hook_behind(program):
    one = program(sleeper())
    peer = one.peer()
    peer.attach()
    peer.send(frame(b"L", id=peer.expect(b"P")["id"], text="strace -p 2"))
    wait_until(lambda: one.kernel.hooks)
    peer.send(frame(b"S", signal="TSTP"))
    peer.expect(b"P")
    peer.close()
    wait_until(lambda: not one.kernel.hooks)


def test_strace_that_is_interrupted_leaves_no_hook_behind(program):
    one = program(sleeper())
    peer = one.peer()
    peer.run("strace", "-p", "2")
    wait_until(lambda: one.kernel.hooks)
    peer.send(frame(b"S", signal="INT"))
    assert peer.result()[0] in (0, 130)
    wait_until(lambda: not one.kernel.hooks)


def test_what_does_not_heed_the_hangup_is_killed(program, monkeypatch):
    from types import SimpleNamespace

    from minios.shell import interpreter
    from minios.shell.arguments import Arguments

    def main(process, options):
        yield from process.say("stubborn")
        while True:
            try:
                yield Sleep(1000)
            except BaseException as error:
                if isinstance(error, GeneratorExit):
                    raise

    stubborn = SimpleNamespace(parser=lambda: Arguments("stubborn", "Stay."), main=main)
    real = interpreter.find_program
    monkeypatch.setattr(
        interpreter, "find_program", lambda name: stubborn if name == "stubborn" else real(name)
    )
    monkeypatch.setattr(session, "_GRACE", 0.05)
    one = program()
    wait_until_idle()
    peer = one.peer()
    peer.run("stubborn")
    assert peer.expect(b"O") == b"stubborn\n"
    peer.close()
    wait_until_idle()


def test_who_does_not_read_holds_up_nobody_and_is_kept_within_bounds(program):
    one = program(*(sleeper() for _ in range(2000)))
    lazy = one.peer()
    lazy.attach()
    number = lazy.expect(b"P")["id"]
    lazy.send(frame(b"L", id=number, text="watch -n 0.001 ps -l"))
    terminals = []

    def is_stuck():
        kernel = console_kernel()
        waits = [str(task.call) for task in list(kernel.tasks.values())]
        terminals[:] = waits
        return any("room in" in wait for wait in waits)

    wait_until(is_stuck)
    size = max(int(word) for wait in terminals for word in wait.split() if word.isdigit())
    assert size < 400_000
    for _ in range(3):
        other = one.peer()
        other.run("ps")
        assert other.result()[0] == 0
    lazy.close()
    wait_until(lambda: not is_stuck())


def test_a_program_that_ends_hangs_up(program):
    one = program()
    peer = one.peer()
    peer.attach()
    peer.expect(b"P")
    one.end()
    assert peer.frames() == [] or True
    assert peer.read() is None


def test_signals_by_number_reach_a_task(program):
    one = program(sleeper())
    peer = one.peer(rights=["rw"])
    peer.run("kill", f"-{int(signal.SIGSTOP)}", "2")
    assert peer.result()[0] == 0
    wait_until(lambda: one.kernel.tasks[2].stopped)
