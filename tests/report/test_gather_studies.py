"""What a report finds in a workspace: comparisons, lost faces, looks, published results."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from occbench.dataset.images import read_image
from occbench.matrix.job import open_job
from occbench.reference.published import load_reference
from occbench.report.gather import few_groups, gather
from occbench.report.page import write_report
from occbench.report.reading import read_out
from occbench.splits.build import Partitioning
from occbench.training.run import READS
from tests.answers import PLAN, make_answers, trained_job
from tests.makers import make_workspace
from tests.runs import small_manifest


@pytest.fixture
def job(tmp_path):
    """A whole matrix of two trainings, tested on six faces."""
    made = trained_job(make_workspace(tmp_path / "room", small_manifest()))
    made.compute()
    return made


def without_landmarks(face: int):
    """The manifest with a face that cannot be covered."""
    manifest = small_manifest()
    landmarks = manifest.landmarks.copy()
    landmarks[face] = np.nan
    return replace(manifest, landmarks=landmarks)


def test_comparisons_are_those_of_the_predictions(job):
    """Normal training has 5 of 6 normal and 2 of them covered; three are lost."""
    facts = gather(job)
    assert set(facts.studies) == {"best", "last"}
    found = facts.studies["best"].difference(("normal", "normal"), ("normal", "occluded"))
    assert found.difference.value == pytest.approx(3 / 6)
    assert [(one.only_first, one.only_second) for one in found.by_seed] == [(3, 0)]
    # Normal training loses f19, f21 and f22, mixed training f20 and f21.
    lost = {face.id: (face.truth, face.taken_for, face.lost) for face in facts.lost}
    classes = facts.classes
    assert lost == {
        "f21": (classes[0], classes[1], 2),
        "f19": (classes[1], classes[2], 1),
        "f20": (classes[2], classes[0], 1),
        "f22": (classes[1], classes[2], 1),
    }
    assert facts.lost[0].id == "f21"
    assert all(face.runs == 2 for face in facts.lost)


def test_a_lost_face_is_shown_as_it_is_and_covered(job, tmp_path):
    """Bright on the left, black where the headset is on the right."""
    facts = gather(job)
    picture = facts.lost[0].picture
    assert picture.shape == (96, 2 * 96 + 4, 3)
    left, right = (picture[:, start : start + 96] for start in (0, 100))
    assert not (left == 0).all(axis=-1).any()
    assert (right == 0).all(axis=-1).any()
    write_report(facts, tmp_path)
    # Four faces in rows of three, 16 pixels between them, 4 within a pair.
    assert read_image(tmp_path / "figures" / "lost-faces.png").shape == (
        2 * 96 + 16,
        3 * 196 + 2 * 16,
        3,
    )


def test_without_pictures_no_face_is_read(job, monkeypatch):
    """A restricted data set may not even lie on this machine."""

    def refuse(*_):
        raise AssertionError("a face was read")

    monkeypatch.setattr("occbench.dataset.faces.ManifestFaces.read", refuse)
    facts = gather(job, pictures=False)
    assert facts.sheet is None
    assert [face.picture for face in facts.lost] == [None] * 4


def test_looks_at_the_test_faces_are_counted(job):
    """A line per look in the run's folder; a torn last line was no look."""
    run = job.run(job.rows[0]).id
    looks = [
        {"selection": s, "variant": v} for s in ("best", "last") for v in ("normal", "headset")
    ]
    lines = [json.dumps(look) for look in [*looks, looks[0]]]
    path = job.workspace.run(run) / READS
    path.write_text("\n".join(lines) + '\n{"selec', encoding="utf-8")
    made = dict(gather(job).facts)
    told = made["run, normal, seed 0"]
    assert told == f"{run}: finished, 3 epochs; looks at the test faces: headset 2, normal 3"
    assert made["run, mixed-unique, seed 0"].endswith(": finished, 3 epochs")


