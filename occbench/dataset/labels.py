"""Expression classes and their order."""

from __future__ import annotations

from dataclasses import dataclass

from occbench.errors import DataError


@dataclass(frozen=True)
class ClassSet:
    """The classes of a data set; a class's number is its place.

    Raises:
        DataError: fewer than two names, an empty one, one twice, or one that cannot be the
            name of a folder.
    """

    names: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.names) < 2 or len(set(self.names)) != len(self.names) or "" in self.names:
            raise DataError(
                f"Class names must be two or more, not empty and all different; "
                f"found {list(self.names)}."
            )
        for name in self.names:
            if "/" in name or "\0" in name or name in (".", ".."):
                raise DataError(f"The class '{name}' cannot be the name of a folder.")

    def index(self, name: str) -> int:
        """The number of a class.

        Raises:
            DataError: there is no such class.
        """
        if name not in self.names:
            raise DataError(f"'{name}' is no class; known: {', '.join(self.names)}.")
        return self.names.index(name)


# AffectNet ids 0..7 (Mollahosseini et al. 2017, "AffectNet", table 3, neutral first).
AFFECTNET = ClassSet(
    ("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt")
)

# FER2013 ids 0..6 (Goodfellow et al. 2013, "Challenges in Representation Learning").
FER2013 = ClassSet(("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"))

# FER+ vote columns 0..7 (Barsoum et al. 2016; microsoft/FERPlus, fer2013new.csv).
FERPLUS = ClassSet(
    ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")
)
