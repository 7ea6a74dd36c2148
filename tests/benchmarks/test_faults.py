"""The benchmark of faults runs; of what it measures, only that its targets are met is asserted."""

import subprocess
import sys

import pytest

from .conftest import ROOT

FAULTS = ROOT / "benchmarks" / "faults.py"


@pytest.mark.parametrize("name", ["buffers", "storm"])
def test_the_benchmark_of_faults_prints_one_table_whose_targets_are_met(name):
    done = subprocess.run(
        [sys.executable, FAULTS, name, "--quick"], capture_output=True,
        text=True, timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("scenario") and " yes" in done.stdout
    # What the system says of memory depends on what else it does.
    missed = [line for line in done.stdout.splitlines() if " NO" in line and "memory" not in line]
    assert not missed


def test_the_benchmark_of_faults_refuses_what_it_does_not_know():
    done = subprocess.run(
        [sys.executable, FAULTS, "earthquake"], capture_output=True, text=True,
        timeout=60,
    )
    assert done.returncode == 2 and "no scenario earthquake" in done.stderr
