"""Checks of a file of one's own, and of the tables that come with the package."""

from __future__ import annotations

from importlib.resources.abc import Traversable
from pathlib import Path

from occbench.core.csv_rows import read_lines
from occbench.errors import DataError, UnknownName
from occbench.reference.check import Outcome
from occbench.reference.confusion_checks import check_confusion
from occbench.reference.confusion_table import TRUTH, is_confusion, read_confusion, read_metrics
from occbench.reference.published import references, shipped_tables
from occbench.reference.result_checks import check_results
from occbench.reference.result_table import is_result_table, read_result_table


def is_report(text: str) -> bool:
    """Whether the text is the name of a published report and not that of a file."""
    return text in references() and not Path(text).exists()


def check_report(name: str) -> tuple[Outcome, ...]:
    """Checks every table of a published report that can be checked.

    Raises:
        UnknownName: there is no such report.
        DataError: it prints nothing that can be checked.
    """
    tables = shipped_tables(name)
    if not tables:
        can = ", ".join(each for each in references() if shipped_tables(each))
        raise DataError(f"{name} prints nothing that can be checked; these do: {can}.")
    return tuple(_check(each.table, each.printed, each.name) for each in tables)


def check_file(path: Path, printed: Path | None = None) -> Outcome:
    """Checks a table of accuracies or a confusion matrix, told apart by the header.

    Args:
        path: the file.
        printed: the metrics printed beside a confusion matrix.

    Raises:
        DataError: a file cannot be read, is neither, or ``printed`` stands beside accuracies.
        UnknownName: there is no such file, and no report of that name; or ``printed`` has an
            unknown metric or class.
    """
    if not path.exists() and path.suffix != ".csv":
        raise UnknownName("file or report", str(path), references())
    return _check(path, printed, "")


def _check(source: Path | Traversable, printed: Path | Traversable | None, name: str) -> Outcome:
    head, _ = read_lines(source)
    if is_confusion(head):
        table = read_confusion(source, name)
        return check_confusion(table, read_metrics(printed, table.classes) if printed else ())
    if not is_result_table(head):
        raise DataError(
            f"'{source}', line 1: expected the columns train, test and accuracy of a table of "
            f"results, or '{TRUTH}' and class names of a confusion matrix; found "
            f"{', '.join(head)}."
        )
    if printed:
        raise DataError(
            f"'{source}' is a table of accuracies; metrics are compared with a confusion matrix."
        )
    return check_results(read_result_table(source, name))
