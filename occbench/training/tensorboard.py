"""Rows of a history as events for TensorBoard, which is an extra."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from occbench.errors import DataError


def writer(folder: Path) -> Callable[[dict[str, Any]], None]:
    """A function that writes one row as scalars.

    Raises:
        DataError: TensorBoard is not installed.
    """
    try:
        from tensorboard.summary import Writer
    except ImportError as error:
        raise DataError(
            "TensorBoard is not installed. Install it with: pip install tensorboard"
        ) from error
    events = Writer(str(folder))

    def write(row: dict[str, Any]) -> None:
        for name, value in row.items():
            if name != "epoch":
                events.add_scalar(name, value, row["epoch"])
        events.flush()

    return write
