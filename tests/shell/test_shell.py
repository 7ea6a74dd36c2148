"""The shell, through a pipe and at a terminal."""

import json
import os
import re
import signal
import subprocess
import sys
import textwrap

import pytest

SLEEPER = """
import minios, sys
from syscalls import Sleep, Spawn, Wait

def child():
    yield Sleep(1000)

def main():
    print("started", *sys.argv[1:], flush=True)
    task = yield Spawn(child())
    try:
        yield Wait(task)
    finally:
        print("cleaned up", flush=True)

minios.run(main())
"""


@pytest.fixture
def program(tmp_path):
    """Write a program into the folder that the session runs in."""

    def program(name, source):
        (tmp_path / name).write_text(textwrap.dedent(source))
        return name

    return program


def test_ps_works_without_a_terminal(session):
    done = session("ps")
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["TID", "PTID", "STAT", "NI", "TIME", "SW", "WAIT", "CMD"]
    assert lines[1].split()[:4] == ["1", "0", "Ss", "0"]
    assert "Wait(task 2)" in lines[1] and lines[1].endswith("shell")
    assert lines[2].split()[:3] == ["2", "1", "Rs+"] and lines[2].endswith("ps")
    assert done.returncode == 0 and done.stderr == ""


def test_ps_shows_the_columns_asked_for_and_json(session):
    done = session("ps -o tid,cmd", "ps -o tid -o stat,wait --json")
    head, _, rest = done.stdout.partition("[")
    assert head.splitlines()[0].split() == ["TID", "CMD"]
    rows = json.loads("[" + rest)
    assert rows[0] == {"tid": 1, "stat": "Ss", "wait": f"Wait(task {rows[1]['tid']})"}
    assert rows[1]["wait"] is None


def test_an_unknown_key_program_and_option_are_explained(session):
    done = session("ps -o nonsense", "frobnicate", "ps --frobnicate", "run 'open")
    assert "unknown key 'nonsense'; the keys are tid" in done.stderr
    assert "frobnicate: no such program; `help` lists" in done.stderr
    assert "unrecognized arguments: --frobnicate" in done.stderr
    assert "begins with ' has no end" in done.stderr
    assert done.returncode == 2


def test_help_lists_the_programs_and_what_stands_between_them(session):
    shown = session("help").stdout
    for name in ("ps", "top", "kill", "run", "cat", "help"):
        assert re.search(rf"(?m)^  {name} +\w", shown), name
    assert "&&" in shown and "why TID" in shown


def test_the_status_of_the_last_command_is_the_shell_s(session):
    assert session("ps", "kill 99").returncode == 1
    assert session("kill 99", "exit").returncode == 1
    assert session("exit 3", "ps").stdout == ""
    assert session("exit 3", "ps").returncode == 3
    assert session("nonsense").returncode == 127


def test_a_background_program_is_listed_killed_and_reported(terminal, program):
    program("sleeper.py", SLEEPER)
    terminal.type("run sleeper.py one 'two three' &\n")
    terminal.wait_for(r"\[1\] 2\n")
    terminal.wait_for("started one two three")
    listing = terminal.run("ps -o tid,ptid,pgid,stat,wait,cmd")
    rows = [line.split(None, 4) for line in listing.splitlines() if line]
    assert ["2", "1", "2", "Ss", "Park(program sleeper.py) run sleeper.py one 'two three'"] in rows
    by_tid = {row[0]: row[1:] for row in rows}
    assert by_tid["3"][:3] == ["2", "2", "S"] and by_tid["3"][3].startswith("Wait(task 4)")
    assert by_tid["4"][:3] == ["3", "2", "S"] and by_tid["4"][3].startswith("Sleep(1000)")
    terminal.type("kill %1\n")
    terminal.wait_for("cleaned up")
    terminal.type("wait\n")
    terminal.wait_for(r"\[1\]\+ +Terminated +run sleeper.py one 'two three'")
    assert "child" not in terminal.run("ps")


def test_ctrl_c_interrupts_the_program_in_the_foreground_and_not_the_shell(terminal, program):
    program("sleeper.py", SLEEPER)
    terminal.type("run sleeper.py\n")
    terminal.wait_for("started")
    terminal.type("\x03")
    terminal.wait_for(r"cleaned up\n")
    terminal.wait_for(r"minios\$ ")
    assert "sleeper" not in terminal.run("ps")


