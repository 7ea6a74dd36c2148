"""The figure."""

import pytest
from minios.benchmarks.report import as_data

pytest.importorskip("matplotlib")

from minios.benchmarks.plot import SUFFIXES, plot  # noqa: E402

STARTS = {".svg": b"<?xml", ".png": b"\x89PNG", ".pdf": b"%PDF"}


@pytest.fixture
def data(result):
    """A curve, bars of times and of bytes, messages, one that failed, one that was not measured."""
    return as_data([
        *[result("switch", (size,), by, 1e-7 * size ** 0.1) for size in (1, 100, 100_000)
          for by in ("minios", "bare", "asyncio")],
        result("sleep_zero", (100,), "minios", 3e-7), result("sleep_zero", (100,), "trio", 2e-6),
        result("sleeping_task", (), "minios", 812), result("sleeping_task", (), "gevent", 4000),
        *[result("echo", size, "uvloop", 1e-5, rate=9) for size in ((1, 64), (50, 64), (50, 1024))],
        result("locks", (1,), "minios", problem="no luck"), result("locks", (100,), "minios"),
    ], {})


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_figure_is_drawn_in_the_format_of_its_suffix(data, tmp_path, suffix):
    path = tmp_path / f"figure{suffix}"
    plot(data, path)
    assert path.read_bytes().startswith(STARTS[suffix])


def texts(data, path):
    """What is written in the figure: matplotlib draws letters, and says which in comments."""
    plot(data, path)
    svg = path.read_text()
    return [line.strip()[5:-4] for line in svg.splitlines() if line.strip().startswith("<!-- ")]


def test_there_is_a_panel_for_each_work_and_for_each_size_that_makes_no_curve(data, tmp_path):
    shown = texts(data, tmp_path / "figure.svg")
    for title in ("switch", "sleep_zero 100", "sleeping_task", "echo 1x64", "echo 50x64",
                  "echo 50x1024"):
        assert shown.count(title) == 1
    assert not [text for text in shown if "locks" in text]      # nothing to be drawn of it


def test_a_bar_says_its_value_and_its_ratio(data, tmp_path):
    shown = texts(data, tmp_path / "figure.svg")
    assert "300 ns" in shown and "2 us  (6.67 x)" in shown
    assert "812 B" in shown and "3.91 KiB  (4.93 x)" in shown


def test_a_curve_has_its_sizes_on_one_axis_and_who_is_who_beside_it(data, tmp_path):
    shown = texts(data, tmp_path / "figure.svg")
    assert {"1", "100", "100,000", "deque + send"} <= set(shown)


def test_where_nothing_was_measured_the_figure_is_empty(data, tmp_path):
    plot({**data, "results": []}, tmp_path / "figure.png")


def test_a_folder_that_is_not_there_is_an_os_error(data, tmp_path):
    with pytest.raises(OSError):
        plot(data, tmp_path / "nowhere" / "figure.png")
