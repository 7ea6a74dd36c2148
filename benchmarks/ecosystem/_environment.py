"""A project's test suite made ready to run: its tests unpacked, and a virtual environment.

The tests come from the source distribution; the project itself, of the same version, from its
wheel, so that no compiler is needed. Everything stands in a cache folder and is made once: a stamp
beside it says what it was made of, and another pin or another Python makes it anew.
"""

import json
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Environment:
    """Where a project's tests and the Python that runs them stand."""

    source: Path
    python: Path


def prepare(project, python, cache, candidate_needs=()):
    """Make the project ready to be tested by `python` (path of an interpreter); -> Environment.

    Raises CalledProcessError where pip or venv fails; both have said why on stderr by then.
    """
    version = _version_of(python)
    folder = cache / f"{project.name}-{project.version}-python{version}"
    environment = Environment(folder / "source", folder / "venv" / "bin" / "python")
    stamp = folder / "made-of.json"
    made_of = json.dumps([str(python), project.needs, candidate_needs])
    if stamp.exists() and stamp.read_text() == made_of:
        return environment
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    subprocess.run([python, "-m", "venv", folder / "venv"], check=True)
    pip = [environment.python, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    pinned = f"{project.name}=={project.version}"
    subprocess.run(
        [*pip, "install", "--prefer-binary", pinned, *project.needs, *candidate_needs], check=True,
    )
    # pip builds a source distribution's metadata even to download it; what that takes is fetched
    # as wheels, or pip would compile Cython first.
    subprocess.run(
        [*pip, "download", "--no-deps", "--no-binary", project.name, "--dest", folder, pinned],
        check=True,
    )
    (archive,) = folder.glob("*.tar.gz")
    _unpack(archive, environment.source, project.package)
    stamp.write_text(made_of)
    return environment


def _version_of(python):
    command = [python, "-c", "import platform; print(platform.python_version())"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _unpack(archive, source, package):
    """Unpack what is below the archive's one top folder, without the importable package."""
    beside = source.with_name("unpacking")
    with tarfile.open(archive) as members:
        members.extractall(beside, filter="data")
    (top,) = beside.iterdir()
    shutil.rmtree(top / package)
    top.rename(source)
    beside.rmdir()
