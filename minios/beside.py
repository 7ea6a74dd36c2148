"""What stands beside the package in a checkout, and inside it once installed."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["benchmarks_package", "examples_folder"]


def examples_folder() -> Path:
    """The folder of the runnable programs, the one with the folder `sidebyside` in it.

    Raises FileNotFoundError, with the places that were looked at, where there is none.
    """
    return _folder("examples", "sidebyside")


def benchmarks_package() -> ModuleType:
    """The package of the benchmarks, as `minios.benchmarks` wherever it is.

    Raises FileNotFoundError as `examples_folder` does.
    """
    name = f"{__package__}.benchmarks"
    if name not in sys.modules:
        folder = _folder("benchmarks", "work")
        spec = spec_from_file_location(
            name, folder / "__init__.py", submodule_search_locations=[str(folder)]
        )
        if spec is None or spec.loader is None:
            raise FileNotFoundError(f"{folder} is no package")
        module = sys.modules[name] = module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[name]


def _folder(name, part):
    package = Path(__file__).resolve().parent
    places = [package.parent / name, package / name]
    for place in places:
        if (place / part).is_dir():
            return place
    raise FileNotFoundError(
        f"the {name} of minios are neither in {places[0]} nor in {places[1]}: "
        "install minios again, or run it in a checkout"
    )