def test_ctrl_c_at_the_prompt_gives_a_new_prompt(terminal):
    terminal.type("ps -o no\x03")
    terminal.wait_for(r"\nminios\$ ")
    assert "CMD" in terminal.run("ps")


def test_ctrl_d_leaves_the_shell(terminal):
    terminal.type("\x04")
    terminal.wait_for("exit")
    assert terminal.process.wait(20) == 0


def test_exit_ends_background_programs_cleanly(terminal, program):
    program("sleeper.py", SLEEPER)
    terminal.type("run sleeper.py &\n")
    terminal.wait_for("started")
    terminal.type("exit 7\n")
    terminal.wait_for("cleaned up")
    assert terminal.process.wait(20) == 7


def test_a_program_that_never_yields_at_its_top_level_does_not_hold_up_the_shell(
    terminal, program
):
    program("spin.py", 'print("spinning", flush=True)\nwhile True:\n    pass\n')
    terminal.type("run spin.py &\n")
    terminal.wait_for("spinning")
    assert "run spin.py" in terminal.run("ps")
    terminal.type("kill %1\n")
    terminal.type("wait\n")
    terminal.wait_for(r"\[1\]\+ ")


def test_a_program_reads_the_terminal_in_the_foreground(terminal, program):
    program("ask.py", 'print("hello,", input("name? "), flush=True)\n')
    terminal.type("run ask.py\n")
    terminal.wait_for(r"name\? ")
    terminal.type("Ada\n")
    terminal.wait_for("hello, Ada")
    terminal.wait_for(r"minios\$ ")


def test_the_word_of_a_python_file_runs_it(session, program):
    program("hi.py", 'import sys; print("hi", __name__, sys.argv)')
    assert "hi __main__ ['hi.py', 'you']" in session("hi.py you").stdout


@pytest.mark.parametrize(
    ("source", "status", "words"),
    [
        ("raise SystemExit(5)", 5, ""),
        ("import sys; sys.exit('no good')", 1, "no good"),
        ("1 / 0", 1, "ZeroDivisionError"),
        ("def broken(:", 126, "line 1"),
        ("import minios\nasync def main(): return 1\nprint(minios.run(main()))", 0, ""),
        ("import minios\ndef main():\n  yield\n  1 / 0\nminios.run(main())", 1, "in main"),
        ("import minios, sys\ndef main():\n  yield\n  sys.exit(4)\nminios.run(main())", 4, ""),
    ],
)
def test_the_exit_status_of_a_program_is_as_python_s(session, program, source, status, words):
    program("program.py", source)
    done = session("run program.py")
    assert done.returncode == status
    assert words in done.stderr


def test_exit_in_any_task_of_a_program_ends_that_program_and_not_the_shell(session, program):
    program(
        "leaves.py",
        """
        import minios, sys
        from syscalls import Sleep, Spawn

        def child():
            yield Sleep(0.01)
            sys.exit(3)

        def main():
            yield Spawn(child())
            try:
                yield Sleep(100)
            finally:
                print("cleaned up", flush=True)

        minios.run(main())
        print("not reached")
        """,
    )
    done = session("run leaves.py", "ps")
    assert "cleaned up" in done.stdout and "CMD" in done.stdout
    assert "not reached" not in done.stdout
    assert session("run leaves.py").returncode == 3
    assert session("run leaves.py &", "wait %1").returncode == 3


def test_the_shell_may_be_killed_but_not_stopped(session):
    assert session("kill 1", "ps").returncode == 143
    done = session("kill -STOP 1", "ps")
    assert "nobody could continue it" in done.stderr and "CMD" in done.stdout


def test_a_program_brings_what_it_gave_its_kernel_before_the_run(session, program):
    program(
        "gives.py",
        """
        import minios
        from syscalls import Sleep, Spawn

        kernel = minios.Kernel()
        kernel.call_at(kernel.now() + 0.01, print, "fired")
        kernel.call_from_thread(print, "called")

        def main():
            yield Sleep(0.05)

        def sleeper():
            yield Sleep(100)

        def crowd():
            try:
                for _ in range(5):
                    yield Spawn(sleeper())
            except minios.TaskLimitError:
                print("limited")

        kernel.run(main())
        minios.run(crowd(), max_tasks=3)
        """,
    )
    assert session("run gives.py").stdout.split() == ["called", "fired", "limited"]


