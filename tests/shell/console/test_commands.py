"""commands.py: `minios ps`, `minios WORD PID ...`, from another process."""

import json
import os
import re
import socket
import subprocess
import sys
import threading

import pytest

from minios.shell.console import rendezvous
from minios.shell.console.commands import WORDS, main

from .peer import PATIENCE, ROOT, command

_CALM = """
def sleeper():
    while True:
        yield Sleep(1000)
def main():
    yield Spawn(sleeper())
    ready()
    yield from sleeper()
with_console(main())
"""

_HOG = """
import threading
def hog():
    yield Sleep(0.6)
    ready()
    while True:
        pass        # here it is
def main():
    yield Spawn(hog())
    while True:
        yield Sleep(1000)
with_console(main(), slow_turn=float("inf"))
"""


# --- Which programs there are ----------------------------------------------------------------


def test_ps_lists_the_programs_with_their_pids_first(process, tmp_path):
    target = process(_CALM)
    (tmp_path / "other").mkdir()
    status, output, errors = command("ps")
    assert (status, errors) == (0, "")
    header, line = output.splitlines()
    assert header.split() == ["PID", "UP", "TASKS", "RIGHTS", "COMMAND"]
    pid, up, tasks, rights, *argv = line.split()
    assert int(pid) == target.pid and re.fullmatch(r"\d\d:\d\d", up)
    assert (tasks, rights, argv) == ("2", "look", ["program.py"])


def test_ps_gives_json(process):
    target = process(_CALM.replace("main())", "main(), 'rw')"))
    status, output, _ = command("ps", "--json")
    (one,) = json.loads(output)
    assert status == 0 and one["pid"] == target.pid and one["rights"] == ["rw"]
    assert one["tasks"] == 2 and one["up"] >= 0 and one["argv"][0].endswith("program.py")


def test_ps_shows_two_programs_by_their_pids(process):
    pids = sorted([process(_CALM).pid, process(_CALM).pid])
    output = command("ps")[1]
    assert [int(line.split()[0]) for line in output.splitlines()[1:]] == pids


def test_ps_without_any_program_says_how_to_get_one():
    status, output, errors = command("ps")
    assert status == 0 and output.split() == ["PID", "UP", "TASKS", "RIGHTS", "COMMAND"]
    assert "start one with `minios run FILE`" in errors


def test_a_program_that_says_nothing_is_listed_with_dashes(runtime, monkeypatch, capsys):
    from minios.shell.console import commands

    monkeypatch.setattr(commands, "_PATIENCE", 0.05)
    sock, _, _ = rendezvous.listen()
    with sock:
        assert main("ps", []) == 0
    header, line = capsys.readouterr().out.splitlines()
    assert line.split() == [str(os.getpid()), "-", "-", "-", "-"]


def test_what_a_program_says_of_itself_cannot_confuse_the_terminal(monkeypatch, capsys):
    from minios.shell.console import commands

    monkeypatch.setattr(commands, "_programs", lambda: [{
        "pid": 7, "up": 90061.5, "tasks": 1, "rights": ["py", "rw"], "argv": ["/x/a\x1b[2J", "ü"],
    }])
    main("ps", [])
    assert capsys.readouterr().out.splitlines()[1].split() == [
        "7", "1-01:01:01", "1", "py,rw", "a?[2J", "ü"
    ]


# --- Which one is meant ----------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [["where"], ["where", "--rw"], ["attach"], ["kill", "-9"]])
def test_without_a_pid_it_is_said_what_to_give(arguments):
    status, _, errors = command(*arguments)
    assert status == 2 and "usage: minios" in errors
    assert "no program of yours has a console" in errors


def test_the_programs_that_may_be_meant_are_named(process):
    pids = [process(_CALM).pid, process(_CALM).pid]
    for word in ("where", "top", "attach"):
        status, _, errors = command(word)
        assert status == 2 and "which program? Give its PID" in errors
        for pid in pids:
            assert f"  {pid}  program.py" in errors


def test_the_one_program_that_there_is_is_meant_by_attach(process):
    process(_CALM)
    assert command("attach", stdin="exit 7\n")[0] == 7


