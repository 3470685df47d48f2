"""What decides which face gets into train, val and test."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from occbench.errors import DataError

VAL_FRACTION = 0.2
VAL_BY = ("face", "file")


@dataclass(frozen=True)
class Partitioning:
    """How faces get into train, val and test.

    Args:
        source: ``official``, the data set's own partitions; or ``stratified``, drawn anew.
        fractions: train, val and test for ``stratified``.
        val_fraction: part of train that becomes val. None takes the official validation
            where the data set has one and 0.2 of train elsewhere; 0 leaves val empty and is
            for counting only. Not for ``stratified``, whose fractions name val already.
        folds: with k > 1, train and val together are cut into k folds and fold ``fold`` is val.
        fold: 1..k.
        seed: of every draw.
        keep_crossing: keep train and val faces whose group also stands in test, and train
            faces whose group stands in an official val.
        all_faces: faces without usable landmarks stand in the mode ``normal`` too. The others
            have the same faces in the same parts, less those that cannot be occluded.
        val_by: ``face``, val is dealt by face and group before variants exist; or ``file``, it is
            a plain draw of ``val_fraction`` (0.2 if None) of the train part's images, as in the
            AffectNet study, so that faces of mixed-paired splits meet their twins. Named in the
            record, with how many do.

    Raises:
        DataError: a value out of range, or two that exclude each other.
    """

    source: str = "official"
    fractions: tuple[float, float, float] = (0.70, 0.15, 0.15)
    val_fraction: float | None = None
    folds: int = 0
    fold: int = 0
    seed: int = 0
    keep_crossing: bool = False
    all_faces: bool = False
    val_by: str = "face"

    def __post_init__(self) -> None:
        # The values name the split's folder: 0 and 0.0 must be one.
        object.__setattr__(self, "fractions", tuple(float(part) for part in self.fractions))
        if self.val_fraction is not None:
            object.__setattr__(self, "val_fraction", float(self.val_fraction))
        if self.source not in ("official", "stratified"):
            raise DataError(f"Partitions '{self.source}'; expected official or stratified.")
        if self.val_fraction is not None and not 0 <= self.val_fraction < 1:
            raise DataError(f"The val fraction {self.val_fraction} is not in 0 <= f < 1.")
        if self.val_fraction is not None and self.source == "stratified":
            raise DataError(
                "A val fraction belongs to official partitions; drawn ones take val from their "
                "fractions."
            )
        if self.val_fraction is not None and self.folds:
            raise DataError("Give either folds or a val fraction: a fold is the validation.")
        if (self.folds or self.fold) and not 1 <= self.fold <= self.folds:
            raise DataError(f"There is no fold {self.fold} of {self.folds}.")
        self._check_val_by()

    def _check_val_by(self) -> None:
        if self.val_by not in VAL_BY:
            raise DataError(f"Validation by '{self.val_by}'; expected {' or '.join(VAL_BY)}.")
        if not self.by_file:
            return
        if self.source != "official" or self.folds or self.val_fraction == 0:
            raise DataError(
                "Validation by file is a share of the official train part: it goes neither with "
                "stratified partitions, nor with folds, nor with a val fraction of 0."
            )
        # Left out or written out, the share is the same and so must be the folder's name.
        object.__setattr__(self, "val_fraction", self.val_fraction or VAL_FRACTION)

    @property
    def by_file(self) -> bool:
        """Whether validation is drawn by file."""
        return self.val_by == "file"

    def describe(self) -> dict[str, Any]:
        """All values for a record; ``val_by`` only where it is not the default.

        Records made before there was a choice keep their digest.
        """
        values = asdict(self)
        return values if self.by_file else {k: v for k, v in values.items() if k != "val_by"}
