"""What completion offers at the cursor of an unfinished line."""

from types import SimpleNamespace

import pytest

import minios
from minios.shell.interpreter import Interpreter
from minios.shell.jobs import Job
from minios.shell.parser import parse
from minios.shell.system import System
from minios.shell.tty.completion import Candidate, complete
from minios.shell.tty.unfinished import place_of
from syscalls import Sleep


@pytest.fixture
def shell(tmp_path):
    kernel = minios.Kernel()
    return Interpreter(kernel, System(kernel), None, folder=str(tmp_path))


def texts(shell, line, cursor=None):
    return [each.text for each in complete(shell, line, len(line) if cursor is None else cursor)]


def spawn(shell, count, name="worker"):
    def routine():
        yield Sleep(1)

    return [shell.kernel.spawn(routine(), name=name) for _ in range(count)]


# --- The first word ------------------------------------------------------------------------


@pytest.mark.parametrize("before", ["", "ps | ", "ps;", "ps & ", "ps && ", "ps || ", "A=1 ", "ps|",
                                    "cat < in | ", "ps\n"])
def test_a_command_begins_with_a_program(shell, before):
    [found] = [each for each in complete(shell, before + "upti", len(before) + 4)
               if each.text.startswith("upt")]
    assert found.text == "uptime " and found.start == len(before)
    assert found.description


def test_a_command_may_begin_with_a_python_file_or_a_folder_but_no_other_file(shell, tmp_path):
    for name in ("zz.py", "zz.txt"):
        (tmp_path / name).touch()
    (tmp_path / "zzz").mkdir()
    assert texts(shell, "zz") == ["zz.py ", "zzz/"]


def test_a_command_that_is_a_path_may_be_any_file(shell, tmp_path):
    (tmp_path / "run.sh").touch()
    assert texts(shell, "./ru") == ["./run.sh "]


def test_in_a_comment_there_is_nothing_to_complete(shell):
    assert texts(shell, "ps # upt") == []


def test_only_what_stands_before_the_cursor_counts(shell):
    assert complete(shell, "upti xyz", 4)[0].text == "uptime "


# --- Flags ---------------------------------------------------------------------------------


def test_a_word_with_a_dash_is_a_flag_of_the_program_with_its_help(shell):
    found = {each.text: each.description for each in complete(shell, "wc -", 4)}
    assert "-l " in found and "lines" in found["-l "]
    assert "--help " in found


def test_behind_two_dashes_there_are_no_flags(shell):
    assert texts(shell, "wc -- -") == []


def test_kill_offers_the_names_of_signals(shell):
    assert "-TERM " in texts(shell, "kill -T")


def test_an_unknown_program_takes_files(shell, tmp_path):
    (tmp_path / "data").touch()
    assert texts(shell, "nonsense da") == ["data "]


# --- Tasks and jobs --------------------------------------------------------------------------


def test_a_program_that_takes_tids_is_offered_the_tasks_with_their_names(shell):
    task = spawn(shell, 1, "server")[0]
    assert complete(shell, "kill ", 5) == [Candidate(f"{task.tid} ", 5, "server")]


def test_a_task_may_be_named_by_the_beginning_of_its_name(shell):
    task = spawn(shell, 1, "server")[0]
    assert texts(shell, "where ser") == [f"{task.tid} "]


def test_jobs_are_offered_where_tids_are(shell):
    job = Job("sleep 100 | wc")
    job.tasks = spawn(shell, 1)
    shell.jobs.add(job)
    assert complete(shell, "kill %", 6) == [Candidate("%1 ", 5, "sleep 100 | wc")]
    assert texts(shell, "fg ") == ["%1 "]


def test_the_value_of_a_flag_that_takes_tids_is_a_tid_also_behind_a_comma(shell):
    spawn(shell, 12)
    assert texts(shell, "ps -p 3,1") == ["3,1 ", "3,10 ", "3,11 ", "3,12 "]


def test_a_program_that_runs_a_command_is_followed_by_one(shell):
    task = spawn(shell, 1)[0]
    assert texts(shell, "time upti") == ["uptime "]
    assert texts(shell, "nice -n 5 kill ") == [f"{task.tid} "]
    assert "-l " in texts(shell, "time wc -")


def test_of_100_000_tasks_200_that_fit_are_offered(shell):
    task = SimpleNamespace(name="worker", kernel=shell.kernel)
    tasks = [SimpleNamespace(**vars(task), tid=tid) for tid in range(1, 100_001)]
    shell.system = SimpleNamespace(
        kernel=shell.kernel, tasks=lambda: tasks, address=lambda task: str(task.tid))
    found = texts(shell, "kill 99")
    assert len(found) == 200 and found[:3] == ["99 ", "990 ", "991 "]
    assert texts(shell, "kill 99999") == ["99999 "]


