"""The figures of a report: drawn, written, and described for those who cannot see them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from markupsafe import Markup
from matplotlib.figure import Figure

from occbench.report.calibration_plot import calibration
from occbench.report.class_drop import class_drop
from occbench.report.class_gap_plot import class_gaps
from occbench.report.confusion_strip import confusion_strip, has_confusions
from occbench.report.curves import learning_curves
from occbench.report.entries import entry, percent, signed
from occbench.report.facts import ReportFacts
from occbench.report.figures import save
from occbench.report.heat_map import heat_map
from occbench.report.inline_svg import inline_svg
from occbench.report.recall import recall_changes
from occbench.report.words import epoch_words


@dataclass(frozen=True)
class Illustration:
    """A written figure: its paths relative to the page, what it shows, its caption, and itself."""

    svg: str
    png: str
    alt: str
    caption: str
    inline: Markup


@dataclass(frozen=True)
class Illustrations:
    """The figures of a report by the section they belong to; a section may be empty."""

    heat_maps: list[Illustration] = field(default_factory=list)
    curves: list[Illustration] = field(default_factory=list)
    confusions: list[Illustration] = field(default_factory=list)
    gaps: list[Illustration] = field(default_factory=list)
    drops: list[Illustration] = field(default_factory=list)
    calibrations: list[Illustration] = field(default_factory=list)
    explained: list[tuple[str, list[Illustration]]] = field(default_factory=list)

    @property
    def files(self) -> frozenset[str]:
        """The paths of all their files, relative to the page."""
        parts = [self.heat_maps, self.curves, self.confusions, self.gaps, self.drops]
        parts += [self.calibrations, *(drawn for _, drawn in self.explained)]
        return frozenset(name for part in parts for one in part for name in (one.svg, one.png))


def draw_all(facts: ReportFacts, folder: Path) -> Illustrations:
    """Draws every figure the facts allow and writes it into ``folder/figures``.

    Confusion matrices and what belongs to classes and scores are those of the first selection,
    confusions and calibration of the first seed.
    """
    drawn = Illustrations()
    if not facts.matrix.trains or not facts.matrix.tests:
        return drawn
    for selection in facts.matrix.selections:
        words = epoch_words(selection)
        one = heat_map(facts.matrix, selection)
        alt, caption = _heat_words(facts, selection), f"Accuracy, {words}."
        drawn.heat_maps.append(_write(one, folder, f"heat-map-{selection}", alt, caption))
    if facts.histories:
        alt, caption = _CURVES
        one = learning_curves(facts)
        drawn.curves.append(_write(one, folder, "learning-curves", alt, caption))
    for selection in facts.matrix.selections[:1]:
        drawn.confusions.extend(_confusions(facts, folder, selection))
        drawn.gaps.extend(_gaps(facts, folder, selection))
        drawn.drops.extend(_drops(facts, folder, selection))
        drawn.calibrations.extend(_calibrations(facts, folder, selection))
    drawn.explained.extend(_explained(facts, folder))
    return drawn


_CURVES = (
    "Loss and accuracy over the epochs on the train and validation part, per train split.",
    "Train and validation part of each train split. The circle is the best epoch, chosen by "
    "validation; dropout and augmentation act on the train curve only.",
)


def _confusions(facts: ReportFacts, folder: Path, selection: str) -> list[Illustration]:
    if not facts.matrix.seeds:
        return []
    seed = facts.matrix.seeds[0]
    return [
        _write(
            confusion_strip(facts, train, selection=selection, seed=seed),
            folder,
            f"confusion-{train}-{selection}",
            f"Confusion matrices trained on {train}, tested on {', '.join(facts.matrix.tests)}.",
            f"Trained on {train}, seed {seed}, {epoch_words(selection)}: per cent "
            "of each true class, number of faces below.",
        )
        for train in facts.matrix.trains
        if has_confusions(facts, train, selection=selection, seed=seed)
    ]


def _drops(facts: ReportFacts, folder: Path, selection: str) -> list[Illustration]:
    one = class_drop(facts, selection)
    if one is None:
        return []
    caption = (
        f"Recall per class, {epoch_words(selection)}. The number is the recall lost in points, "
        "bold where a difference is shown."
    )
    return [_write(one, folder, f"class-drop-{selection}", _drop_words(facts, selection), caption)]


def _gaps(facts: ReportFacts, folder: Path, selection: str) -> list[Illustration]:
    study = facts.studies.get(selection)
    drawn = None if study is None else class_gaps(study)
    if drawn is None:
        return []
    words = epoch_words(selection)
    caption = (
        f"What covering costs each class, {words}: recall on normal less recall on occluded faces "
        "with its 95 % bootstrap interval. To the right of zero recall is lost."
    )
    alt = f"Recall lost per class. {' '.join(f'{tip}.' for tip in drawn.tips)}"
    return [_write(drawn.figure, folder, f"class-gap-{selection}", alt, caption, drawn.tips)]


def _calibrations(facts: ReportFacts, folder: Path, selection: str) -> list[Illustration]:
    study, seeds = facts.studies.get(selection), facts.matrix.seeds
    drawn = calibration(study, seeds[0]) if study is not None and seeds else None
    if drawn is None:
        return []
    caption = (
        f"Seed {seeds[0]}, {epoch_words(selection)}. Above, how often answers of "
        "each confidence are right: below the dotted line a network is too sure. Below, which "
        "share of the answers is wrong if only the most confident faces get one."
    )
    name = f"calibration-{selection}"
    return [_write(drawn.figure, folder, name, _CALIBRATION, caption, drawn.tips)]


_CALIBRATION = (
    "Reliability diagrams above risk-coverage curves, a column per test split, a line per train "
    "split; the tables below have their numbers."
)


def _explained(facts: ReportFacts, folder: Path) -> Iterator[tuple[str, list[Illustration]]]:
    """Title and figures of each explanation."""
    for one in facts.explained:
        name = f"explain-{one.train}-seed{one.seed}-{one.folder}"
        drawn = [
            _write(each.figure, folder, f"{name}-{each.name}", each.alt, each.caption)
            for each in one.drawings(faces=facts.pictures)
        ]
        if drawn:
            yield one.title, drawn


def _heat_words(facts: ReportFacts, selection: str) -> str:
    """The accuracies of a heat map in words."""
    places = []
    for train in facts.matrix.trains:
        for test in facts.matrix.tests:
            one = entry(facts.matrix, train, test, selection=selection)
            value = "missing" if one is None else f"{percent(one.accuracy)} %"
            places.append(f"{train} on {test} {value}")
    return f"Heat map of accuracy, train split on test split: {', '.join(places)}."


def _drop_words(facts: ReportFacts, selection: str) -> str:
    """The losses of the first train split in words."""
    for train in facts.matrix.trains:
        changes = recall_changes(facts, train, selection=selection)
        if changes:
            named = ", ".join(f"{one.name} {signed(one.lost)}" for one in changes)
            return f"Recall lost from normal to occluded faces in points, {train}: {named}."
    return "Recall per class on normal and occluded faces."


def _write(
    one: Figure, folder: Path, name: str, alt: str, caption: str, tips: Sequence[str] = ()
) -> Illustration:
    plain = re.sub(r"[^A-Za-z0-9.-]+", "-", name)
    save(one, folder / "figures", plain, tips)
    inline = inline_svg(one, plain, alt, tips)
    return Illustration(f"figures/{plain}.svg", f"figures/{plain}.png", alt, caption, inline)
