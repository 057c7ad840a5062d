"""How far are predictions from what was measured, as pictures?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from models.crossing import HeldOut

MODEL, MEAN, IDEAL = "#D55E00", "#6E6E6E", "#9A9A9A"


def parity_picture(held: HeldOut, label: str, unit: str) -> Figure:
    """Draw what was measured against what was predicted of recipes left out, with 90 % intervals.

    Parameters
    ----------
    held : HeldOut
    label, unit : str
        Of the target.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = _empty()
    low, high = held.interval()
    axes.errorbar(
        held.y, held.mean, yerr=[held.mean - low, high - held.mean], fmt="o", color=MODEL, elinewidth=0.8, capsize=2
    )
    ends = np.array([min(held.y.min(), low.min()), max(held.y.max(), high.max())])
    axes.plot(ends, ends, color=IDEAL, linewidth=1, label="as measured")
    axes.set(xlabel=f"measured {label} ({unit})", ylabel=f"predicted {label} ({unit}), 90 % interval")
    axes.legend(frameon=False)
    return figure


def calibration_picture(curve: pd.DataFrame, label: str) -> Figure:
    """Draw the probability that intervals promise against the share of cells they held.

    Parameters
    ----------
    curve : pandas.DataFrame
        From `models.validation.calibration_curve`.
    label : str

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = _empty()
    axes.plot([0, 1], [0, 1], color=IDEAL, linewidth=1, label="calibrated")
    axes.plot(curve["promised"], curve["held"], "o-", color=MODEL, label="surrogate")
    axes.set(xlabel="probability promised", ylabel=f"share of cells held, {label}", xlim=(0, 1), ylim=(0, 1.02))
    axes.legend(frameon=False)
    return figure


def learning_picture(curve: pd.DataFrame, label: str, unit: str) -> Figure:
    """Draw the error on recipes left out against the number of recipes learned from.

    Parameters
    ----------
    curve : pandas.DataFrame
        From `models.validation.learning_curve`; not empty.
    label, unit : str

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = _empty()
    for name, color in (("mean", MEAN), ("surrogate", MODEL)):
        rows = curve[curve["model"] == name]
        axes.plot(rows["recipes"], rows["crps"], "o-", color=color, label=name)
    axes.set(xlabel="recipes learned from", ylabel=f"CRPS of {label} ({unit})", ylim=(0, None))
    axes.legend(frameon=False)
    return figure


def _empty() -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4.5), layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes
