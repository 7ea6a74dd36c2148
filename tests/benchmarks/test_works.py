"""The works: what a module of one says, how they are chosen, and that each can be done."""

import inspect
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from minios.benchmarks import work as folder
from minios.benchmarks.contenders import PEERS
from minios.benchmarks.works import NAMES, Work, chosen, text_of

from .conftest import ROOT


def test_each_file_is_a_work_that_has_its_place_in_the_report():
    files = {path.stem for path in Path(folder.__file__).parent.glob("*.py")} - {"__init__"}
    assert files == set(NAMES) and len(NAMES) == len(files)


@pytest.mark.parametrize("name", NAMES)
def test_a_work_says_what_it_is_in_what_unit_and_sizes(name):
    work = Work(name)
    assert work.title and work.title[0].islower() and not work.title.endswith(".")
    assert work.unit in ("s", "B")
    assert work.sizes and all(isinstance(size, tuple) for size in work.sizes)
    assert len(set(map(text_of, work.sizes))) == len(work.sizes)
    assert work.module.__doc__


@pytest.mark.parametrize("name", NAMES)
def test_a_work_is_done_by_minios_first_and_by_peers(name):
    contenders = Work(name).contenders()
    assert next(iter(contenders)) == "minios" and len(contenders) >= 3
    assert all(Work(name).label(each) for each in contenders)


@pytest.mark.parametrize("name", NAMES)
def test_the_functions_of_a_work_take_its_sizes(name):
    work = Work(name)
    for contender in work.contenders().values():
        before = ["listener"] * work.serves + ["run"] * (contender.loop is not None)
        for size in work.sizes:
            inspect.signature(work.function(contender)).bind(*before, *size)
    for size in work.sizes if work.serves else ():
        inspect.signature(work.module.load).bind("server", *size)


def test_works_are_named_alone_or_with_a_size():
    assert [(work.name, sizes) for work, sizes in chosen(["switch:100", "echo:50x1024"])] == [
        ("switch", [(100,)]), ("echo", [(50, 1024)])
    ]
    ((work, sizes),) = chosen(["switch"])
    assert sizes == list(work.sizes)


def test_all_works_are_chosen_where_none_is_named():
    assert [work.name for work, _ in chosen([])] == list(NAMES)


def test_a_work_that_is_named_twice_is_done_once():
    ((_, sizes),) = chosen(["switch:100", "switch:1", "switch:100"])
    assert sizes == [(1,), (100,)]
    assert [work.name for work, _ in chosen(["locks", "switch:1", "locks:1"])] == [
        "locks", "switch"
    ]


@pytest.mark.parametrize(("name", "complaint"), [
    ("swich", "no work swich; there are switch, "), ("", "no work "),
    ("switch:2", "switch has no size 2; it has 1, 10, "),
    ("import_time:2", "import_time has no size 2; it has none"),
])
def test_what_there_is_not_is_an_error_that_says_what_there_is(name, complaint):
    with pytest.raises(ValueError, match=complaint):
        chosen([name])


def test_the_works_are_there_where_no_peer_is():
    absent = [*PEERS[1:], "httptools", "h11", "aiohttp", "uvicorn", "matplotlib"]
    program = (
        f"import sys; sys.modules.update(dict.fromkeys({absent}))\n"
        "from minios.cli import main; sys.exit(main(['bench', '--list']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == list(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_work_is_done_by_minios_and_asyncio_in_all_its_sizes(name, bench, tmp_path):
    work = Work(name)
    if work.serves and shutil.which("cc") is None:
        pytest.skip("the load is compiled, and there is no cc")
    if name == "http":
        pytest.importorskip("h11")
        if shutil.which("wrk") is None:
            pytest.skip("the load of http is wrk, which is not there")
    done = bench(name, "--quick", "--rounds", "1", "--against", "asyncio", "--json", "figures")
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "figures").read_text())["results"]
    assert {tuple(each["size"]) for each in results} == set(work.sizes)
    assert all(each["median"] > 0 for each in results)
    assert {each["by"].split()[0] for each in results} >= {"minios"}    # or minios h11


def test_a_sleeping_task_takes_less_than_a_kilobyte(bench):
    done = bench("--one", "sleeping_task", "minios", "")
    value, _ = json.loads(done.stdout)
    assert 100 < value < 1000
