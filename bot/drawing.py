"""The report's picture: the questions of each day by what the bot did with them, readable on a phone. Needs the extra `report`."""

from collections.abc import Callable
from datetime import date, timedelta
from importlib.util import find_spec
from io import BytesIO

from handlers.figures import Report, untold
from handlers.texts import Texts

_COLOURS = {"answer": "#1b6ca8", "suggest": "#e0a526", "escalate": "#d1495b", "total": "#8a8d91"}
_MOST_BARS = 31
"""More days than this are drawn by week."""


def drawing(texts: Texts) -> Callable[[Report], bytes] | None:
    """A function that draws a report as a PNG; None when matplotlib is not installed."""
    if find_spec("matplotlib") is None:
        return None
    return lambda report: _draw(report, texts)


def _draw(report: Report, texts: Texts) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    groups = bars(report)
    figure = Figure(figsize=(6, 4), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    below = [0] * len(groups)
    for part, heights in stacked(report).items():
        if part == "total" and not any(heights):
            continue
        axes.bar(range(len(groups)), heights, bottom=below, color=_COLOURS[part], label=texts.report_drawn[part])
        below = [low + height for low, height in zip(below, heights, strict=True)]
    every = -(-len(groups) // 8)
    axes.set_xticks(range(0, len(groups), every), [f"{days[0].day}. {days[0].month}." for days in groups[::every]], fontsize=13)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.tick_params(axis="y", labelsize=13)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(
        frameon=False, fontsize=12, ncols=len(_COLOURS), loc="lower center", bbox_to_anchor=(0.5, 1.0), columnspacing=1, handlelength=1
    )
    drawn = BytesIO()
    figure.savefig(drawn, format="png", metadata={"Software": None})
    return drawn.getvalue()


def stacked(report: Report) -> dict[str, list[int]]:
    """The heights of the bars' parts: only a total where a part is too small to be told, and nothing where the total is."""
    decisions = [part for part in _COLOURS if part != "total"]
    counts = [[sum(report.days[day][decision] for day in days) for decision in decisions] for days in bars(report)]
    hidden, whole = untold([(sum(row),) for row in counts]), untold(counts)
    heights = {
        decision: [0 if place in hidden | whole else row[at] for place, row in enumerate(counts)] for at, decision in enumerate(decisions)
    }
    return {**heights, "total": [sum(row) if place in whole - hidden else 0 for place, row in enumerate(counts)]}


def bars(report: Report) -> list[list[date]]:
    """The days of each bar."""
    days = list(report.days)
    step = 1 if len(days) <= _MOST_BARS else timedelta(weeks=1).days
    return [days[start : start + step] for start in range(0, len(days), step)]
