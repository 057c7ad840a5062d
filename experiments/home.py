"""Where does everything that runs leave lie?"""

from __future__ import annotations

import os
from pathlib import Path

HOME_VARIABLE = "LIRAP_HOME"


def home_folder(campaign_folder: Path, named: str | Path | None = None) -> Path:
    """Find the home: the folder named, or that of LIRAP_HOME, or ``runs/`` beside the campaign file.

    Parameters
    ----------
    campaign_folder : pathlib.Path
        Where the campaign file lies, or would lie.
    named : path, optional

    Returns
    -------
    pathlib.Path
        Absolute; it need not exist.
    """
    return Path(named or os.environ.get(HOME_VARIABLE) or campaign_folder / "runs").expanduser().resolve()
