"""The report's picture: the questions of each day by what the bot did with them, readable on a phone. Needs the extra `report`."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from importlib.util import find_spec
from io import BytesIO

from handlers.figures import FEWEST, Report
from handlers.texts import Texts

_COLOURS = {"answer": "#1b6ca8", "suggest": "#e0a526", "escalate": "#d1495b"}
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
    for decision, colour in _COLOURS.items():
        heights = [_height(report, days, decision) for days in groups]
        axes.bar(range(len(groups)), heights, bottom=below, color=colour, label=texts.report_drawn[decision])
        below = [low + height for low, height in zip(below, heights, strict=True)]
    every = -(-len(groups) // 8)
    axes.set_xticks(range(0, len(groups), every), [f"{days[0].day}. {days[0].month}." for days in groups[::every]], fontsize=13)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.tick_params(axis="y", labelsize=13)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=12, ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0), columnspacing=1, handlelength=1)
    drawn = BytesIO()
    figure.savefig(drawn, format="png", metadata={"Software": None})
    return drawn.getvalue()


def _height(report: Report, days: Sequence[date], decision: str) -> int:
    """What is drawn of a bar: days with too few questions are drawn as none."""
    total = sum(report.days[day].total() for day in days)
    return sum(report.days[day][decision] for day in days) if total >= FEWEST else 0


def bars(report: Report) -> list[list[date]]:
    """The days of each bar."""
    days = list(report.days)
    step = 1 if len(days) <= _MOST_BARS else timedelta(weeks=1).days
    return [days[start : start + step] for start in range(0, len(days), step)]
