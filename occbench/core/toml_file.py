"""Files of TOML that people write, each with the line ``schema = N``."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from occbench.errors import DataError


def read_toml(path: Path, what: str, schema: int) -> dict[str, Any]:
    """The keys of a file, without ``schema``.

    Args:
        path: the file.
        what: the file is, for messages, such as ``plan``.
        schema: the form that is read.

    Raises:
        DataError: it cannot be read, is no TOML or has another schema.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"The {what} '{path}' cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"The {what} '{path}' is no valid TOML: {error}.") from error
    if values.pop("schema", None) != schema:
        raise DataError(f"The {what} '{path}' needs the line 'schema = {schema}'.")
    return values
