"""What is told of the results."""

import json

import pytest
from minios.benchmarks.report import as_data, in_words, scaled, table


def rows(results):
    return [line.split() for line in table(results).splitlines()[2:]]


@pytest.mark.parametrize(("value", "unit", "text"), [
    (1.5, "s", "1.5 s"), (0.0023, "s", "2.3 ms"), (95.2e-9, "s", "95.2 ns"), (0, "s", "0 ns"),
    (1234e-9, "s", "1.23 us"), (4000, "s", "4000 s"), (812, "B", "812 B"),
    (1285, "B", "1.25 KiB"), (3 << 20, "B", "3 MiB"), (1000 << 10, "B", "1000 KiB"),
])
def test_a_value_is_written_in_a_unit_that_is_easy_to_read(value, unit, text):
    assert scaled(value, unit) == text


def test_each_row_has_its_ratio_to_minios_at_the_same_size(result):
    assert rows([
        result("switch", (1,), "minios", 1e-6, 3e-6, 2e-6),
        result("switch", (1,), "asyncio", 8e-6),
        result("switch", (10,), "minios", 1e-6),
        result("switch", (10,), "asyncio", 4e-6),
    ]) == [
        ["switch", "1", "minios", "2", "us", "50%", "1.00"],
        ["asyncio", "8", "us", "0%", "4.00"],
        ["switch", "10", "minios", "1", "us", "0%", "1.00"],
        ["asyncio", "4", "us", "0%", "4.00"],
    ]


def test_the_bare_loop_is_called_what_it_is(result):
    assert "deque + send" in table([result("switch", (1,), "bare", 1e-7)])


def test_without_minios_there_is_no_ratio(result):
    assert rows([result("switch", (1,), "asyncio", 8e-6)]) == [
        ["switch", "1", "asyncio", "8", "us", "0%"]
    ]


def test_one_that_failed_is_a_row_that_says_so_whatever_it_gave_before(result):
    assert rows([
        result("switch", (1,), "minios", 1e-6),
        result("switch", (1,), "trio", 1e-6, problem="no luck"),
    ])[1] == ["trio", "failed"]


def test_what_was_not_measured_before_an_interrupt_is_left_out(result):
    assert len(rows([result("switch", (1,), "minios", 1e-6), result("switch", (1,), "trio")])) == 1


def test_of_a_server_the_messages_a_second_are_told(result):
    assert rows([result("echo", (50, 1024), "minios", 1e-5, rate=61234.5)])[0][-1] == "61,234"


def test_the_data_has_everything_and_goes_through_json(result):
    data = as_data([
        result("echo", (50, 1024), "minios", 1e-5, 2e-5, 6e-5, rate=100),
        result("echo", (50, 1024), "uvloop", 4e-5, rate=100),
        result("echo", (50, 1024), "trio", 4e-5, problem="no luck"),
    ], {"curio": "gone"})
    assert json.loads(json.dumps(data)) == data
    assert data["missing"] == {"curio": "gone"} and data["python"].startswith("3.")
    minios, uvloop, trio = data["results"]
    assert minios["values"] == [1e-5, 2e-5, 6e-5] and minios["median"] == 2e-5
    assert (minios["work"], minios["size"], minios["by"], minios["unit"]) == (
        "echo", [50, 1024], "minios", "s")
    assert (minios["rate"], minios["ratio"], uvloop["ratio"]) == (100, 1.0, 2.0)
    assert trio["problem"] == "no luck" and trio["median"] is None and trio["ratio"] is None


def test_the_data_says_for_which_versions_it_holds(result):
    pytest.importorskip("aiohttp")
    data = as_data([result("http", (50,), "aiohttp", 1e-5)], {})
    assert set(data["versions"]) == {"aiohttp"}
    assert f"Python {data['python']}" in in_words(data)
    assert f"aiohttp {data['versions']['aiohttp']}" in in_words(data)