def test_a_file_that_is_not_there_is_named(session):
    done = session("run nowhere.py")
    assert "run: nowhere.py: No such file" in done.stderr and done.returncode == 127


def test_classic_programs_that_bring_a_kernel_of_their_own_run_one_after_the_other(
    session, program
):
    program(
        "classic.py",
        """
        import minios

        def count(name, n):
            for i in range(n):
                print(name, i)
                yield

        kernel = minios.Kernel()
        kernel.spawn(count("a", 2))
        kernel.spawn(count("b", 2))
        kernel.run()
        print("over")
        """,
    )
    done = session("run classic.py", "run classic.py")
    assert done.stdout == "a 0\nb 0\na 1\nb 1\nover\n" * 2
    assert done.stderr == ""


def test_wait_returns_the_status_of_the_job_it_waited_for(session, program):
    program("five.py", "raise SystemExit(5)")
    done = session("run five.py &", "wait %1")
    assert done.returncode == 5
    assert session("wait 99").returncode == 127
    assert session("wait %7").returncode == 127


def test_kill_takes_signals_by_name_and_number(session, program):
    program("sleeper.py", SLEEPER)
    for word in ("-9", "-KILL", "-SIGKILL", "-s KILL", "-TERM", "-15"):
        done = session("run sleeper.py &", f"kill {word} %1", "wait %1")
        assert done.returncode == (128 + (15 if "15" in word or "TERM" in word else 9))
    assert "no such signal" in session("kill -NONSENSE 1").stderr
    assert "SIGTERM" in session("kill -l").stdout


def test_stop_and_continue_show_in_the_state(terminal, program):
    program("ticks.py", SLEEPER)
    terminal.type("run ticks.py &\n")
    terminal.wait_for("started")
    terminal.run("kill -STOP 4")
    assert " T " in terminal.run("ps -o tid,stat,cmd").replace("  ", " ")
    terminal.run("kill -CONT 4")
    assert " T " not in terminal.run("ps -o tid,stat,cmd").replace("  ", " ")


def test_the_demos_are_listed_and_run_by_number_and_name(session):
    done = session("demos", "demos 2")
    assert "02_taking_turns" in done.stdout and "10_crawler" in done.stdout
    assert "ping 1" in done.stdout
    assert "ping 1" in session("demos taking_turns").stdout
    assert session("demos 99").returncode == 1


def test_uptime_tells_the_time_and_the_number_of_tasks(session):
    assert re.search(r"\d up 0 min, +2 tasks, +load average: ", session("uptime").stdout)


def test_a_line_of_a_file_of_commands_may_end_in_nothing(session):
    assert "CMD" in session(stdin="ps").stdout
    assert session(stdin="").returncode == 0
    assert session(stdin="# nothing\n\n   \n").stdout == ""


def test_bytes_that_are_no_text_are_an_unknown_program(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "minios"], cwd=tmp_path, input=b"\xff\xfe\x00x\nps\n",
        capture_output=True, timeout=60,
    )
    assert b"no such program" in done.stderr and b"CMD" in done.stdout


def test_commands_are_read_from_a_regular_file(tmp_path):
    script = tmp_path / "script"
    script.write_text("ps\nexit 4\n")
    with script.open() as stdin:
        done = subprocess.run(
            [sys.executable, "-m", "minios"], stdin=stdin, capture_output=True, text=True,
            timeout=60,
        )
    assert "shell" in done.stdout and done.returncode == 4


def test_a_closed_or_full_standard_stream_is_a_message_and_no_traceback():
    shell = f"{sys.executable} -m minios"
    # With a buffer that Python flushes at its exit once more.
    buffered = {key: word for key, word in os.environ.items() if key != "PYTHONUNBUFFERED"}
    for line, status, words in (
        (f"{shell} <&-", 2, "standard input is closed"),
        (f"echo ps | {shell} >/dev/full", 1, "ps: No space left on device"),
        (f"echo 'ps; exit 3' | {shell} >/dev/full", 3, "ps: No space left on device"),
        (f"{shell} --version >/dev/full", 1, "minios: standard output: No space left on device"),
        (f"{shell} --version >&-", 0, ""),
        (f"echo ps | {shell} | true", 0, ""),
    ):
        done = subprocess.run(
            line, shell=True, capture_output=True, text=True, timeout=60, env=buffered
        )
        assert done.returncode == status and words in done.stderr, done.stderr
        assert "Traceback" not in done.stderr and "Exception ignored" not in done.stderr


