"""The results as one figure: bars for a work of one size, curves where it has been done in many.

minios is in one colour and thick, whoever it is measured against in paler ones of their own, and
the bare loop, which is no peer but a limit, in grey.
"""

from __future__ import annotations

from itertools import cycle
from textwrap import fill

# A Figure without pyplot needs no display, and nothing has to be closed.
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from .report import in_words, scaled
from .works import text_of

__all__ = ["SUFFIXES", "plot"]

SUFFIXES = (".svg", ".png", ".pdf")

_COLUMNS = 3
_WIDTH, _HEIGHT = 5.2, 2.9          # inches of a panel
_CURVE = 3                          # from so many sizes on, they make a curve
_OURS = {"minios": "#d1495b", "minios h11": "#e8a0a9", "bare": "#8d99ae"}
_PEERS = ("#30638e", "#5fa8d3", "#edae49", "#66a182", "#9a77b5", "#b08968", "#274060",
          "#a7a33f", "#c98bb9", "#4d908e")


def plot(data, path):
    """Draw what `report.as_data` gives into a file, whose suffix (see SUFFIXES) says the format.

    Raises OSError if it cannot be written.
    """
    panels = _panels(data["results"])
    colours = _colours(data["results"])
    columns = max(1, min(_COLUMNS, len(panels)))
    rows = max(1, -(-len(panels) // columns))
    figure = Figure((max(_WIDTH * columns, 6), _HEIGHT * rows + 0.9), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes, panel in zip(grid.flat, panels, strict=False):
        (_draw_curves if _is_curve(panel) else _draw_bars)(axes, panel, colours)
    for axes in grid.flat[len(panels):]:
        axes.set_axis_off()
    figure.suptitle("minios and its peers: less is better", fontsize=14, fontweight="bold")
    figure.supxlabel(fill(in_words(data), 60 * columns), fontsize=8, color="#555555")
    figure.savefig(path, dpi=130)


def _panels(results):
    """The results that there are, in lists: a work and size each, or a work for a curve."""
    works = {}
    for each in results:
        if each["median"] is not None and each["median"] > 0:
            works.setdefault(each["work"], []).append(each)
    panels = []
    for of_work in works.values():
        if _is_curve(of_work):
            panels.append(of_work)
            continue
        sizes = {}
        for each in of_work:
            sizes.setdefault(tuple(each["size"]), []).append(each)
        panels += sizes.values()
    return panels


def _is_curve(results):
    sizes = {tuple(each["size"]) for each in results}
    return len(sizes) >= _CURVE and all(
        len(size) == 1 and isinstance(size[0], int) for size in sizes
    )


def _colours(results):
    """{contender: colour}, the same in all panels."""
    peers = dict.fromkeys(each["by"] for each in results if each["by"] not in _OURS)
    return _OURS | dict(zip(peers, cycle(_PEERS)))


def _draw_bars(axes, results, colours):
    unit = results[0]["unit"]
    values = [each["median"] for each in results]
    bars = axes.barh(
        [each["label"] for each in results], values, color=[colours[each["by"]] for each in results]
    )
    texts = [
        scaled(each["median"], unit)
        + (f"  ({each['ratio']:.2f} x)" if each["ratio"] and each["by"] != "minios" else "")
        for each in results
    ]
    axes.bar_label(bars, texts, padding=4, fontsize=8)
    axes.set_xlim(0, max(values) * 1.38)        # room for the longest bar's text
    axes.invert_yaxis()
    axes.xaxis.set_visible(False)
    axes.tick_params(axis="y", length=0, labelsize=9)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    for label, each in zip(axes.get_yticklabels(), results, strict=True):
        if each["by"] == "minios":
            label.set_fontweight("bold")
    _entitle(axes, results[0], text_of(results[0]["size"]))


def _draw_curves(axes, results, colours):
    unit = results[0]["unit"]
    lines = {}
    for each in results:
        lines.setdefault(each["by"], []).append(each)
    for name, points in lines.items():
        axes.plot(
            [each["size"][0] for each in points], [each["median"] for each in points],
            color=colours[name], marker="o", markersize=3, label=points[0]["label"],
            linewidth=2.6 if name == "minios" else 1.3,
            linestyle="--" if name == "bare" else "-", zorder=3 if name == "minios" else 2,
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: scaled(value, unit)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.grid(True, which="major", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=7, frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    _entitle(axes, results[0], "")


def _entitle(axes, result, size):
    title = fill(result["title"], 60)
    axes.set_title(f"{result['work']} {size}".strip(), fontsize=10, fontweight="bold", loc="left",
                   pad=8 + 11 * (title.count("\n") + 1))
    axes.annotate(title, (0, 1), (0, 5), "axes fraction", textcoords="offset points", fontsize=8.5,
                  color="#444444")
