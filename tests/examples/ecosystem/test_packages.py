"""What the programs of the ecosystem say where a package is missing."""

import os

import pytest

from ..conftest import EXAMPLES


@pytest.mark.parametrize("program, package", [
    ("aiohttp_server", "aiohttp"), ("aiohttp_client", "aiohttp"), ("postgres", "asyncpg"),
    ("redis_cache", "redis"), ("smtp", "aiosmtpd"), ("s3", "aiobotocore"),
    ("elasticsearch_search", "elasticsearch"), ("aioconsole_repl", "aioconsole"),
    ("aiomonitor_demo", "aiomonitor"), ("uvicorn_app", "uvicorn"), ("prompt", "prompt_toolkit"),
])
def test_without_its_package_it_says_what_to_install(
    start, monkeypatch, tmp_path, program, package
):
    (tmp_path / f"{package}.py").write_text("raise ImportError\n")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{EXAMPLES.parent}")
    started = start(f"ecosystem/{program}.py", "argument", "1")
    assert started.finish() == (1, "")
    assert started.errors() == (
        f'{program} needs {package}: pip install "minios[ecosystem]"\n'
    )
