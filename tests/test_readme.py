"""README is true: its programs are run, its shell session is typed again."""

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
    """What differs from run to run, out of sight: times, ports, how often the shell ran; and
    from system to system, the numbers of descriptors: ctypes keeps one open on some.
    """
    text = re.sub(r"\d:\d\d\.\d\d +\d+ ", "TIME SW ", text)
    text = re.sub(r"127\.0\.0\.1:\d+", "ADDRESS", text)
    text = re.sub(r"\(fd \d+\) +", "(fd N) ", text)
    return re.sub(r" +\n", "\n", text).strip()


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
                    terminal.wait_anywhere(re.sub(r"\d+", r"\\d+", re.escape(line)) + "\n")
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
