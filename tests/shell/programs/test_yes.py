"""yes: until nobody reads any more."""

from .streaming import run_until


def test_it_writes_until_its_reader_leaves():
    status, out, _ = run_until("y\ny\n", "yes")
    assert status == 141 and out.startswith("y\ny\ny\n")
    assert run_until("a b\n", "yes", "a", "b")[1].startswith("a b\na b\n")