def test_published_results_are_asked_for(job):
    """Each row of the report beside this data set, which is another."""
    (found,) = gather(job, references=[load_reference("report-001")]).published
    assert found.reference.name == "report-001"
    assert {row.verdict for row in found.rows} == {"not comparable"}
    assert all(row.why.startswith("Another data set: ") for row in found.rows)
    assert gather(job).published == ()


def test_columns_of_different_faces_are_compared_on_those_they_share(tmp_path):
    """A face without landmarks stands in one column only, as the plan wants it."""
    workspace = make_workspace(tmp_path / "room", without_landmarks(18))
    plan = replace(PLAN, partitions=Partitioning(all_faces=True))
    trained_job(workspace, plan).compute()
    facts = gather(open_job(workspace, "small", plan))
    # Of f19 to f23 normal training has f19, f21, f22, f23 and, covered, f23.
    found = facts.studies["best"].difference(("normal", "normal"), ("normal", "occluded"))
    assert found.difference.value == pytest.approx(3 / 5)
    assert "those of the 5 faces that stand in every column" in " ".join(read_out(facts))
    told = "Differences between cells, gaps and faces lost are those of the 5 faces that stand in"
    assert sum(text.startswith(told) for text in facts.limits) == 1
    assert facts.matrix.cell("normal", "normal", seed=0, selection="best").n == 6


def test_columns_of_the_same_faces_need_no_word(job):
    """Nothing is said of faces that are not shared."""
    assert not any("stand in every column" in text for text in gather(job).limits)


def test_very_few_groups_are_a_warning(tmp_path, job):
    """Of two persons a bootstrap draws two; faces that stand alone need no word."""
    manifest = small_manifest()
    groups = [*manifest.faces["id"][:18], "one", "two", "one", "two", "one", "two"]
    people = replace(manifest, faces=manifest.faces.assign(group=groups))
    workspace = make_workspace(tmp_path / "people", people)
    trained_job(workspace).compute()
    facts = gather(open_job(workspace, "small", PLAN))
    told = "The 6 test faces come from 2 groups, such as persons."
    assert sum(text.startswith(told) for text in facts.warnings) == 1
    assert not any("groups, such as persons" in text for text in facts.limits)
    alone = gather(job)
    assert not any("such as persons" in text for text in (*alone.limits, *alone.warnings))


@pytest.mark.parametrize(
    ("groups", "limits", "warnings"), [(19, 0, 1), (20, 1, 0), (29, 1, 0), (30, 0, 0)]
)
def test_few_groups_are_a_limit(groups, limits, warnings):
    """From 20 on the reader is told further down, from 30 on not at all."""
    labels = [number % 3 for number in range(60)]
    persons = [f"person{number % groups}" for number in range(60)]
    answers = make_answers(labels, {("normal", "normal", 0): labels}, groups=persons)
    assert tuple(map(len, few_groups(answers))) == (limits, warnings)


def test_looks_of_given_models_are_counted(job):
    """Each has a line of its own, from the folder of the model."""
    path = job.folder / "models" / "theirs" / READS
    path.parent.mkdir(parents=True)
    looks = [{"selection": "given", "variant": variant} for variant in ("normal", "headset")]
    lines = [f"{json.dumps(look)}\n" for look in [*looks, looks[1]]]
    path.write_text("".join(lines), encoding="utf-8")
    made = dict(gather(job).facts)
    assert made["model, theirs"] == "looks at the test faces: headset 2, normal 1"


def test_without_a_covered_column_there_is_no_rectangle(job, tmp_path):
    """What no number is about limits none."""
    told = "A drawn rectangle is not a headset"
    assert any(text.startswith(told) for text in gather(job).limits)
    workspace = make_workspace(tmp_path / "other", small_manifest())
    plan = replace(PLAN, train=("normal",), test=("normal",))
    trained_job(workspace, plan).compute()
    limits = gather(open_job(workspace, "small", plan)).limits
    assert not any(text.startswith(told) for text in limits)