def test_the_flags_of_standard_input_are_left_as_they_were(tmp_path):
    reader, writer = os.pipe()
    os.write(writer, b"ps\n")
    os.close(writer)
    subprocess.run([sys.executable, "-m", "minios"], stdin=reader, capture_output=True, timeout=60)
    assert os.get_blocking(reader)
    os.close(reader)


def test_sigterm_ends_a_shell_as_it_ends_any_process(terminal):
    terminal.process.send_signal(signal.SIGTERM)
    assert terminal.process.wait(20) == -signal.SIGTERM


# --- Job control -------------------------------------------------------------------------------


def test_ctrl_z_stops_the_program_in_the_foreground_and_fg_lets_it_go_on(terminal, program):
    program("ticks.py", """
        import minios
        from syscalls import Sleep

        def main():
            for n in range(1000):
                print("tick", n, flush=True)
                yield Sleep(0.05)

        minios.run(main())
        """)
    terminal.type("run ticks.py\n")
    terminal.wait_for("tick 2")
    terminal.type("\x1a")
    terminal.wait_for(r"\[1\]\+ +Stopped +run ticks.py\n")
    terminal.wait_for(r"minios\$ ")
    assert re.search(r"(?m)^ *3 +T ", terminal.run("ps -o tid,stat,cmd"))
    before = terminal.screen.count("tick")
    assert "Stopped" in terminal.run("jobs")
    assert terminal.screen.count("ticks.py") and terminal.screen.count("tick ") <= before
    terminal.type("fg\n")
    terminal.wait_for(r"run ticks.py\n")
    terminal.wait_for(r"tick \d")
    terminal.type("\x1a")
    terminal.wait_for("Stopped")
    terminal.wait_for(r"minios\$ ")
    terminal.type("bg\n")
    terminal.wait_for(r"\[1\]\+ +Running +run ticks.py &\n")
    terminal.wait_for(r"tick \d")
    terminal.type("kill %1\nwait\n")
    terminal.wait_for(r"\[1\]\+ +Terminated +run ticks.py")


def test_ctrl_c_ends_a_whole_pipeline(terminal):
    terminal.type("yes | cat | wc -l\n")
    terminal.type("\x03")
    terminal.wait_for(r"minios\$ ")
    assert terminal.run("ps -o cmd").split() == ["CMD", "shell", "ps", "-o", "cmd"]


def test_a_program_reads_lines_from_the_terminal_until_ctrl_d(terminal):
    terminal.type("cat | tr a-z A-Z\n")
    terminal.wait_for(r"A-Z\n")
    terminal.type("hello\n")
    terminal.wait_for("HELLO")
    terminal.type("\x04")
    terminal.wait_for(r"minios\$ ")
    assert "on" in terminal.run("echo on")


def test_a_background_program_that_reads_the_terminal_is_stopped_and_reads_when_in_front(terminal):
    terminal.type("cat > copy &\n")
    terminal.wait_for(r"minios\$ ")
    while "Stopped" not in terminal.run("jobs"):    # when it has come to read
        pass
    terminal.type("fg\n")
    terminal.wait_for(r"cat > copy\n")
    terminal.type("now\n\x04")
    terminal.wait_for(r"minios\$ ")
    assert terminal.run("cat copy") == "now\n"


def test_a_program_that_an_event_loop_drives_is_listed_and_hears_kill(terminal, program):
    program("looping.py", """
        import asyncio, minios.aio

        async def main():
            try:
                print("loops", flush=True)
                await asyncio.sleep(1000)
            finally:
                print("cleaned up", flush=True)

        minios.aio.run(main())
        """)
    terminal.type("run looping.py &\n")
    terminal.wait_for("loops")
    listing = terminal.run("ps -o tid,ptid,wait,cmd")
    assert re.search(r"(?m)^ *2/1 +2 +Await\(Future\) +Task-1", listing)
    assert "sleep(1000)" in terminal.run("where 2/1")
    terminal.type("kill %1\n")
    terminal.wait_for("cleaned up")
    terminal.type("wait\n")
    terminal.wait_for(r"\[1\]\+ ")


