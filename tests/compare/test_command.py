import io
import json
import subprocess
import sys

import pytest

from minios.compare import main
from minios.compare.columns import cells

SAY = "'''Own: what the test wrote.'''\nprint({!r})\n"


@pytest.fixture
def compare(capsys):
    """Run the command; gives its exit status and what it wrote to stdout and stderr."""
    def run(*arguments):
        status = main(list(arguments))
        return status, *capsys.readouterr()

    return run


def test_a_pair_that_agrees_exits_with_0_and_shows_all_there_is(compare):
    status, output, errors = compare("hello", "--width", "120")
    assert (status, errors) == (0, "")
    rows = output.splitlines()
    assert "    yield Sleep(0.01)" in output and "await asyncio.sleep(0.01)" in output
    assert "hello, world                    │ hello, world" in rows
    assert "The outputs agree." in rows
    assert [row.split()[0] for row in rows[-4:]] == ["turns", "----------", "generators", "async"]


def test_a_pair_that_disagrees_exits_with_1_and_shows_the_first_line_that_differs(
    compare, own_pair
):
    own_pair(SAY.format("same\nleft\nmore"), SAY.format("same\nright\nmore"))
    status, output, _ = compare("own")
    assert status == 1
    assert "The outputs differ, first in line 2:" in output
    assert "    generators  'left\\n'\n    async       'right\\n'\n" in output


def test_a_line_too_few_is_a_difference(compare, own_pair):
    own_pair(SAY.format("same\nmore"), SAY.format("same"))
    status, output, _ = compare("own")
    assert status == 1
    assert "first in line 2:" in output and "async       no such line" in output


def test_a_missing_newline_at_the_end_is_a_difference(compare, own_pair):
    own_pair(SAY.format("same"), "print('same', end='')")
    status, output, _ = compare("own")
    assert status == 1
    assert "generators  'same\\n'" in output and "async       'same'" in output


def test_a_failing_program_exits_with_1_and_shows_its_stderr(compare, own_pair):
    own_pair(SAY.format("same"), "print('same')\nraise LookupError('nothing there')")
    status, output, _ = compare("own")
    assert status == 1
    assert "own_async.py failed with exit status 1; it wrote to stderr:" in output
    assert "LookupError: nothing there" in output
    assert "agree" not in output


def test_what_a_program_says_on_stderr_is_shown_though_it_ended_well(compare, own_pair):
    own_pair(SAY.format("same"), "import sys\nprint('same')\nsys.stderr.write('careful')")
    status, output, _ = compare("own")
    assert status == 0
    assert "own_async.py ended well; it wrote to stderr:\ncareful\n" in output


def test_a_program_that_is_killed_leaves_its_figures_unknown(compare, own_pair):
    own_pair(SAY.format("same"), "import os\nos.kill(os.getpid(), 9)")
    status, output, _ = compare("own", "--no-source")
    assert status == 1
    assert "own_async.py was killed by SIGKILL" in output
    assert output.splitlines()[-1].split() == ["async", "?", "?", "?"]


def test_without_a_name_the_pairs_are_listed(compare):
    status, output, errors = compare("--width", "100")
    assert (status, errors) == (0, "")
    rows = output.splitlines()
    assert rows[0] == "hello              Hello: a task starts another and waits for its result."
    assert [row.split()[0] for row in rows][-2:] == ["echo", "crawler"]


def test_an_unknown_name_exits_with_2_and_names_those_there_are(compare):
    status, output, errors = compare("hullo")
    assert (status, output) == (2, "")
    assert "'hullo'" in errors and "hello, chained_calls, timeouts" in errors


@pytest.mark.parametrize(
    "arguments", [["--wrong"], ["hello", "echo"], ["--width"], ["--width", "x"], ["--width", "19"]]
)
def test_a_usage_error_exits_with_2(compare, arguments):
    status, output, errors = compare(*arguments)
    assert (status, output) == (2, "")
    assert "minios compare: error:" in errors


