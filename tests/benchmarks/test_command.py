"""`minios bench`: what may be asked of it, what it prints, and how it ends."""

import json
import os
import shutil
import signal
import subprocess
import sys

import pytest
from minios.benchmarks.works import NAMES

from tests.shell.conftest import Terminal

from .conftest import ROOT

QUICK = ("--quick", "--rounds", "1", "--against", "asyncio")


def test_a_table_is_printed_and_the_figures_are_written(bench, tmp_path):
    done = bench("switch:1", "switch:10", *QUICK, "--json", "figures.json")
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[0][:4] == ["work", "size", "by", "median"]
    assert [line[0] for line in lines[2:8]] == ["switch", "deque", "asyncio"] * 2
    assert "Python 3." in done.stdout
    data = json.loads((tmp_path / "figures.json").read_text())
    assert data["quick"] and data["rounds"] == 1 and "a quick look" in done.stdout
    assert [(each["size"], each["by"]) for each in data["results"]] == [
        ([size], by) for size in (1, 10) for by in ("minios", "bare", "asyncio")
    ]


def test_progress_goes_to_standard_error_a_line_a_size(bench):
    assert bench("switch:1", "switch:10", *QUICK).stderr == "[1/6] switch:1\n[4/6] switch:10\n"


def test_all_works_are_listed_with_their_sizes(bench):
    listed = bench("--list").stdout.splitlines()
    assert [line.split()[0] for line in listed] == list(NAMES)
    assert "100000" in listed[0]


def test_the_targets_are_told_after_the_table(bench):
    done = bench("switch:100", *QUICK, "--targets")
    table, _, targets = done.stdout.partition("promised")
    assert "deque + send" in table and "at least 8 x as fast as asyncio" in targets
    assert "not measured" in targets


def test_a_figure_is_drawn(bench, tmp_path):
    pytest.importorskip("matplotlib")
    assert bench("switch:1", *QUICK, "--plot", "figure.SVG").returncode == 0
    assert (tmp_path / "figure.SVG").exists()


def test_one_measurement_is_made_in_the_process_itself(bench):
    value, rate = json.loads(bench("--one", "switch", "asyncio", "10").stdout)
    assert value > 0 and rate is None


@pytest.mark.parametrize(("arguments", "complaint"), [
    (["swich"], "there is no work swich"),
    (["switch:3"], "switch has no size 3"),
    (["switch", "--rounds", "0"], "0 is no number of rounds"),
    (["switch", "--rounds", "many"], "many is no number of rounds"),
    (["switch", "--against", "asyncio,twisted"], "there is no peer twisted"),
    (["switch", "--loud"], "unrecognized arguments"),
    (["switch:1", "--json", "nowhere/figures"], "nowhere/figures: No such file"),
    (["switch:1", "--json", "."], ".: Is a directory"),
    (["--one", "switch", "nobody", "1"], "switch is not done by nobody, but by minios, "),
    (["--one", "switch", "minios", "3"], "switch has no size 3"),
    (["--serve", "switch", "minios", "1"], "switch serves nobody"),
])
def test_what_cannot_be_done_is_a_usage_error_before_anything_is_measured(
    bench, arguments, complaint
):
    done = bench(*arguments)
    assert done.returncode == 2 and complaint in done.stderr
    assert "[1/" not in done.stderr and done.stdout == ""


@pytest.mark.parametrize(("path", "complaint"), [
    ("nowhere/figure.png", "No such file"), ("figure.gif", "named .svg or .png or .pdf"),
    ("figure", "named .svg or .png or .pdf"),
])
def test_a_figure_that_cannot_be_drawn_is_refused_before_anything_is_measured(
    bench, path, complaint
):
    pytest.importorskip("matplotlib")
    done = bench("switch:1", *QUICK, "--plot", path)
    assert done.returncode == 2 and complaint in done.stderr and "[1/" not in done.stderr


def test_to_look_whether_a_file_can_be_written_changes_nothing(bench, tmp_path):
    (tmp_path / "old").write_text("kept")
    bench("switch:3", "--json", "new")
    bench("switch:1", "--json", "old", "--plot", "figure.gif")
    assert (tmp_path / "old").read_text() == "kept" and not (tmp_path / "new").exists()


def test_without_matplotlib_a_plot_is_refused_and_the_extra_is_named(bench, tmp_path):
    (tmp_path / "matplotlib.py").write_text("raise ImportError('no matplotlib here')\n")
    done = bench("switch:1", *QUICK, "--plot", "figure.svg", modules=tmp_path)
    assert done.returncode == 2 and "extra `bench`: no matplotlib here" in done.stderr


def test_a_full_disk_is_told_and_the_table_is_printed_all_the_same(bench):
    if not os.path.exists("/dev/full"):
        pytest.skip("there is no /dev/full")
    done = bench("switch:1", *QUICK, "--json", "/dev/full")
    assert done.returncode == 1 and "/dev/full: No space left" in done.stderr
    assert "switch" in done.stdout


