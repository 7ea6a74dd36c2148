"""The log: its ring buffer keeps the last lines, whatever logging does with them."""

import logging

import pytest

from syscalls.log import log, recent


@pytest.fixture(autouse=True)
def empty():
    recent.clear()
    yield
    recent.clear()


def test_a_line_is_kept_with_its_level_and_the_error_in_one_line():
    log("ERROR", "task %d failed", 7, error=ValueError("wrong"))
    (line,) = recent
    assert (line.level, line.text) == ("ERROR", "task 7 failed: ValueError: wrong")


def test_lines_are_kept_in_order_and_the_first_are_forgotten():
    for number in range(1000):
        log("INFO", "line %d", number)
    assert [line.text for line in recent] == [f"line {number}" for number in range(488, 1000)]
    times = [line.monotonic for line in recent]
    assert times == sorted(times)


def test_what_is_for_debugging_is_not_kept():
    log("DEBUG", "a client has left")
    assert not recent


def test_a_line_is_kept_where_logging_is_switched_off(caplog):
    logging.disable(logging.CRITICAL)
    try:
        log("ERROR", "nobody hears it")
    finally:
        logging.disable(logging.NOTSET)
    assert [line.text for line in recent] == ["nobody hears it"] and not caplog.records


def test_what_cannot_be_shown_is_kept_by_its_type():
    class Bad(Exception):
        def __str__(self):
            raise ValueError("no text")

    log("ERROR", "it failed", error=Bad())
    assert recent[0].text == "it failed: Bad"


def test_a_line_of_a_million_characters_is_shortened():
    log("ERROR", "%s", "x" * 1_000_000)
    assert len(recent[0].text) == 10_000
