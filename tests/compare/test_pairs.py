import ast
import subprocess
import sys

import pytest

import minios.beside
from minios.beside import examples_folder
from minios.compare.comparison import Comparison
from minios.compare.pairs import find_pairs, first_line

PAIRS = {pair.name: pair for pair in find_pairs()}
HALF_OF_120 = (120 - len(" │ ")) // 2

each_pair = pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)


def definitions(file):
    """The (line, name) of every function and class in a program."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    tree = ast.parse(file.read_text())
    return [(node.lineno, node.name) for node in tree.body if isinstance(node, kinds)]


def test_the_pairs_go_from_the_smallest_program_to_the_largest():
    assert list(PAIRS) == [
        "hello", "chained_calls", "timeouts", "producer_consumer", "echo", "crawler"
    ]


@each_pair
def test_both_programs_of_a_pair_print_the_same(pair):
    comparison = Comparison.run(pair)
    assert [run.problem or run.errors for run in comparison.runs] == ["", ""]
    assert comparison.runs[0].output == comparison.runs[1].output != ""


@each_pair
def test_a_program_prints_the_same_without_the_runner_and_leaves_nothing_open(pair):
    outputs = set()
    for file in (pair.generators, pair.coroutines):
        done = subprocess.run(
            [sys.executable, "-X", "dev", file], capture_output=True, text=True, timeout=30
        )
        assert (done.returncode, done.stderr) == (0, "")
        outputs.add(done.stdout)
    assert len(outputs) == 1


@each_pair
def test_every_definition_stands_on_the_same_line_in_both_programs(pair):
    ours, theirs = definitions(pair.generators), definitions(pair.coroutines)
    assert theirs == ours[:len(theirs)]
    assert theirs


@each_pair
def test_both_programs_say_in_the_same_words_what_they_show(pair):
    assert first_line(pair.generators) == first_line(pair.coroutines) == pair.about != ""


@each_pair
def test_both_programs_fit_side_by_side_into_120_columns(pair):
    for file in (pair.generators, pair.coroutines):
        lines = file.read_text().splitlines()
        wide = [line for line in lines if len(line) > HALF_OF_120]
        assert [line for line in wide if not line.startswith("from syscalls import")] == []


def test_a_program_without_its_other_half_is_no_pair(own_pair):
    folder = own_pair("'''Both.'''", "pass")
    (folder / "alone_generators.py").write_text("pass")
    assert [(pair.name, pair.about) for pair in find_pairs()] == [("own", "Both.")]


def test_a_program_that_cannot_be_parsed_is_listed_without_a_description(own_pair):
    own_pair("def (", "pass")
    assert [pair.about for pair in find_pairs()] == [""]


def test_the_examples_of_the_checkout_come_before_the_installed_ones(tmp_path, monkeypatch):
    module = tmp_path / "minios" / "beside.py"
    monkeypatch.setattr(minios.beside, "__file__", str(module))
    with pytest.raises(FileNotFoundError, match="install minios again"):
        examples_folder()
    for place in (tmp_path / "minios" / "examples", tmp_path / "examples"):
        (place / "sidebyside").mkdir(parents=True)
        assert examples_folder() == place
