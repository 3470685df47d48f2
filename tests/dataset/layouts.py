"""Index tables of experiments, built from the published specifications of their splits.

Sources are numbers as text; each function gives columns for ``make_layout``.
"""

from __future__ import annotations

import numpy as np

# FER2013: all faces, and those of Usage Training by class (angry, disgust, fear, happy, sad,
# surprise, neutral).
ALL_FACES, TRAINING_FACES = 35_887, 28_709
TRAINING_CLASSES = (3995, 436, 4097, 7215, 4830, 3171, 4965)

Columns = dict[str, list[str]]


def leading_fifth(copies, faces=ALL_FACES):
    """Report 000: whole arrays of copies one after the other, the first fifth is test.

    Of the rest Keras takes the last fifth as validation: ``validation_split`` cuts at
    ``floor(n (1 - 0.2))``.
    """
    sources = [str(face) for _ in copies for face in range(faces)]
    test = len(sources) // 5
    fit = (len(sources) - test) * 4 // 5
    val = len(sources) - test - fit
    return {
        "part": ["test"] * test + ["train"] * fit + ["val"] * val,
        "source": sources,
        "copy": [copy for copy in copies for _ in range(faces)],
    }


def drawn_by_file(copies, faces, *, seed, tested=0):
    """Reports 001 (mixed-full) and 002: a fifth of all files is validation, whose face is whose.

    ``tested`` further faces, uncopied, are the test.
    """
    files = len(copies) * faces
    part = np.full(files, "train", dtype=object)
    part[np.random.default_rng(seed).permutation(files)[: files // 5]] = "val"
    return {
        "part": [*part.tolist(), *["test"] * tested],
        "source": [str(face) for face in range(faces) for _ in copies]
        + [f"t{face}" for face in range(tested)],
        "copy": [*copies] * faces + ["original"] * tested,
    }


def drawn_by_face(copies, faces, *, seed):
    """The sound counterpart: a fifth of the faces is validation, shown as they are."""
    chosen = set(np.random.default_rng(seed).permutation(faces)[: faces // 5].tolist())
    rows = [
        ("val" if face in chosen else "train", str(face), copy)
        for face in range(faces)
        for copy in (copies[:1] if face in chosen else copies)
    ]
    return columns(rows, ("part", "source", "copy"))


def filled_up(classes=TRAINING_CLASSES):
    """Report 003: every class filled up to the largest; source, copy and label of each image."""
    rows, first = [], 0
    for label, size in enumerate(classes):
        for place in range(max(classes)):
            turn, face = divmod(place, size)
            copy = f"changed#{turn}" if turn else "original"
            rows.append((str(first + face), copy, str(label)))
        first += size
    return columns(rows, ("source", "copy", "label"))


def folds_after_copies(filled, *, folds, seed):
    """Report 003: the folds are cut from all images, copies among them."""
    fold = np.arange(len(filled["source"])) % folds + 1
    np.random.default_rng(seed).shuffle(fold)
    return {"part": [""] * len(fold), **filled, "fold": [str(each) for each in fold]}


def folds_before_copies(filled, *, folds):
    """The sound counterpart: a face's copies train in the folds in which it is not validation."""
    return {
        "part": ["" if copy == "original" else "train" for copy in filled["copy"]],
        **filled,
        "fold": [str(int(source) % folds + 1) for source in filled["source"]],
    }


def columns(rows, names) -> Columns:
    """Rows turned into columns."""
    return {name: list(cells) for name, cells in zip(names, zip(*rows, strict=True), strict=True)}
