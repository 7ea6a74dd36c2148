"""Programs and pairs that a test writes itself."""

import textwrap

import pytest


@pytest.fixture
def program(tmp_path):
    """A function that writes a program into a file of its own and returns its path."""
    def write(source, name="program.py"):
        file = tmp_path / name
        file.write_text(textwrap.dedent(source))
        return file

    return write


@pytest.fixture
def own_pair(tmp_path, monkeypatch):
    """A function that writes a pair, which is from then on among those to be compared."""
    def write(generators, coroutines, name="own"):
        folder = tmp_path / "sidebyside"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}_generators.py").write_text(textwrap.dedent(generators))
        (folder / f"{name}_async.py").write_text(textwrap.dedent(coroutines))
        monkeypatch.setattr("minios.compare.pairs.examples_folder", lambda: tmp_path)
        return folder

    return write
