"""Groups that cross official partitions, such as FER2013's copies of one image."""

from __future__ import annotations

import pandas as pd

IN_TEST = "group also in test"
IN_VAL = "group also in val"


def take_out_crossing(
    faces: pd.DataFrame, *, keep: bool
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Faces without those that a later part also holds, and who crosses, by reason.

    Test stays whole: what crosses into it goes from train and val. Val stays whole towards
    train. With ``keep`` nobody is taken out; who crosses is still told.

    Args:
        faces: columns ``group`` and ``part``.
        keep: leave them in, as published protocols do.
    """
    in_test = set(faces["group"][faces["part"] == "test"])
    in_val = set(faces["group"][faces["part"] == "val"])
    to_test = faces["part"].isin(("train", "val")) & faces["group"].isin(in_test)
    to_val = (faces["part"] == "train") & faces["group"].isin(in_val) & ~to_test
    crossing = {IN_TEST: faces[to_test], IN_VAL: faces[to_val]}
    return (faces if keep else faces[~to_test & ~to_val]), crossing
