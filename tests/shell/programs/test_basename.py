"""basename and dirname: the parts of a path."""

import pytest

from tests.shell.programs_harness import run

from .real import assert_same, needs

PATHS = ["/a/b", "a", "a/", "/", "//", "/a", "a//b//", "", ".", "..", "/a/b.c", "a/.c", "///a"]


@needs("basename")
@pytest.mark.parametrize("path", PATHS)
def test_the_last_part_is_that_of_the_real_one(path):
    assert_same("basename", path)
    assert_same("basename", path, ".c")
    assert_same("basename", "-a", path, "x/y")
    assert_same("basename", "-s", "b", path, "x/b")


@needs("dirname")
def test_the_folder_is_that_of_the_real_one():
    for path in PATHS:
        if path != "//":        # may be something else (POSIX.1, 4.13)
            assert_same("dirname", path)
    assert_same("dirname", *PATHS[:3])


def test_too_few_and_too_many_are_usage_errors():
    assert run("basename")[0] == run("dirname")[0] == run("basename", "a", "b", "c")[0] == 2
