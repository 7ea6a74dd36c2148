"""What the loop leans on in asyncio is there, and as it was read: see minios/aio/privates.py."""

import asyncio
import inspect
import sys
from importlib import import_module

import pytest

from minios.aio import privates

VERSION = sys.version_info[:2]


def found(module, name):
    thing = import_module(module)
    for part in name.split("."):
        thing = getattr(thing, part, None)
        if thing is None:
            pytest.fail(f"Python {sys.version.split()[0]} has no {module}.{name} any more")
    return thing


@pytest.mark.parametrize(("module", "name", "arguments", "what_for"), privates.FUNCTIONS)
def test_a_private_function_of_asyncio_takes_what_it_took(module, name, arguments, what_for):
    function = found(module, name)
    if arguments is None or not inspect.isfunction(function):
        return
    now = list(inspect.signature(function).parameters)
    assert now == arguments.split(), (
        f"{module}.{name} takes {now} in Python {sys.version.split()[0]}; it is {what_for}"
    )


async def nothing():
    pass


@pytest.fixture
def objects():
    loop = asyncio.SelectorEventLoop()
    coro = nothing()
    objects = {
        "loop": loop,
        "handle": loop.call_later(3600, int),
        "future": loop.create_future(),
        "task": asyncio.Task(coro, loop=loop),
    }
    yield objects
    loop.run_until_complete(objects["task"])
    loop.close()


@pytest.mark.parametrize(("of", "names", "what_for"), privates.ATTRIBUTES)
def test_a_private_attribute_of_asyncio_is_there(objects, of, names, what_for):
    for name in names.split():
        assert hasattr(objects[of], name), (
            f"a {of} has no {name} in Python {sys.version.split()[0]}; it was for: {what_for}"
        )


@pytest.mark.parametrize(("module", "name", "since", "until", "what_for"), privates.VERSIONED)
def test_a_private_name_is_there_in_the_versions_that_have_it(module, name, since, until, what_for):
    if VERSION >= since and (until is None or VERSION < until):
        found(module, name)


def test_the_loop_uses_no_private_name_that_is_not_listed():
    import ast
    from pathlib import Path

    import minios.aio

    listed = {part for _, name, *_ in privates.FUNCTIONS for part in name.split(".")}
    listed |= {name for _, names, _ in privates.ATTRIBUTES for name in names.split()}
    listed |= {name for _, name, *_ in privates.VERSIONED}
    folder = Path(minios.aio.__file__).parent
    own, used = {"_getframe"}, {}       # of sys, and not asyncio's
    for path in sorted(folder.glob("*.py")):
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                used.setdefault(node.attr, path.name)
                if isinstance(node.ctx, ast.Store):
                    own.add(node.attr)
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                own.add(node.name)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                own.add(node.value)     # slots
            elif isinstance(node, ast.Name):
                own.add(node.id)        # of a module
    private = {name for name in used if name.startswith("_") and not name.startswith("__")}
    unlisted = {name: used[name] for name in private - listed - own}
    assert not unlisted, f"leaned on and not in privates.py: {unlisted}"


def test_a_handle_has_no_fields_but_those_that_call_soon_sets(objects):
    fields = set(asyncio.Handle.__slots__) - {"__weakref__"}
    (known,) = [names for of, names, _ in privates.ATTRIBUTES
                if of == "handle" and "_callback" in names]
    assert fields == set(known.split())