def test_a_peer_that_cannot_be_imported_is_told_once_and_left_out(bench, tmp_path):
    (tmp_path / "curio.py").write_text("raise AttributeError('made for another Python')\n")
    done = bench("switch:1", "locks:1", "--quick", "--rounds", "1", "--against", "asyncio,curio",
                 modules=tmp_path)
    assert done.returncode == 0
    assert done.stderr.count("made for another Python") == 1
    assert "curio is not measured: AttributeError" in done.stderr and "curio" not in done.stdout


def test_where_nobody_can_be_measured_that_is_a_failure(bench, tmp_path):
    for name in ("httptools", "h11", "aiohttp", "gevent"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('gone')\n")
    done = bench("http", *QUICK, modules=tmp_path)
    assert done.returncode == 1 and "nobody to be measured" in done.stderr
    assert "http by minios is not measured: ImportError: gone" in done.stderr


def test_a_contender_that_fails_is_one_row_and_the_rest_is_measured(bench, tmp_path):
    (tmp_path / "curio.py").write_text("def run(main):\n    raise RuntimeError('no luck')\n")
    done = bench("switch:1", "--quick", "--rounds", "2", "--against", "curio,asyncio",
                 modules=tmp_path)
    assert done.returncode == 1
    rows = [line.split() for line in done.stdout.splitlines() if line]
    assert ["curio", "failed"] in rows and "asyncio" in done.stdout
    assert done.stderr.count("switch:1 by curio failed: RuntimeError: no luck") == 1


@pytest.mark.skipif(shutil.which("cc") is None, reason="the load is compiled, and there is no cc")
def test_a_server_that_fails_is_told_by_what_it_said(bench, tmp_path):
    (tmp_path / "curio.py").write_text("raise_ = None\n")
    done = bench("echo:1x64", "--quick", "--rounds", "1", "--against", "curio", modules=tmp_path)
    assert done.returncode == 1 and "echo:1x64 by curio failed: " in done.stderr
    assert "Error" in done.stderr.partition("by curio failed")[2]


def test_modules_of_the_current_folder_are_not_mistaken_for_others(bench, tmp_path):
    for name in ("json", "minios", "syscalls", "curio", "socket"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the wrong one')\n")
    done = bench("switch:1", *QUICK)
    assert done.returncode == 0, done.stderr


def test_a_reader_that_leaves_early_is_no_traceback(tmp_path):
    command = f"{sys.executable} -m minios bench switch:1 {' '.join(QUICK)}"
    for pipe in ("| true", "2>&1 | head -1"):
        done = subprocess.run(
            f"{command} {pipe}", shell=True, cwd=tmp_path, capture_output=True, text=True,
            timeout=60,
        )
        assert "Traceback" not in done.stderr + done.stdout and "BrokenPipe" not in done.stderr


# A contender that holds the lifeline and never ends; trio stands for it.
ENDLESS = """
import time
def run(main):
    line = open({!r}, "w")
    line.write("held")
    line.flush()
    time.sleep(600)
"""


@pytest.mark.parametrize(("number", "status"), [
    (signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)
])
def test_when_it_is_interrupted_it_shows_what_it_has_and_leaves_no_process(
    number, status, tmp_path, lifeline
):
    (tmp_path / "trio.py").write_text(ENDLESS.format(str(lifeline.path)))
    with subprocess.Popen(
        [sys.executable, "-m", "minios", "bench", "switch:1", "--quick", "--rounds", "3",
         "--against", "trio", "--json", "figures"],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}, cwd=tmp_path,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:
        lifeline.wait_until_held()
        process.send_signal(number)
        output, told = process.communicate(timeout=30)
    assert process.returncode == status
    assert "interrupted after 2 measurements of 9" in told and "Traceback" not in told
    assert "deque + send" in output and "trio" not in output
    assert len(json.loads((tmp_path / "figures").read_text())["results"]) == 3
    lifeline.wait_until_cut()


def test_at_a_terminal_progress_is_one_line_that_goes(tmp_path):
    terminal = Terminal(tmp_path, "bench", "switch:1", *QUICK)
    try:
        terminal.wait_for(r"\r\x1b\[K\[1/3\] switch:1: minios\r\x1b\[K\[2/3\] switch:1: bare")
        terminal.wait_for(r"\[3/3\] switch:1: asyncio\r\x1b\[Kwork ")
        assert terminal.process.wait(30) == 0
    finally:
        terminal.close()


def test_ctrl_c_at_a_terminal_ends_it(tmp_path):
    terminal = Terminal(tmp_path, "bench", "switch:1", *QUICK, "--rounds", "1000")
    try:
        terminal.wait_for(r"\[4/3000\]")
        terminal.type("\x03")
        terminal.wait_for(r"\r\x1b\[Kminios bench: interrupted after 3 measurements of 3000\n")
        terminal.wait_for("asyncio")
        assert terminal.process.wait(30) == 130
    finally:
        terminal.close()
