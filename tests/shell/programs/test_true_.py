"""true and false: the status, and nothing else."""

from tests.shell.programs_harness import run


def test_true_is_0_and_false_is_1_whatever_they_are_given():
    assert run("true") == run("true", "a", "b") == (0, "", "")
    assert run("false") == run("false", "a") == (1, "", "")
