"""The interpreter: pipelines, lists, redirections, variables and scripts, without a terminal."""

import pytest

import minios
from minios.shell.shell import Shell
from minios.shell.system import System
from minios.shell.tty.terminal import Terminal
from minios.sim import VirtualClock
from syscalls import GetTask


class Typed(Terminal):
    """A terminal at which lines have been typed already, and which keeps what is shown."""

    def __init__(self, lines, interactive=False):
        self.lines, self.interactive = list(lines), interactive
        self.out, self.err = b"", b""

    def read_line(self, prompt):
        yield
        return self.lines.pop(0) if self.lines else None

    def read(self):
        yield
        return (self.lines.pop(0) + "\n").encode() if self.lines else b""

    def write(self, data, error=False):
        if error:
            self.err += data
        else:
            self.out += data
        yield


@pytest.fixture
def session(tmp_path, monkeypatch):
    """Let a shell carry out lines: (status, output, errors)."""
    monkeypatch.chdir(tmp_path)     # where `cd` leaves this process is undone


    def session(*lines, files=None, interactive=False):
        for name, content in (files or {}).items():
            (tmp_path / name).write_bytes(content)
        kernel, terminal = minios.Kernel(clock=VirtualClock()), Typed(lines, interactive)
        shell = Shell(kernel, System(kernel), terminal, str(tmp_path))

        def main():
            return (yield from shell.session((yield GetTask())))

        status = kernel.run(main())
        assert not kernel.tasks and not kernel.parking.parked()
        return status, terminal.out.decode(), terminal.err.decode()

    return session


LOG = b"""\
10.0.0.1 - GET /a 200
10.0.0.2 - GET /b 404
10.0.0.1 - GET /c 404
10.0.0.3 - GET /d 404
10.0.0.1 - GET /e 404
"""


def test_programs_are_joined_by_pipes(session):
    line = "cat access.log | grep 404 | cut -d' ' -f1 | sort | uniq -c | sort -rn | head -2"
    status, out, err = session(line, files={"access.log": LOG})
    assert out == "      2 10.0.0.1\n      1 10.0.0.3\n"
    assert (status, err) == (0, "")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("true && echo yes", "yes\n"),
        ("false && echo no", ""),
        ("false || echo yes", "yes\n"),
        ("true || echo no", ""),
        ("false && echo a || echo b", "b\n"),
        ("true || echo a && echo b", "b\n"),
        ("! true || echo turned", "turned\n"),
        ("false; echo $?", "1\n"),
        ("true | false; echo $?", "1\n"),
        ("false | true; echo $?", "0\n"),
        ("nonsense 2> /dev/null; echo $?", "127\n"),
        ("echo a; echo b # and no more; echo c", "a\nb\n"),
        ("sh -c 'exit 7'; echo $?", "7\n"),
        ("sh -c 'echo $1-$#' sh x y", "x-2\n"),
        ("sh -c 'v=inner; echo $v'; echo ${v:-outer}", "inner\nouter\n"),
    ],
)
def test_lists_go_by_the_status_of_what_came_before(session, line, expected):
    assert session(line)[1] == expected


def test_output_is_written_to_files_and_behind_what_is_there(session, tmp_path):
    session("echo one > out", "echo two >> out", "cat < out > copy")
    assert (tmp_path / "copy").read_text() == "one\ntwo\n"


def test_errors_are_redirected_apart_from_output_and_together_with_it(session):
    assert session("cat none 2> err; cat err")[1:] == ("cat: none: No such file or directory\n", "")
    assert session("cat none > both 2>&1; wc -l < both")[1:] == ("1\n", "")
    assert session("cat none &> both; wc -l < both")[1:] == ("1\n", "")
    status, out, err = session("cat none 2>&1 > out")
    assert out.startswith("cat: none") and err == ""    # where output went at that time
    assert session("echo oops 1>&2")[1:] == ("", "oops\n")


def test_a_file_that_cannot_be_opened_fails_its_command_alone(session):
    status, out, err = session("cat < none | wc -c; echo > /no/such/folder; echo $?; echo on")
    assert out == "0\n1\non\n"
    assert "minios: none: No such file or directory" in err
    assert "/no/such/folder: No such file or directory" in err


def test_head_ends_a_writer_that_would_never_end(session):
    status, out, err = session("yes | head -2", "yes | cat | cat | head -1; echo $?")
    assert (out, err) == ("y\ny\ny\n0\n", "")


def test_a_binary_file_passes_through_pipes_as_it_is(session):
    data = bytes(range(256)) * 4096
    assert session("cat data | cat | wc -c", files={"data": data})[1] == f"{len(data)}\n"


