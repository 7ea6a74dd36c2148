"""06_pipeline.py: tail -f FILE | grep WORD."""

import pytest

PROGRAM = "06_pipeline.py"


@pytest.fixture
def log(tmp_path):
    """A file to which a test adds text."""
    path = tmp_path / "some.log"
    path.write_text("a python from before\n")
    return path


def add(path, text):
    with open(path, "a") as file:
        file.write(text)


def test_only_new_lines_with_the_word_are_shown(start, log):
    program = start(PROGRAM, "--grep", "python", "--lines", 2, log)
    assert program.read_line() == f"following {log}"
    add(log, "one python\nants\n")
    add(log, "two pythons\nthree pythons\n")
    assert program.finish() == (0, "[python] one python\n[python] two pythons\n")


def test_a_line_is_shown_when_it_is_complete(start, log):
    program = start(PROGRAM, "--lines", 2, log)
    program.read_line()
    add(log, "first python\nhalf of a pyt")
    assert program.read_line() == "[python] first python"
    add(log, "hon\n")
    assert program.finish() == (0, "[python] half of a python\n")


def test_many_words_are_looked_for_in_many_files_at_once(start, log, tmp_path):
    other = tmp_path / "other.log"
    other.touch()
    program = start(PROGRAM, "--grep", "ant", "--grep", "bee", "--lines", 4, log, other)
    assert [program.read_line(), program.read_line()] == [f"following {log}", f"following {other}"]
    add(log, "an ant\n")
    assert program.read_line() == "[ant] an ant"
    add(other, "a bee\n")
    assert program.read_line() == "[bee] a bee"
    add(log, "an ant meets a bee\n")
    assert program.finish() == (0, "[ant] an ant meets a bee\n[bee] an ant meets a bee\n")


def test_bytes_that_are_no_text_do_not_end_the_pipeline(start, log):
    program = start(PROGRAM, "--lines", 1, log)
    program.read_line()
    with open(log, "ab") as file:
        file.write(b"python \xff\xfe\n")
    assert program.finish() == (0, "[python] python \ufffd\ufffd\n")


def test_without_a_file_it_writes_a_log_of_its_own(output_of):
    _, *lines = output_of(PROGRAM, "--lines", 3).splitlines()
    assert lines == [
        "[python] a python sleeps", "[python] the python wakes", "[python] a python sleeps",
    ]


def test_a_reader_that_has_gone_ends_the_program(start, log):
    program = start(PROGRAM, log)
    program.read_line()
    program.process.stdout.close()
    add(log, "a python\n")
    program.process.wait()
    assert "Traceback" not in program.errors()


def test_a_missing_file_is_named(start, tmp_path):
    program = start(PROGRAM, tmp_path / "missing.log")
    assert program.finish() == (1, "")
    assert "missing.log" in program.errors()
    assert "Traceback" not in program.errors()


def test_ctrl_c_ends_it(start, log):
    program = start(PROGRAM, log)
    program.read_line()
    program.interrupt()
    assert program.finish() == (130, "interrupted\n")
    assert program.errors() == ""
