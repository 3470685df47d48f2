"""Groups that cross official partitions, such as FER2013's copies of one image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

IN_TEST = "group also in test"
IN_VAL = "group also in val"


def crosses_into(faces: pd.DataFrame, part: str, *, of: Sequence[str]) -> NDArray[np.bool_]:
    """Which faces of the parts ``of`` have their group in ``part`` as well.

    Args:
        faces: columns ``group`` and ``part``.
        part: the later part, which stays whole.
        of: the earlier parts, which lose these faces.
    """
    inside = set(faces["group"][faces["part"] == part])
    return (faces["part"].isin(of) & faces["group"].isin(inside)).to_numpy(np.bool_)