def test_a_million_lines_pass_through_bounded_pipes(session):
    assert session("seq 200000 | cat | tail -1")[1] == "200000\n"


def test_variables_are_set_for_the_shell_and_for_one_command(session):
    assert session("v=1", "echo $v", "v=2 env | grep ^v=", "echo $v")[1] == "1\nv=2\n1\n"
    assert session("export w=3; env | grep ^w=; unset w; echo ${w:-none}")[1] == "w=3\nnone\n"
    assert session("a='x  y'; echo $a \"$a\"")[1] == "x y x  y\n"


def test_patterns_are_the_files_of_the_shell_s_folder(session, tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "c.txt").write_text("")
    files = {"a.txt": b"", "b.txt": b""}
    assert session("echo *.txt", "cd sub; echo *.txt ../*.txt", files=files)[1] == (
        "a.txt b.txt\nc.txt ../a.txt ../b.txt\n")


def test_cd_changes_the_folder_of_what_follows(session, tmp_path):
    (tmp_path / "sub").mkdir()
    out = session("cd sub", "pwd; echo x > here", "cd -", "cat sub/here", "cd nowhere; echo $?")
    assert out[1] == f"{tmp_path}/sub\n{tmp_path}\nx\n1\n"
    assert "nowhere: No such file or directory" in out[2]


def test_a_script_is_carried_out_in_this_shell_and_in_one_of_its_own(session):
    files = {"s": b"v=$1\necho in $v\n\n# nothing\nfalse\n"}
    assert session("source s a; echo $v $?", files=files)[1] == "in a\na 1\n"
    assert session("sh s b | cat; echo ${v:-unset}", files=files)[1] == "in b\nunset\n"
    assert session("sh < s; echo $?", files={"s": b"echo from stdin; exit 3"})[1] == (
        "from stdin\n3\n")
    status, _, err = session("sh s", files={"s": b"echo 'open\n"})
    assert status == 2 and "begins with ' has no end" in err


def test_a_background_job_is_told_of_listed_and_waited_for(session):
    status, out, err = session("sleep 5 &", "jobs", "echo $!", "wait %1; echo $?", "jobs",
                               interactive=True)
    lines = out.splitlines()
    number, tid = lines[0].split()
    assert number == "[1]" and lines[1].split() == ["[1]+", "Running", "sleep", "5", "&"]
    assert lines[2:4] == [tid, "0"]
    assert lines[4].split() == ["[1]+", "Done", "sleep", "5"] and err == ""


def test_a_list_runs_in_the_background_as_one_job(session):
    _, out, _ = session("sleep 1 && echo first && false || echo second &", "echo at once", "wait")
    assert out.splitlines() == ["at once", "first", "second"]


def test_a_job_of_several_programs_is_killed_as_one(session):
    status, out, err = session("sleep 100 | cat | cat &", "kill %1; wait %1; echo $?", "kill %1")
    assert "143" in out or "0" in out.splitlines()[1]
    assert "no such job" not in err or "Terminated" in out


def test_a_job_is_stopped_and_continued(session):
    _, out, _ = session("sleep 5 &", "kill -STOP %1; jobs", "bg; jobs", "wait; echo over")
    states = [line.split()[1] for line in out.splitlines()[:-1]]
    assert states == ["Stopped", "Running", "Running"] and out.endswith("over\n")


def test_a_line_is_continued_where_it_is_not_complete(session):
    assert session("echo 'a", "b'", "true &&", "echo c")[1] == "a\nb\nc\n"


def test_a_line_that_is_wrong_is_explained_and_the_next_is_carried_out(session):
    _, out, err = session("echo a; echo $(b)", "echo c")
    assert out == "c\n" and "this shell has no `(`" in err


def test_an_end_within_a_quotation_is_a_message(session):
    status, _, err = session("echo 'open")
    assert status == 2 and "begins with ' has no end" in err


def test_the_streams_of_a_program_that_is_killed_are_closed(session):
    _, out, err = session("sleep 100 | cat &", "kill -KILL %1", "wait", "echo on")
    assert out.splitlines()[-1] == "on" and "Traceback" not in err


def test_a_program_that_fails_by_mistake_shows_its_traceback_and_the_shell_goes_on(
    session, monkeypatch
):
    from minios.shell.programs import pwd

    def main(process, options):
        yield
        raise ZeroDivisionError("a mistake")

    monkeypatch.setattr(pwd, "main", main)
    status, out, err = session("pwd | cat", "echo $?")
    assert err.count("ZeroDivisionError: a mistake") == 1 and out == "0\n"


def test_the_aliases_of_other_monitors_are_understood(session):
    assert "TID" in session("p")[1]
    assert session("ca 999")[2].startswith("kill: 999: no such task")
