"""sleep: for some time."""

import pytest

from tests.shell.programs_harness import run

from .streaming import started


@pytest.mark.parametrize(("words", "seconds"), [
    (("2",), 2), (("0.5",), 0.5), (("1m",), 60), (("1h", "30s"), 3630), (("1d",), 86400),
    ((".5",), 0.5),
])
def test_times_are_added(words, seconds):
    kernel, routine, _, _ = started("sleep", *words)
    before = kernel.now()
    assert kernel.run(routine) == 0
    assert kernel.now() - before == seconds


def test_what_is_no_time_is_a_usage_error():
    for words in ((), ("x",), ("-1",), ("1y",), ("nan",)):
        assert run("sleep", *words)[0] == 2
