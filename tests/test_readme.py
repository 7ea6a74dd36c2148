"""README is true: its programs are run, its shell session is typed again."""

import configparser
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import syscalls
from tests.shell.conftest import Terminal

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
PROGRAMS = re.findall(r"```python\n(.*?)```\n```text\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize(("source", "output"), PROGRAMS)
def test_a_program_of_the_readme_prints_what_stands_below_it(source, output, tmp_path):
    file = tmp_path / "program.py"
    file.write_text(source)
    done = subprocess.run([sys.executable, file], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == (output, "")


def test_every_program_of_the_readme_is_followed_by_its_output():
    assert len(PROGRAMS) == README.count("```python")


def masked(text):
    """What differs from run to run, out of sight: times, and how often who ran; and with it, how
    wide a column is."""
    text = re.sub(r"\d:\d\d\.\d\d +\d+ ", "TIME SW ", text)
    text = re.sub(r" R +\d+\.\d ", " R PCPU ", text)
    return re.sub(r" +", " ", text).strip()


def minios(*arguments):
    return subprocess.run([sys.executable, "-m", "minios", *arguments], capture_output=True,
                          text=True, timeout=60).stdout


def test_the_shell_session_of_the_readme_goes_as_it_is_shown():
    (session,) = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    steps = re.findall(r"minios\$ (.*)\n((?:(?!minios\$ ).*\n)*)", session)
    terminal = Terminal(ROOT)
    try:
        terminal.wait_for(r"minios\$ ")
        for command, output in steps:
            shown = terminal.run(command)
            if command.endswith("&"):       # the program prints when it has started
                for line in output.splitlines():
                    terminal.wait_anywhere(re.escape(line) + "\n")
                # Looked at from another terminal, as each `ps` here would be a task and a tid.
                while "S!" not in minios("ps", str(terminal.process.pid)):
                    pass
                continue
            assert masked(shown) == masked(output)
    finally:
        terminal.close()


def test_every_call_is_in_the_table_of_the_readme():
    for name in syscalls.__all__:
        assert f"`{name}`" in README or name == "SystemCall", name


def test_every_name_of_the_library_is_in_the_table_of_the_readme():
    from minios.lib import _HOMES

    made_by_others = {"Datagram", "File", "FileStream", "Process", "Server", "Stream", "TLSStream"}
    for name in set(_HOMES) - made_by_others:
        assert f"`{name}`" in README, name


def test_every_file_that_the_readme_names_is_there():
    for name in re.findall(r"`((?:minios|syscalls|examples|tests|benchmarks)/[\w/.]*)`", README):
        assert (ROOT / name).exists(), name


def test_the_program_of_the_readme_is_found_by_the_shell(tmp_path):
    (setup,) = re.findall(r"```ini\n(.*?)```", README, re.DOTALL)
    (source,) = re.findall(r"```py\n(.*?)```", README, re.DOTALL)
    (tmp_path / "greeting.py").write_text(source)
    metadata = tmp_path / "greeting-1.0.dist-info"      # as pip would have made it of setup.cfg
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n")
    points = configparser.ConfigParser()
    points.read_string(setup)
    (metadata / "entry_points.txt").write_text("".join(
        f"[{group}]\n{names.strip()}\n" for group, names in points["options.entry_points"].items()
    ))
    done = subprocess.run(
        [sys.executable, "-m", "minios", "-c", "greet Ada | rev"], capture_output=True, text=True,
        timeout=60, env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert (done.stdout, done.stderr) == ("adA ,olleh\n", "")
