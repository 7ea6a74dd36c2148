"""The programs of the shell: their contract, and those that other packages add."""

import subprocess
import sys

import pytest

from minios.shell.arguments import Arguments, Leave
from minios.shell.programs import find_program, program_names

PLUGIN = '''
"""greet: say hello."""

from minios.shell.arguments import Arguments


def parser():
    parser = Arguments("greet", "Say hello to somebody.")
    parser.add_argument("name")
    return parser


def main(process, options):
    yield from process.say(f"hello, {options.name}")
    return 3
'''


@pytest.mark.parametrize("name", program_names())
def test_a_program_has_a_parser_that_tells_what_it_is_for(name):
    program = find_program(name)
    parser = program.parser()
    assert isinstance(parser, Arguments) and parser.prog == name
    assert parser.summary and len(parser.summary) < 100
    with pytest.raises(Leave) as left:
        parser.parse_args(["--help"])
    assert left.value.status == 0 and f"usage: {name}" in left.value.message
    assert program.__doc__.startswith(f"{name}: ")


@pytest.mark.parametrize("name", program_names())
def test_a_program_answers_an_option_that_it_does_not_know_with_its_usage(name):
    if name in ("echo", "printf", "true", "false", "test"):
        pytest.skip("it takes whatever comes, as in sh")
    with pytest.raises(Leave) as left:
        find_program(name).parser().parse_args(["--no-such-option"])
    assert left.value.status == 2 and left.value.message.startswith(f"{name}: ")


def test_what_is_no_program_is_none():
    assert find_program("frobnicate") is None
    assert find_program("__init__") is None


@pytest.fixture
def plugin(tmp_path):
    """A folder with a package that adds programs, as pip would have installed it."""
    (tmp_path / "greeting.py").write_text(PLUGIN)
    (tmp_path / "broken.py").write_text("import nothing_of_the_kind\n")
    metadata = tmp_path / "greeting-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        "[minios.programs]\ngreet = greeting\nbroken = broken\nps = greeting\n"
    )
    return tmp_path


def session(folder, *lines):
    return subprocess.run(
        [sys.executable, "-c", "import sys; sys.path.insert(0, '.'); "
         "from minios.cli import main; sys.exit(main([]))"],
        cwd=folder, input="\n".join(lines), capture_output=True, text=True, timeout=60,
    )


def test_a_package_adds_a_program_by_an_entry_point(plugin):
    done = session(plugin, "greet Ada", "echo $?", "greet Ada | wc -w", "greet --help",
                   "help greet")
    assert done.stdout.startswith("hello, Ada\n3\n2\nusage: greet")
    assert done.stdout.count("Say hello to somebody.") == 2


def test_a_program_that_cannot_be_loaded_is_a_message_and_takes_no_place_of_ours(plugin):
    done = session(plugin, "broken", "echo $?", "ps")
    assert "broken: cannot be loaded: No module named 'nothing_of_the_kind'" in done.stderr
    assert done.stdout.startswith("126\n") and "WAIT" in done.stdout


def test_help_lists_the_programs_of_other_packages_and_those_that_are_broken(plugin):
    done = session(plugin, "help")
    assert "greet" in done.stdout and "Say hello to somebody" in done.stdout
    assert "broken" in done.stdout