# --- Files -----------------------------------------------------------------------------------


def test_an_argument_is_a_file_or_a_folder_of_the_shells_folder(shell, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "one").touch()
    (tmp_path / "date.txt").touch()
    assert texts(shell, "cat da") == ["data/", "date.txt "]
    assert texts(shell, "cat data/") == ["data/one "]


def test_hidden_files_are_offered_to_who_types_the_dot(shell, tmp_path):
    (tmp_path / ".hidden").touch()
    (tmp_path / "seen").touch()
    assert texts(shell, "cat ") == ["seen "]
    assert texts(shell, "cat .") == [".hidden "]


@pytest.mark.parametrize("line", ["ps > ou", "ps >ou", "ps 2> ou", "ps >> ou", "wc < ou",
                                  "ps > a > ou"])
def test_behind_a_redirection_there_are_files(shell, tmp_path, line):
    (tmp_path / "out").touch()
    assert texts(shell, line) == ["out "]


def test_behind_a_redirection_the_command_goes_on(shell):
    assert "-l " in texts(shell, "wc < in -")
    assert "-l " in texts(shell, "wc 2>&1 -")


@pytest.mark.parametrize(("typed", "found"), [
    ("my", r"my\ \$file "), (r"my\ ", r"my\ \$file "), ('"my', r'"my \$file" '),
    ('"my ', r'"my \$file" '), ("'my", "'my $file' "),
])
def test_a_name_that_needs_it_is_quoted_in_the_way_that_was_begun(shell, tmp_path, typed, found):
    (tmp_path / "my $file").touch()
    assert texts(shell, f"cat {typed}") == [found]


@pytest.mark.parametrize("name", [
    "a b", "a'b", 'a"b', "a$b", "a\\b", "a*b", "a;b", "a#b", "#a", "a\nb", "é", "a`b", "a&b", "a(b",
    "-a", "a=b", "a!b", "a'b c",
])
@pytest.mark.parametrize("quote", ["", '"', "'"])
def test_what_is_offered_is_read_as_the_name_of_the_file(shell, tmp_path, name, quote):
    from minios.shell.expansion import expand

    (tmp_path / name).touch()
    [offered] = texts(shell, f"cat ./{quote}" if quote else "cat ./")
    [and_or] = parse(f"cat {offered}")
    [(_, pipeline)] = and_or.pipelines
    [command] = pipeline.commands
    words = expand(command.words, lambda name: None, str(tmp_path))
    assert words == ["cat", f"./{name}"]


def test_the_home_folder_and_variables_are_looked_into_and_stay_as_typed(
        shell, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    shell.variables["PLACE"] = str(tmp_path)
    (tmp_path / "notes").touch()
    assert texts(shell, "cat ~/no") == ["~/notes "]
    assert texts(shell, "cat $PLACE/no") == ["$PLACE/notes "]
    assert texts(shell, 'cat "${PLACE}/no') == ['"${PLACE}/notes" ']


def test_variables_are_offered_behind_a_dollar_but_not_in_single_quotes(shell):
    shell.variables = {"PLACE": "/tmp", "PLAN": "b"}
    assert complete(shell, "cat x$PLA", 9) == [
        Candidate("$PLACE", 5, "/tmp"), Candidate("$PLAN", 5, "b")]
    assert texts(shell, 'cat "${PLAC') == ["${PLACE}"]
    assert texts(shell, "cat '$PLA") == []


def test_proc_has_the_tasks_and_the_files_of_one(shell):
    task = spawn(shell, 1)[0]
    assert f"/proc/{task.tid}/" in texts(shell, "cat /proc/")
    assert texts(shell, f"cat /proc/{task.tid}/sta") == [
        f"/proc/{task.tid}/stack ", f"/proc/{task.tid}/status "]


def test_a_folder_that_cannot_be_looked_into_offers_nothing(shell):
    assert texts(shell, "cat /nowhere/at/all/") == []
    assert texts(shell, "cat \0") == []


# --- Unfinished lines --------------------------------------------------------------------------


@pytest.mark.parametrize(("line", "words", "value"), [
    ("a b", ["a"], "b"), ("a 'b c' d", ["a", "b c"], "d"), ('a "b c', ["a"], "b c"),
    (r"a b\ c", ["a"], "b c"), ("a b ", ["a", "b"], ""), ("a 'b' > x c", ["a", "b"], "c"),
    ("X=1 a b", ["a"], "b"), ("a; b", [], "b"), ("a\\", [], "a"), ('"', [], ""), ("", [], ""),
    ("a#b c", ["a#b"], "c"), ("a # b\nc", [], "c"), ("(a", [], "a"), ("a 2>x b", ["a"], "b"),
])
def test_the_word_at_the_cursor_is_found_in_any_line(line, words, value):
    place = place_of(line)
    assert (place.words, place.value) == (words, value)
