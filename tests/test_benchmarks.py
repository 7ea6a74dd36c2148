"""The benchmarks run; what they measure is not asserted here, but for memory and order."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


def test_the_switch_benchmark_prints_a_table_and_writes_its_figures(tmp_path):
    figures = tmp_path / "figures.json"
    done = subprocess.run(
        [sys.executable, BENCHMARKS / "switch.py", "--rounds", "1", "--turns", "20", "--tasks",
         "10", "--json", figures],
        capture_output=True, text=True, timeout=120,
    )
    assert done.returncode == 0 and "minios, bare yield" in done.stdout
    results = json.loads(figures.read_text())
    assert results["switch"]["minios, Sleep(0)"] > 0
    assert 100 < results["memory"]["minios"] < 1000       # bytes of a sleeping task


def test_a_hundred_thousand_sleeping_tasks_wake_in_order_within_their_memory():
    done = subprocess.run(
        [sys.executable, BENCHMARKS / "million.py", "100000"], capture_output=True, text=True,
        timeout=120,
    )
    assert done.returncode == 0 and "woken in order: True" in done.stdout
    mebibytes = int(re.search(r"peak (\d+) MiB", done.stdout).group(1))
    assert mebibytes < 1024 / 10 + 30       # a tenth of the million's, and the interpreter


@pytest.mark.parametrize("name", ["buffers", "storm"])
def test_the_benchmark_of_faults_prints_one_table_whose_targets_are_met(name):
    done = subprocess.run(
        [sys.executable, BENCHMARKS / "faults.py", name, "--quick"], capture_output=True,
        text=True, timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("scenario") and " yes" in done.stdout
    # What the system says of memory depends on what else it does.
    missed = [line for line in done.stdout.splitlines() if " NO" in line and "memory" not in line]
    assert not missed


def test_the_benchmark_of_faults_refuses_what_it_does_not_know():
    done = subprocess.run(
        [sys.executable, BENCHMARKS / "faults.py", "earthquake"], capture_output=True, text=True,
        timeout=60,
    )
    assert done.returncode == 2 and "no scenario earthquake" in done.stderr
