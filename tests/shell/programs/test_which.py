"""which, type, env, clear: what a word would run, and what surrounds it."""

import json
from pathlib import Path

from tests.shell.programs_harness import run

from .streaming import started


def test_which_tells_the_file_of_a_program():
    status, out, _ = run("which", "cat", "true")
    assert status == 0
    assert [Path(line).name for line in out.splitlines()] == ["cat.py", "true_.py"]
    assert all(Path(line).is_file() for line in out.splitlines())
    assert run("which", "nope", "cat")[0] == 1


def test_type_tells_what_a_word_would_run():
    assert run("type", "cat")[1].startswith("cat is a program of the shell: /")
    assert "run as a Python file" in run("type", "a.py")[1]
    assert run("type", "nope") == (1, "", "type: nope: not found\n")


def test_env_shows_the_variables_of_the_program():
    kernel, routine, out, _ = started("env")
    routine.gi_frame.f_locals["process"].variables = {"A": "1", "B": "x y"}
    assert kernel.run(routine) == 0 and out.text == "A=1\nB=x y\n"
    assert isinstance(json.loads(run("env", "--json")[1]), dict)
    assert run("env", "x")[0] == 2


def test_clear_writes_nothing_where_there_is_no_screen():
    assert run("clear") == (0, "", "")
