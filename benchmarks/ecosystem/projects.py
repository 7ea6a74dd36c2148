"""The projects whose own test suites judge an event loop, one row each.

The versions are pinned, and so is what the tests need directly: a comparison of two loops is worth
something only while everything else stands still. All of them have wheels for CPython 3.11, 3.12
and 3.13. uvloop and trio are never installed: what their loops do is not the question here, and
the projects leave out or skip by themselves what needs them.
"""

from dataclasses import dataclass

_PYTEST = ("pytest==8.4.2", "pytest-mock==3.15.1", "pytest-timeout==2.4.0")


@dataclass(frozen=True)
class Project:
    """One project: what is installed, and how its tests are run."""

    name: str
    version: str
    package: str
    """The importable package's folder in the source distribution; it is left out when that is
    unpacked, so that the tests see the installed, compiled one."""
    needs: tuple[str, ...]
    """What the tests need, beside the project itself."""
    arguments: tuple[str, ...]
    """pytest's arguments, without the files. They stand in place of the project's own,
    which ask for coverage, for parallel runs or for colours."""
    environment: tuple[tuple[str, str], ...] = ()
    without_parameters: frozenset[str] = frozenset()
    """Tests with one of these words in their parameters are not run."""
    unprivileged: bool = False
    """The suite starts a program that refuses to run as root."""
    program: tuple[str, str] | None = None
    """A program that must be there, and the Debian package that brings it."""


PROJECTS = {project.name: project for project in (
    # Its `loop` fixture makes loops by asyncio.new_event_loop, that is by the policy. Left out are
    # the benchmarks, and autobahn, which needs Docker.
    Project(
        name="aiohttp",
        version="3.13.5",
        package="aiohttp",
        needs=(
            *_PYTEST, "blockbuster==1.5.26", "brotli==1.2.0", "freezegun==1.5.5",
            "gunicorn==23.0.0", "isal==1.7.2", "proxy-py==2.4.10", "re-assert==1.1.0",
            "trustme==1.2.1", "zlib-ng==1.0.0",
        ),
        arguments=(
            "-m", "not dev_mode and not internal", "--ignore=tests/autobahn",
            "--ignore-glob=tests/test_benchmarks_*", "--aiohttp-loop=pyloop",
        ),
    ),
    # Its `anyio_backend` parameter names the backend and the loop. "asyncio+eager" (from Python
    # 3.12 on) is the loop under test with eager tasks, and stays. Nearly all tests that are marked
    # "network" do with the loopback.
    Project(
        name="anyio",
        version="4.12.1",
        package="src",
        needs=(
            *_PYTEST, "blockbuster==1.5.26", "exceptiongroup==1.3.0", "hypothesis==6.148.2",
            "psutil==7.1.3", "trustme==1.2.1", "truststore==0.10.4",
        ),
        arguments=("--strict-markers", "-p", "anyio", "-p", "pytest_mock", "-p", "no:asyncio",
                   "-p", "no:trio", "-p", "pytest_timeout"),
        environment=(("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1"),),
        without_parameters=frozenset({"asyncio+uvloop", "trio"}),
    ),
    # Its test base makes one loop a class by asyncio.new_event_loop, and starts clusters of
    # PostgreSQL of its own.
    Project(
        name="asyncpg",
        version="0.31.0",
        package="asyncpg",
        needs=(*_PYTEST, "distro==1.9.0"),
        arguments=("--assert=plain",),
        unprivileged=True,
        program=("pg_config", "postgresql"),
    ),
)}