def test_one_that_was_killed_is_not_among_those_that_may_be_meant(process):
    process(_CALM).kill()
    process(_CALM)
    assert command("attach", stdin="exit 7\n")[0] == 7


def test_a_pid_that_is_no_minios_program_is_said_to_be_none(process):
    target = process(_CALM)
    status, _, errors = command("ps", os.getpid())
    assert status == 2
    assert f"no minios program with a console that has PID {os.getpid()}" in errors
    assert f"  {target.pid}  program.py" in errors


def test_what_is_no_pid_is_said_to_be_none():
    status, _, errors = command("ps", "aux")
    assert status == 2 and "aux is no PID" in errors


def test_a_folder_that_is_open_to_others_is_refused(runtime):
    os.mkdir(f"{runtime}/minios", 0o777)
    os.chmod(f"{runtime}/minios", 0o777)
    for arguments in (["ps"], ["ps", "1"], ["attach"]):
        status, _, errors = command(*arguments)
        assert status == 1 and "has mode 0777 and not 0700" in errors


@pytest.mark.parametrize("word", WORDS)
def test_every_word_explains_itself(word, capsys):
    assert main(word, ["--help"]) == 0
    assert f"usage: minios {word} [--rw]" in capsys.readouterr().out


def test_another_version_of_the_protocol_is_named(capsys):
    sock, _, _ = rendezvous.listen()

    def answer():
        other = sock.accept()[0]
        payload = json.dumps({"protocol": 2, "minios": "9.9"}).encode()
        other.sendall(len(payload).to_bytes(4, "big") + b"H" + payload)
        while other.recv(4096):
            pass
        other.close()

    sock.setblocking(True)
    with sock:
        thread = threading.Thread(target=answer)
        thread.start()
        assert main("where", [str(os.getpid()), "1"]) == 1
        thread.join()
    assert (
        f"the console of {os.getpid()} speaks version 2 of the protocol (it runs minios 9.9), and "
        "this minios version 1"
    ) in capsys.readouterr().err


# --- Running something there -----------------------------------------------------------------


def test_a_word_runs_a_program_there_with_its_output_and_status(process):
    target = process(_CALM)
    status, output, errors = command("ps", target.pid, "-o", "tid,cmd")
    assert (status, errors) == (0, "")
    assert [line.split() for line in output.splitlines()] == [
        ["TID", "CMD"], ["1", "main"], ["2", "sleeper"]
    ]
    status, output, errors = command("ps", target.pid, "--nonsense")
    assert status == 2 and output == "" and "--nonsense" in errors


@pytest.mark.parametrize("place", [0, 1])
def test_rw_is_asked_for_in_front_of_the_pid_or_behind_it(process, place):
    target = process(_CALM)
    arguments = [str(target.pid), "2"]
    status, _, errors = command("kill", *arguments)
    assert status == 1 and "say --rw, as in `minios kill --rw PID TID`" in errors
    arguments.insert(place, "--rw")
    assert command("kill", *arguments) == (0, "", "")
    assert "sleeper" not in command("ps", target.pid)[1]


def test_nobody_who_reads_the_output_is_141(process):
    target = process(_CALM)
    reader, writer = os.pipe()
    os.close(reader)
    text = ("import sys; from minios.shell.console.commands import main\n"
            "try: sys.exit(main(sys.argv[1], sys.argv[2:]))\n"
            "except BrokenPipeError: sys.exit(141)")
    done = subprocess.run(
        [sys.executable, "-c", text, "ps", str(target.pid)], stdout=writer, stderr=subprocess.PIPE,
        timeout=30,
    )
    os.close(writer)
    assert done.returncode == 141 and done.stderr == b""


