"""Who may import whom, read from the sources; and what `import minios` must not bring."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# Where each package is: the benchmarks stand beside minios, and are installed inside it.
FOLDERS = {
    "syscalls": ROOT / "syscalls", "minios": ROOT / "minios",
    "minios.benchmarks": ROOT / "benchmarks",
}

# package -> what it may import of the project; the longest name that fits decides.
ALLOWED = {
    "syscalls": {"syscalls"},
    "minios": {"minios.kernel", "minios.lib", "minios.errors", "syscalls"},
    "minios.errors": {"syscalls.errors"},
    "minios.kernel": {"minios.kernel", "syscalls"},
    "minios.lib": {"minios.lib", "minios.errors", "minios.kernel.current", "syscalls"},
    "minios.trace": {"minios.trace", "minios.kernel", "minios.mainfile", "syscalls"},
    "minios.sim": {"minios.sim", "minios.kernel", "minios.errors"},
    "minios.shell": {"minios.shell", "minios.lib", "minios.kernel", "minios.errors",
                     "minios.trace", "minios.beside", "minios.compare", "syscalls"},
    "minios.compare": {"minios.compare", "minios.lib", "minios.kernel", "minios.errors",
                       "minios.beside", "syscalls"},
    "minios.aio": {"minios.aio", "minios.lib", "minios.kernel", "minios.errors", "syscalls"},
    "minios.legacy": {"minios.legacy", "minios.lib", "minios.kernel", "minios.errors", "syscalls"},
    "minios.cli": {"minios", "syscalls"},
    "minios.__main__": {"minios.cli"},
    "minios.beside": set(),
    "minios.mainfile": set(),
    # What a user may import, of which `import minios` is most.
    "minios.benchmarks": {"minios.benchmarks", "minios.aio", "minios.sim", "minios.trace",
                          "syscalls"},
}
BASE_OF_SYSCALLS = {"syscalls.base", "syscalls.errors", "syscalls.describe", "syscalls.signums",
                    "syscalls.log",
                    "syscalls.process"}     # Wait, by which a Task is awaited


def modules():
    for package, folder in FOLDERS.items():
        for path in sorted(folder.rglob("*.py")):
            name = ".".join((package, *path.relative_to(folder).with_suffix("").parts))
            yield name.removesuffix(".__init__"), path


def imports_of(name, path):
    """The project's modules that a module imports anywhere, as absolute names."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    tree = ast.parse(path.read_text())
    types_only = {
        each for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING" for each in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in types_only:
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = package.split(".")
                parts = parts[: len(parts) - node.level + 1]
                base = ".".join(parts + ([node.module] if node.module else []))
            names = [f"{base}.{alias.name}" if is_module(base, alias.name) else base
                     for alias in node.names]
        else:
            continue
        yield from (each for each in names if each.split(".")[0] in ("minios", "syscalls"))


def is_module(package, name):
    folder = ROOT / package.replace(".", "/")
    if package.startswith("minios.benchmarks"):
        folder = FOLDERS["minios.benchmarks"].joinpath(*package.split(".")[2:])
    return (folder / f"{name}.py").exists() or (folder / name).is_dir()


def rule_for(name):
    while name not in ALLOWED:
        name = name.rpartition(".")[0]
    return ALLOWED[name]


@pytest.mark.parametrize(("name", "path"), list(modules()))
def test_a_module_imports_only_from_the_layers_it_may(name, path):
    allowed = rule_for(name)
    for imported in imports_of(name, path):
        fits = any(imported == rule or imported.startswith(rule + ".") for rule in allowed)
        public = imported == "minios" and "kernel" not in name and (
            "minios.kernel" in allowed or name.startswith("minios.benchmarks"))
        assert fits or public, f"{name} imports {imported}"


@pytest.mark.parametrize(
    ("name", "path"), [each for each in modules() if each[0].startswith("minios.kernel")]
)
def test_the_kernel_knows_no_call_but_their_base(name, path):
    for imported in imports_of(name, path):
        if imported.startswith("syscalls"):
            assert imported in BASE_OF_SYSCALLS, f"{name} imports {imported}"


def test_no_module_is_in_an_import_circle():
    graph = {name: set() for name, _ in modules()}
    for name, path in modules():
        tree = ast.parse(path.read_text())
        top = ast.Module([node for node in tree.body], [])
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        for node in top.body:
            if isinstance(node, ast.ImportFrom):
                parts = package.split(".")
                parts = parts[: len(parts) - node.level + 1] if node.level else []
                base = ".".join(parts + ([node.module] if node.module else []))
                for alias in node.names:
                    target = f"{base}.{alias.name}"
                    graph[name].add(target if target in graph else base)
    done, path_now = set(), []

    def visit(module):
        assert module not in path_now, f"circle: {[*path_now, module]}"
        if module in done or module not in graph:
            return
        path_now.append(module)
        for target in sorted(graph[module]):
            visit(target)
        done.add(path_now.pop())

    for module in graph:
        visit(module)


def test_the_benchmarks_are_reached_by_the_command_line_alone():
    reach = {
        name for name, path in modules()
        if "benchmarks" in path.read_text() and not name.startswith("minios.benchmarks")
    }
    assert reach == {"minios.cli", "minios.beside"}


@pytest.mark.parametrize(
    ("name", "path"), [each for each in modules() if each[0].startswith("minios.benchmarks")]
)
def test_a_benchmark_imports_the_peers_only_where_it_measures_them(name, path):
    allowed = sys.stdlib_module_names | {"minios", "syscalls", "tabulate"}
    allowed |= {each.stem for each in path.parent.glob("*.py")}     # of a script that stands alone
    if name == "minios.benchmarks.plot":
        allowed |= {"matplotlib"}
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import):
            assert {alias.name.split(".")[0] for alias in node.names} <= allowed
        elif isinstance(node, ast.ImportFrom) and not node.level:
            assert node.module.split(".")[0] in allowed


def test_importing_minios_brings_no_heavy_module_and_no_upper_layer():
    program = "import sys, minios; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = [{str(ROOT)!r}]; {program}"],
        capture_output=True, text=True, check=True,
    ).stdout.split()
    unwanted = {
        "asyncio", "ssl", "subprocess", "tabulate", "selectors2", "logging", "threading",
        "inspect", "socket", "minios.shell", "minios.aio", "minios.legacy", "minios.compare",
        "minios.sim", "minios.trace", "minios.cli", "minios.benchmarks",
    }
    assert not unwanted & set(loaded)


def test_every_name_of_the_library_is_exported_and_only_its_own_module_is_imported():
    import minios
    from minios.lib import _HOMES

    assert set(_HOMES) <= set(minios.__all__)
    for name in minios.__all__:
        assert getattr(minios, name).__name__ == name
    program = "import sys, minios; minios.Lock; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = [{str(ROOT)!r}]; {program}"],
        capture_output=True, text=True, check=True,
    ).stdout.split()
    assert "minios.lib.locks" in loaded and "minios.lib.streams" not in loaded