def test_help_exits_with_0(compare):
    status, output, errors = compare("--help")
    assert (status, errors) == (0, "")
    assert output.startswith("usage: minios compare")


def test_the_json_has_the_figures_the_outputs_and_the_sources(compare):
    status, output, _ = compare("hello", "--json")
    data = json.loads(output)
    assert (status, data["name"], data["agree"], data["passed"]) == (0, "hello", True, True)
    assert data["first_difference"] is None
    assert list(data["programs"]) == ["generators", "async"]
    for program in data["programs"].values():
        assert program["output"].startswith("main goes on while greet sleeps\n")
        assert "def main():" in program["source"]
        assert program["turns"] > 0 and program["wall_ms"] > 0 and program["cpu_ms"] > 0
        assert (program["errors"], program["problem"]) == ("", None)


def test_the_json_says_where_the_outputs_part(compare, own_pair):
    own_pair(SAY.format("left"), SAY.format("right") + "raise SystemExit(4)")
    status, output, _ = compare("own", "--json", "--no-source")
    data = json.loads(output)
    assert (status, data["agree"], data["passed"]) == (1, False, False)
    assert data["first_difference"] == {"line": 1, "generators": "left\n", "async": "right\n"}
    assert data["programs"]["async"]["problem"] == "failed with exit status 4"
    assert "source" not in data["programs"]["async"]


def test_the_list_is_there_as_json_too(compare):
    status, output, _ = compare("--json")
    assert status == 0
    assert {"name": "echo", "about": "Echo: a server gives back what three clients send it."} in (
        json.loads(output)
    )


def test_the_sources_can_be_left_out(compare):
    _, output, _ = compare("hello", "--no-source")
    assert "def main" not in output
    assert "hello, world" in output


@pytest.mark.parametrize("width", [20, 50, 60, 80, 200])
def test_no_row_is_wider_than_the_width(compare, own_pair, width):
    own_pair(
        SAY.format("a long line " * 30 + "\n漢字" * 2),
        SAY.format("x" * 300) + "1 / 0  # " + "é" * 90,
    )
    _, output, _ = compare("own", "--width", str(width))
    assert max(map(cells, output.splitlines())) <= width
    assert not any(row.endswith(" ") for row in output.splitlines())


def test_a_narrow_terminal_shows_one_program_after_the_other(compare):
    _, narrow, _ = compare("hello", "--width", "59")
    _, wide, _ = compare("hello", "--width", "60")
    assert "│" not in narrow and "│" in wide
    assert narrow.index("yield Sleep(0.01)") < narrow.index("await asyncio.sleep(0.01)")


def test_the_width_is_that_of_the_terminal(compare, monkeypatch):
    monkeypatch.setenv("COLUMNS", "70")
    widest = max(map(cells, compare("chained_calls")[1].splitlines()))
    assert 60 < widest <= 70
    monkeypatch.setenv("COLUMNS", "5")
    assert compare("hello")[0] == 0


def test_a_terminal_without_unicode_gets_stand_ins(monkeypatch):
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", terminal)
    assert main(["hello", "--width", "80"]) == 0
    terminal.flush()
    rows = terminal.buffer.getvalue().decode("ascii").splitlines()
    assert [row.split() for row in rows if row.startswith("-----")][0] == [
        "-" * len("hello_generators.py"), "|", "-" * len("hello_async.py")
    ]


def test_examples_that_are_not_installed_are_an_error(compare, monkeypatch):
    def nowhere():
        raise FileNotFoundError("the examples are nowhere")

    monkeypatch.setattr("minios.compare.pairs.examples_folder", nowhere)
    assert compare("hello") == (1, "", "minios compare: the examples are nowhere\n")


def test_minios_itself_imports_nothing_of_it():
    code = (
        "import minios, sys; print([name for name in sys.modules "
        "if name.startswith('minios.compare') or name in ('tabulate', 'asyncio', 'subprocess')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "[]\n"