@pytest.mark.parametrize("word", ["ps", "attach"])
def test_closed_standard_input_is_one_that_has_ended(process, word):
    target = process(_CALM)
    text = ("import sys; from minios.shell.console.commands import main; "
            "sys.exit(main(sys.argv[1], sys.argv[2:]))")
    done = subprocess.run(
        ["sh", "-c", 'exec "$0" "$@" <&-', sys.executable, "-c", text, word, str(target.pid)],
        cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert ("sleeper" in done.stdout) == (word == "ps")


def test_a_script_may_be_fed_to_a_shell_there(process):
    target = process(_CALM)
    status, output, errors = command(
        "attach", target.pid, stdin="ps -o cmd | grep sleep\nps -o tid 2 | wc -l\nexit 5\n"
    )
    assert status == 5 and errors == ""
    assert [line.strip() for line in output.splitlines()] == ["sleeper", "2"]


def test_a_program_that_ends_meanwhile_is_said_to_have_ended(process, tmp_path):
    target = process(_CALM)
    text = ("import sys; from minios.shell.console.commands import main; "
            "sys.exit(main(sys.argv[1], sys.argv[2:]))")
    client = subprocess.Popen(
        [sys.executable, "-c", text, "attach", str(target.pid)], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )
    client.stdin.write("ps -o cmd 2\n")
    client.stdin.flush()
    assert client.stdout.readline() == "CMD\n"
    target.kill()
    errors = client.communicate(timeout=30)[1]
    assert client.returncode == 1
    assert errors == f"minios: {target.pid}: the program has ended\n"


# --- While a task holds the CPU --------------------------------------------------------------


def line_of(target, text):
    lines = open(target.process.args[1]).read().splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def test_while_a_task_holds_the_cpu_it_is_seen_and_the_line_that_runs(process):
    target = process(_HOG)
    status, output, errors = command("ps", target.pid, "-o", "tid,stat,where,cmd")
    assert (status, errors) == (0, "")
    tid, stat, where, name = output.splitlines()[-1].split()
    assert (tid, name) == ("2", "hog") and stat.startswith("R")
    lines = {f"program.py:{line_of(target, 'while True:') + more}" for more in (0, 1, 9)}
    assert where.rpartition("/")[2] in lines
    status, output, errors = command("where", target.pid, "2")
    assert (status, errors) == (0, "")
    assert "pass        # here it is" in output or "while True:" in output


def test_a_task_that_holds_the_cpu_does_not_hear_of_a_kill_and_that_is_said(process):
    target = process(_HOG)
    status, _, errors = command("kill", "--rw", target.pid, "2")
    assert status == 1
    assert "the kernel has not answered: task 2 (hog) holds the CPU, at" in errors
    assert "program.py" in errors


def test_a_task_that_holds_the_cpu_is_ended_by_sigkill_and_the_others_go_on(process):
    target = process(_HOG)
    assert command("kill", "--rw", target.pid, "-KILL", "2") == (0, "", "")
    output = command("ps", target.pid, "-o", "cmd")[1]
    assert output == "CMD\nmain\n"


def test_a_socket_nobody_accepts_on_is_not_taken_for_a_stale_one(runtime):
    os.mkdir(f"{runtime}/minios", 0o700)
    place = f"{runtime}/minios/{os.getpid()}.sock"
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(place)
        sock.listen(0)
        with socket.socket(socket.AF_UNIX) as waiting:
            waiting.connect(place)
            status, output, _ = command("ps")
            assert status == 0 and str(os.getpid()) in output
            status, _, errors = command("ps", os.getpid())
            assert status == 1
            assert f"too many clients wait for the console of {os.getpid()}" in errors
    assert os.path.exists(place)


_ALL_PARKED = """
from minios import Event
def waits(bell):
    yield from bell.wait()
def ticks():
    while True:
        yield Sleep(0.01)
def main():
    yield Spawn(waits(Event()))
    ready()
    yield from ticks()
with_console(main())
"""


def test_a_program_that_is_stopped_altogether_is_no_deadlock_and_goes_on(process):
    pid = str(process(_ALL_PARKED).pid)
    assert command("freeze", "--rw", pid)[0] == 0
    for _ in range(3):
        status, output, _ = command("ps", pid, "--no-headers", "-o", "stat")
        assert status == 0 and {line[0] for line in output.split()} == {"T"}
    assert command("thaw", "--rw", pid)[0] == 0
    assert "T" not in command("ps", pid, "--no-headers", "-o", "stat")[1]


def test_without_a_stopped_task_a_deadlock_is_one_with_a_console_too(process):
    target = process("""
from minios import Event
def main():
    ready()
    yield from Event().wait()
with_console(main())
""")
    assert target.process.wait(PATIENCE) == 1
