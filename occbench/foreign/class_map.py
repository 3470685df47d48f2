"""Which class of the data set each output of a model is; said by names, never by position."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from occbench.errors import DataError
from occbench.foreign.spec import NEVER, ModelSpec, is_positional


@dataclass(frozen=True)
class ClassMap:
    """The outputs of a model among the classes of a data set.

    Attributes:
        names: the model's names, one for each output.
        targets: the number of the data set's class that each output is; None drops it.
        classes: the data set's names, in their order.
    """

    names: tuple[str, ...]
    targets: tuple[int | None, ...]
    classes: tuple[str, ...]

    @property
    def dropped(self) -> tuple[str, ...]:
        """The model's classes that the data set does not know."""
        return tuple(n for n, t in zip(self.names, self.targets, strict=True) if t is None)

    @property
    def never(self) -> tuple[str, ...]:
        """The data set's classes that the model cannot say."""
        return tuple(n for number, n in enumerate(self.classes) if number not in self.targets)

    def remarks(self) -> tuple[str, ...]:
        """What stands below every table that shows the model; a few words each."""
        found = []
        if self.never:
            found.append(f"never predicts {_listed(self.never)}, whose faces all count as wrong")
        if self.dropped:
            found.append(
                f"says {_listed(self.dropped)} too, which is dropped: its other scores are shared "
                "out anew"
            )
        return tuple(found)

    def describe(self) -> dict[str, str]:
        """The data set's name by the model's; empty where it is dropped."""
        pairs = zip(self.names, self.targets, strict=True)
        return {name: "" if t is None else self.classes[t] for name, t in pairs}


def match_classes(spec: ModelSpec, classes: Sequence[str]) -> ClassMap:
    """Finds the data set's class of each output of a model.

    A name is looked up in ``[map]`` first and else among the data set's names, there without
    regard to upper and lower case.

    Args:
        spec: of the model.
        classes: the data set's names, in their order.

    Raises:
        DataError: a name stands twice, says only its position, is no class of the data set or
            means the same as another; ``[map]`` has a name that is not there, or takes one class
            of the data set for another; or a class of the
            data set has no output and the spec does not say that it is never predicted.
    """
    _refuse_names(spec, classes)
    wanted = dict(spec.map)
    _refuse_permuted(wanted, classes)
    unknown = [name for name in spec.classes if name not in wanted and not _like(name, classes)]
    if unknown:
        raise DataError(
            f"The model's {_listed(unknown)} is no class of the data set ({', '.join(classes)}). "
            f'Say in [map] what it means, such as {_key(unknown[0])} = "{classes[0]}", or "" to '
            "drop it."
        )
    targets = tuple(_target(name, wanted, classes) for name in spec.classes)
    for number, count in Counter(t for t in targets if t is not None).items():
        if count > 1:
            both = [n for n, t in zip(spec.classes, targets, strict=True) if t == number]
            raise DataError(
                f"The model's {_listed(both)} both mean '{classes[number]}'; expected one output "
                "for a class. Drop one in [map]."
            )
    found = ClassMap(spec.classes, targets, tuple(classes))
    if len(found.classes) - len(found.never) < 2:
        raise DataError("Fewer than two of the model's classes are left; expected two or more.")
    if found.never and spec.missing != NEVER:
        raise DataError(
            f"The model has no output for {_listed(found.never)}. Correct [map], or write "
            f'missing = "{NEVER}": its faces then all count as wrong, and every table says so.'
        )
    return found


def _refuse_names(spec: ModelSpec, classes: Sequence[str]) -> None:
    twice = [name for name, count in Counter(spec.classes).items() if count > 1]
    if twice:
        raise DataError(f"The model's classes have {_listed(twice)} twice; expected each once.")
    empty = [name for name in spec.classes if not name.strip()]
    numbers = [name for name in spec.classes if is_positional(name) and name not in classes]
    if empty or numbers:
        raise DataError(
            f"The model's classes have {_listed(empty or numbers)}, which says the place of an "
            "output and not what it means; expected names. Look them up where the model was "
            "trained."
        )
    strange = [name for name, _ in spec.map if name not in spec.classes]
    if strange:
        raise DataError(
            f"[map] has {_listed(strange)}, which is none of the model's classes "
            f"({', '.join(spec.classes)})."
        )


def _refuse_permuted(wanted: Mapping[str, str], classes: Sequence[str]) -> None:
    """A name that is a class of the data set means that class, or is dropped."""
    for name, meant in wanted.items():
        same, found = _like(name, classes), _like(meant, classes)
        if meant and same and found and same != found:
            raise DataError(
                f"[map] says that the model's '{name}' means '{meant}', and both are classes of "
                "the data set; expected a name to mean itself. If the outputs stand in another "
                "order, write the classes in that order."
            )


def _like(name: str, classes: Sequence[str]) -> list[int]:
    """The class of that very name, or all that differ from it in upper and lower case only."""
    if name in classes:
        return [classes.index(name)]
    return [n for n, each in enumerate(classes) if each.casefold() == name.casefold()]


def _target(name: str, wanted: dict[str, str], classes: Sequence[str]) -> int | None:
    meant = wanted.get(name, name)
    if name in wanted and not meant:
        return None
    found = _like(meant, classes)
    if len(found) == 1:
        return found[0]
    near = difflib.get_close_matches(meant, classes, n=1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    raise DataError(
        f"The model's '{name}' is to mean '{meant}', which is no class of the data set"
        f" ({', '.join(classes)}).{hint}"
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _key(name: str) -> str:
    """The name as a key of TOML."""
    plain = name.replace("-", "").replace("_", "")
    return name if plain.isascii() and plain.isalnum() else f'"{name}"'