def test_what_a_python_program_prints_goes_through_pipes_and_into_files(session, program):
    program("prints.py", """
        import minios, sys, threading
        from syscalls import Sleep, Spawn

        def child():
            yield Sleep(0.01)
            print("child")

        def main():
            yield Spawn(child())
            print("main")
            yield Sleep(0.05)

        print("top")
        minios.run(main())
        print("oops", file=sys.stderr)
        """)
    done = session("run prints.py | sort", "run prints.py > out 2> err", "cat err out", "prints.py")
    assert done.stdout.split() == ["child", "main", "top", "oops", "top", "main", "child",
                                   "top", "main", "child"]
    assert done.stderr == "oops\noops\n"


def test_a_python_program_whose_reader_leaves_is_ended(session, program):
    program("talks.py", """
        import minios

        def main():
            while True:
                print("word " * 1000)
                yield

        minios.run(main())
        """)
    done = session("run talks.py 2> /dev/null | head -1 | wc -w", "ps -o cmd")
    assert done.stdout.split() == ["1000", "CMD", "shell", "ps", "-o", "cmd"]


def test_commands_are_given_on_the_command_line_and_in_a_script(tmp_path):
    (tmp_path / "script").write_text("# a script\necho $1 $#\nfalse\n")
    shell = [sys.executable, "-m", "minios"]
    done = subprocess.run([*shell, "-c", "echo a | cat; exit 3"], capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("a\n", 3)
    done = subprocess.run([*shell, "sh", "script", "x"], capture_output=True, text=True,
                          cwd=tmp_path)
    assert (done.stdout, done.stderr, done.returncode) == ("x 1\n", "", 1)


def test_a_python_program_reads_its_pipe_and_its_file(session, program):
    program("reads.py", """
        import sys

        print("line", input())
        print("rest", sys.stdin.read().split())
        """)
    done = session("seq 3 | reads.py", "reads.py < numbers", "seq 2 | run reads.py | cat",
                   stdin=None)
    assert done.stdout.startswith("line 1\nrest ['2', '3']\n")
    assert done.stdout.endswith("line 1\nrest ['2']\n")
    assert "numbers: No such file" in done.stderr


def test_a_python_program_before_an_early_end_is_over_as_by_sigpipe(session, program):
    program("floods.py", "for n in range(10**9):\n    print(n)\n")
    program("tasks.py", """
        import minios

        def main():
            while True:
                print("word")
                yield

        minios.run(main())
        """)
    done = session("floods.py | head -2", "tasks.py | head -1", "floods.py > /dev/full; echo $?",
                   "ps -o cmd")
    assert done.stdout.splitlines() == ["0", "1", "word", "1", "CMD", "shell", "ps -o cmd"]
    assert "No space left on device" in done.stderr and "Broken" not in done.stderr


def test_a_background_python_program_that_reads_is_stopped_until_it_is_in_front(terminal, program):
    program("asks.py", 'print("hello,", input("name? "), flush=True)\nprint(input(), "again")\n')
    terminal.type("asks.py &\n")
    terminal.wait_for(r"name\? ")
    while "Stopped" not in terminal.run("jobs"):
        pass
    terminal.type("fg\n")
    terminal.wait_for(r"asks.py\n")
    terminal.type("Ada\n")
    terminal.wait_for("hello, Ada")
    terminal.type("\x1a")
    terminal.wait_for("Stopped")
    terminal.wait_for(r"minios\$ ")
    assert terminal.run("echo in between") == "in between\n"
    terminal.type("fg\n")
    terminal.wait_for(r"asks.py\n")
    terminal.type("Bob\n")
    terminal.wait_for("Bob again")


def test_ctrl_c_interrupts_input_at_once(terminal, program):
    program("asks.py", 'input("name? ")\n')
    terminal.type("asks.py\n")
    terminal.wait_for(r"name\? ")
    terminal.type("\x03")
    terminal.wait_for(r"minios\$ ")
    assert terminal.run("echo $?") == "130\n"
