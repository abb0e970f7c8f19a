"""Charts of a report as pictures: the same numbers give the same bytes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

_GREEN, _BLUE, _RED = "#3A7D44", "#2F6DB5", "#C0392B"
_COLOURS = (_BLUE, _GREEN, _RED, "#8E6BBF", "#D98E04")
_DASHES = ("-", "--", "-.", ":")
_MARKS = ("o", "s", "^", "D")
_SETTINGS = {
    "font.family": "DejaVu Serif", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False,
    "axes.edgecolor": "#7F7F7F", "axes.grid": True, "grid.color": "#E3E3E3", "axes.axisbelow": True,
    "svg.hashsalt": "tthc",
}  # fmt: skip
_DPI = 200


def stacked(names: Sequence[str], parts: Sequence[tuple[str, Sequence[int]]]) -> bytes:
    """Return bars lying down, one for each name, made of the parts (head, numbers), as a PNG."""
    with _figure(6.3, 0.55 * len(names) + 1.1) as (figure, axes):
        left = [0] * len(names)
        for (head, numbers), colour in zip(parts, _COLOURS, strict=False):
            bars = axes.barh(list(names), list(numbers), left=left, label=head, color=colour, height=0.62)
            widest = max(1, max(map(sum, zip(*(n for _, n in parts), strict=True)), default=1))
            labels = [_whole(n) if n and n / widest > 0.05 else "" for n in numbers]
            axes.bar_label(
                bars, labels=labels, label_type="center", color="white", fontsize=8, fontweight="bold"
            )
            left = [so_far + number for so_far, number in zip(left, numbers, strict=True)]
        axes.invert_yaxis()
        axes.xaxis.set_major_formatter(lambda value, _: _whole(value) if value == int(value) else "")
        axes.grid(axis="y", visible=False)
        axes.margins(x=0.08)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=len(parts), frameon=False)
        return _png(figure)


def lines(
    months: Sequence[str], series: Sequence[tuple[str, Sequence[float | None], Sequence[bool]]]
) -> bytes:
    """Return lines over months as a PNG: each (head, values or None, which are whole); hollow marks are not whole."""
    with _figure(6.3, 2.9) as (figure, axes):
        for place, (head, values, are_whole) in enumerate(series):
            colour, mark = _COLOURS[place % len(_COLOURS)], _MARKS[place % len(_MARKS)]
            known = [float("nan") if value is None else value for value in values]
            axes.plot(months, known, _DASHES[place % len(_DASHES)], color=colour, label=head, linewidth=1.6)
            for month, value, is_whole in zip(months, values, are_whole, strict=True):
                if value is not None:
                    axes.plot(
                        [month],
                        [value],
                        mark,
                        color=colour,
                        markersize=4,
                        markerfacecolor=colour if is_whole else "white",
                    )
            last = next((v for v in reversed(values) if v is not None), None)
            if last is not None and values[-1] is not None:
                axes.annotate(
                    f"{last:.2f}".replace(".", ","),
                    (months[-1], last),
                    xytext=(5, 0),
                    textcoords="offset points",
                    fontsize=8,
                    color=colour,
                    va="center",
                )
        axes.set_ylim(0, 105)
        axes.grid(axis="x", visible=False)
        axes.tick_params(axis="x", labelrotation=45)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.26), ncols=len(series), frameon=False)
        return _png(figure)


class _figure:
    """A figure of so many inches with our letters, closed afterwards."""

    def __init__(self, width: float, height: float) -> None:
        self._size = (width, height)

    def __enter__(self) -> tuple[Any, Any]:
        import matplotlib
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self._settings = matplotlib.rc_context(_SETTINGS)
        self._settings.__enter__()
        figure = Figure(figsize=self._size, layout="constrained")
        FigureCanvasAgg(figure)
        return figure, figure.add_subplot()

    def __exit__(self, *error: object) -> None:
        self._settings.__exit__(*error)


def _png(figure: Any) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DPI, metadata={"Software": None})
    return buffer.getvalue()


def _whole(number: float) -> str:
    return f"{int(number):,}".replace(",", ".")
