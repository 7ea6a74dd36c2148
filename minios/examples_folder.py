"""Where the examples are: beside the package in a checkout, inside it once installed."""

from pathlib import Path

__all__ = ["examples_folder"]


def examples_folder() -> Path:
    """The folder of the runnable programs, the one with the folder `sidebyside` in it.

    Raises FileNotFoundError, with the places that were looked at, where there is none.
    """
    package = Path(__file__).resolve().parent
    places = [package.parent / "examples", package / "examples"]
    for place in places:
        if (place / "sidebyside").is_dir():
            return place
    raise FileNotFoundError(
        f"the examples of minios are neither in {places[0]} nor in {places[1]}: "
        "install minios again, or run it in a checkout"
    )
