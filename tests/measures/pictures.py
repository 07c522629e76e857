"""The two pictures of docs/benchmarks.md, small and readable on a phone."""

from collections.abc import Mapping, Sequence

import matplotlib

from knowledge.evaluation import Bin
from tests.measures import given

matplotlib.use("Agg")
from matplotlib import pyplot
from matplotlib.figure import Figure

_COLOURS = ("#1b6ca8", "#d1495b")
pyplot.rcParams.update({"font.size": 13, "axes.spines.top": False, "axes.spines.right": False})


def reliability(bins: Mapping[str, Sequence[Bin]]) -> None:
    figure, axes = pyplot.subplots(figsize=(5.5, 5.2))
    axes.plot([0, 1], [0, 1], color="#999999", linestyle="--", linewidth=1)
    for colour, (mode, found) in zip(_COLOURS, bins.items(), strict=True):
        axes.plot([one.promised for one in found], [one.came_out for one in found], color=colour, label=mode, linewidth=2)
        axes.scatter(
            [one.promised for one in found], [one.came_out for one in found], [one.count for one in found], color=colour, alpha=0.5
        )
    axes.set(xlim=(0, 1.02), ylim=(0, 1.02), xlabel="probability given", ylabel="share that was right")
    axes.legend(frameon=False, loc="upper left")
    _save(figure, "reliability")


def curve(points: Mapping[tuple[str, str], Sequence[tuple[int, float, float]]]) -> None:
    """By language and mode: wordings, top-1, coverage."""
    figure, panels = pyplot.subplots(1, 2, figsize=(7.5, 4), sharex=True)
    for (language, mode), found in points.items():
        colour, line = _COLOURS[language == "en"], "-" if mode == "words and meaning" else ":"
        for panel, place in zip(panels, (1, 2), strict=True):
            panel.plot(
                [one[0] for one in found], [100 * one[place] for one in found], line, color=colour, marker="o", label=f"{language}, {mode}"
            )
    for panel, title in zip(panels, ("top-1, %", "answered at once, %"), strict=True):
        panel.set_xscale("log")
        panel.set_xticks(sorted({one[0] for found in points.values() for one in found}))
        panel.get_xaxis().set_major_formatter("{x:.0f}")
        panel.minorticks_off()
        panel.set(title=title, xlabel="wordings an entry and language")
    panels[0].legend(frameon=False, fontsize=9)
    _save(figure, "learning-curve")


def _save(figure: Figure, name: str) -> None:
    given.PICTURES.mkdir(parents=True, exist_ok=True)
    figure.tight_layout()
    figure.savefig(given.PICTURES / f"{name}.png", dpi=84, metadata={"Software": None}, pil_kwargs={"optimize": True})
    pyplot.close(figure)
