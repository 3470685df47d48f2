import dataclasses
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import occbench
from occbench.dataset.drawing import EXPRESSIONS, DrawnFace, draw_face
from occbench.dataset.drawing.action_units import (
    MIRROR,
    MOVEMENTS,
    action_unit_displacement,
    keep_in_order,
)
from occbench.dataset.drawing.anatomy import Proportions, resting_landmarks
from occbench.dataset.drawing.expressions import PROTOTYPES

TRAIN_PEOPLE, TEST_PEOPLE = range(64), range(500, 540)
HEADSET_HEIGHT_FRACTION = 0.46875

Sample = tuple[int, str, DrawnFace]


def face(identity=0, expression="neutral", index=0, seed=0, size=224):
    """A face with plain arguments where none are given."""
    return draw_face(identity=identity, expression=expression, index=index, seed=seed, size=size)


@pytest.fixture(scope="module")
def small_faces() -> list[Sample]:
    """Hundreds of small faces: every expression of every person once."""
    return [
        (person, expression, face(person, expression, size=48))
        for person in (*TRAIN_PEOPLE, *TEST_PEOPLE)
        for expression in EXPRESSIONS
    ]


@pytest.fixture(scope="module")
def portraits() -> list[Sample]:
    """Faces of different people at full size, the expressions taking turns."""
    return [(n, EXPRESSIONS[n % 8], face(n, EXPRESSIONS[n % 8], seed=3)) for n in range(48)]


def upright(landmarks):
    """Landmarks in units of the distance between the outer eye corners, eye line level."""
    p = np.asarray(landmarks, dtype=np.float64)
    eye_line = p[45] - p[36]
    length = np.hypot(*eye_line)
    cosine, sine = eye_line / length
    turned = (p - (p[36] + p[45]) / 2) @ np.array([[cosine, -sine], [sine, cosine]])
    return turned / length


def luminance(image):
    """The picture in grey, by the weights of ITU-R BT.601."""
    return image.astype(np.float64) @ (0.299, 0.587, 0.114)


def inside(points, shape):
    """Which pixels lie inside the outline."""
    mask = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.rint(points).astype(np.int32)], 1)
    return mask.astype(bool)


def patch(image, centre, radius=2):
    """The pixels about a point."""
    x, y = np.rint(centre).astype(int)
    return image[y - radius : y + radius + 1, x - radius : x + radius + 1].astype(np.float64)


def test_expressions_follow_affectnet():
    """The eight names come in AffectNet's order."""
    expected = "neutral happiness sadness surprise fear disgust anger contempt"
    assert expected.split() == list(EXPRESSIONS)


@pytest.mark.parametrize("size", [32, 48, 224, 333, 512])
def test_shapes_and_types(size):
    """Picture and landmarks have the documented shapes and types at every size."""
    drawn = face(4, "fear", size=size)
    assert drawn.image.shape == (size, size, 3)
    assert drawn.image.dtype == np.uint8
    assert drawn.landmarks.shape == (68, 2)
    assert drawn.landmarks.dtype == np.float32
    assert np.isfinite(drawn.landmarks).all()


def test_a_drawn_face_cannot_be_rebound():
    """The result is a frozen dataclass."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        face(size=32).image = np.zeros(1)


@settings(max_examples=12, deadline=None)
@given(
    identity=st.integers(0, 10**6),
    expression=st.sampled_from(EXPRESSIONS),
    index=st.integers(0, 10**6),
    seed=st.integers(0, 2**64),
    size=st.integers(32, 100),
)
def test_any_arguments_draw_the_same_twice(identity, expression, index, seed, size):
    """Equal arguments give equal bytes, for arguments of any magnitude."""
    first, second = (face(identity, expression, index, seed, size) for _ in range(2))
    assert first.image.tobytes() == second.image.tobytes()
    assert first.landmarks.tobytes() == second.landmarks.tobytes()
    assert np.isfinite(first.landmarks).all()


def test_same_bytes_in_another_process():
    """Neither the hash seed nor the number of threads nor earlier pictures change the bytes."""
    program = (
        "import hashlib; from occbench.dataset.drawing import draw_face\n"
        "f = draw_face(identity=7, expression='anger', index=2, seed=5)\n"
        "print(hashlib.sha256(f.image.tobytes() + f.landmarks.tobytes()).hexdigest())"
    )
    root = str(Path(occbench.__file__).parents[1])
    threads = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    environment = {**os.environ, "PYTHONHASHSEED": "4711", "PYTHONPATH": root, **threads}
    finished = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    face(1, "happiness")
    here = face(7, "anger", 2, 5)
    digest = hashlib.sha256(here.image.tobytes() + here.landmarks.tobytes()).hexdigest()
    assert finished.stdout.strip() == digest


@pytest.mark.parametrize(
    "changed", [{"index": 1}, {"identity": 1}, {"expression": "anger"}, {"seed": 1}]
)
def test_every_argument_changes_the_picture(changed):
    """Each of the four arguments of the key changes pixels and landmarks."""
    plain, other = face(size=64), face(**changed, size=64)
    assert (plain.image != other.image).mean() > 0.5
    assert np.abs(plain.landmarks - other.landmarks).max() > 0.2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"expression": "joy"}, "Received: expression='joy'$"),
        ({"size": 31}, "Received: size=31$"),
        ({"size": 1025}, "Received: size=1025$"),
        ({"seed": -1}, "Received: seed=-1$"),
    ],
)
def test_impossible_arguments_are_refused(arguments, message):
    """Unknown expressions, sizes out of range and negative seeds raise and are named."""
    with pytest.raises(ValueError, match=message):
        face(**arguments)


def test_landmarks_scale_with_the_picture():
    """Landmarks at twice the size are twice as far from the outer corner of the first pixel."""
    for person in range(6):
        small = face(person, "sadness", size=224).landmarks.astype(np.float64)
        large = face(person, "sadness", size=448).landmarks.astype(np.float64)
        np.testing.assert_allclose(large, (small + 0.5) * 2 - 0.5, atol=1e-3)


def test_the_picture_scales_with_its_size():
    """A picture drawn at half the size shows the same as the large one made smaller."""
    for person in range(4):
        large = cv2.resize(
            face(person, "fear", size=448).image, (224, 224), interpolation=cv2.INTER_AREA
        )
        small = face(person, "fear", size=224).image
        smooth = [cv2.GaussianBlur(picture, (0, 0), 2).astype(float) for picture in (large, small)]
        assert np.abs(smooth[0] - smooth[1]).mean() < 3


def test_landmarks_lie_in_the_frame(small_faces):
    """Nearly all faces lie in the frame entirely and fill most of it."""
    whole, fill = [], []
    for _, _, drawn in small_faces:
        p = drawn.landmarks
        whole.append(bool((p > -0.5).all() and (p < 47.5).all()))
        fill.append((p[:, 1].max() - p[:, 1].min()) / 48)
    assert np.mean(whole) > 0.95
    assert np.quantile(fill, 0.05) > 0.5
    assert np.quantile(fill, 0.95) < 0.85


def test_landmarks_follow_the_order_of_300w(small_faces):
    """Jaw, brows, nose, eyes and lips lie to each other as in every face marked for 300-W."""
    for _, _, drawn in small_faces:
        p = upright(drawn.landmarks)
        # The temples rise nearly upright, so only the cheeks and the chin go strictly rightwards.
        assert (np.diff(p[2:15, 0]) > 0).all()
        assert (np.diff(p[:17, 0]) > -0.03).all()
        assert (np.diff(p[17:27, 0]) > 0).all()
        assert p[36, 0] < p[37, 0] < p[38, 0] < p[39, 0] < p[42, 0] < p[43, 0] < p[44, 0] < p[45, 0]
        assert (p[[37, 38, 43, 44], 1] < p[[41, 40, 47, 46], 1]).all()
        assert (p[17:22, 1] < p[36:42, 1].min()).all()
        assert (p[22:27, 1] < p[42:48, 1].min()).all()
        assert (np.diff(p[27:31, 1]) > 0).all()
        assert (np.diff(p[31:36, 0]) > 0).all()
        assert p[31:36, 1].max() < p[51, 1] < p[57, 1] < p[8, 1]
        assert (np.diff(p[48:55, 0]) > 0).all()
        assert (np.diff(p[60:65, 0]) > 0).all()
        assert (p[[61, 62, 63], 1] < p[[67, 66, 65], 1]).all()
        assert (p[[50, 51, 52], 1] < p[[61, 62, 63], 1]).all()
        assert (p[[58, 57, 56], 1] > p[[67, 66, 65], 1]).all()


def test_roll_stays_within_fifteen_degrees(small_faces):
    """The eye line is tilted by 15 degrees at most, and it is tilted at all."""
    lines = np.array([drawn.landmarks[45] - drawn.landmarks[36] for *_, drawn in small_faces])
    # Unequal eye corners and pitch with yaw add a little to the head's roll.
    tilt = np.arctan2(lines[:, 1], lines[:, 0])
    assert np.abs(tilt).max() < np.radians(15 + 5)
    assert np.degrees(tilt.std()) > 2


def test_mirror_swaps_the_sides():
    """The mirrored landmark lies on the other side at the same height in an even face."""
    rest = resting_landmarks(Proportions())
    assert sorted(MIRROR) == list(range(68))
    np.testing.assert_allclose(rest[list(MIRROR)], rest * (-1, 1, 1), atol=1e-12)


@pytest.mark.parametrize(
    ("action_unit", "point", "axis", "sign"),
    [
        (1, 21, 1, -1),
        (2, 18, 1, -1),
        (4, 21, 1, 1),
        (4, 21, 0, 1),
        (5, 37, 1, -1),
        (6, 41, 1, -1),
        (7, 37, 1, 1),
        (7, 41, 1, -1),
        (9, 31, 1, -1),
        (10, 50, 1, -1),
        (11, 49, 1, -1),
        (12, 48, 1, -1),
        (12, 48, 0, -1),
        (14, 48, 0, -1),
        (15, 48, 1, 1),
        (17, 57, 1, -1),
        (17, 8, 1, -1),
        (20, 48, 0, -1),
        (23, 48, 0, 1),
        (24, 51, 1, 1),
        (24, 57, 1, -1),
        (25, 66, 1, 1),
        (26, 8, 1, 1),
        (26, 66, 1, 1),
    ],
)
def test_action_units_move_what_facs_says(action_unit, point, axis, sign):
    """Each action unit moves its landmark the way the FACS manual describes, on both sides."""
    displacement = action_unit_displacement({action_unit: (1.0, 1.0)})
    assert sign * displacement[point, axis] > 0.01
    mirrored = displacement[list(MIRROR)] * (-1, 1)
    np.testing.assert_allclose(displacement, mirrored, atol=1e-12)


@given(units=st.dictionaries(st.sampled_from(sorted(MOVEMENTS)), st.floats(0, 1)))
@settings(max_examples=60, deadline=None)
def test_no_mixture_of_muscles_tangles_the_face(units):
    """Lids, lips and brows keep their order under any mixture of action units."""
    rest = resting_landmarks(Proportions())
    rest[:, :2] += action_unit_displacement({unit: (s, s) for unit, s in units.items()})
    p = keep_in_order(rest)
    assert (p[[61, 62, 63], 1] < p[[67, 66, 65], 1]).all()
    assert (p[[37, 38, 43, 44], 1] < p[[41, 40, 47, 46], 1]).all()
    assert (p[[50, 51, 52], 1] < p[[61, 62, 63], 1]).all()
    assert p[21, 0] < 0 < p[22, 0]


def test_prototypes_hold_known_action_units():
    """Every expression has a prototype, and every action unit in it can be drawn."""
    assert set(PROTOTYPES) == set(EXPRESSIONS)
    for parts in PROTOTYPES.values():
        assert all(part.action_unit in MOVEMENTS for part in parts)
        assert all(0 < part.strength <= 1 and 0 < part.chance <= 1 for part in parts)


def measures(landmarks):
    """Distances that expressions change, in units of the outer eye corners' distance."""
    p = upright(landmarks)
    corners, lips = p[[48, 54]], p[[51, 57]]
    return {
        "corner_height": lips[:, 1].mean() - corners[:, 1].mean(),
        "corner_difference": abs(corners[0, 1] - corners[1, 1]),
        "mouth_width": corners[1, 0] - corners[0, 0],
        "mouth_opening": p[66, 1] - p[62, 1],
        "lip_height": lips[1, 1] - lips[0, 1],
        "upper_lip_to_nose": p[51, 1] - p[33, 1],
        "inner_brow_height": -p[[21, 22], 1].mean(),
        "outer_brow_height": -p[[18, 25], 1].mean(),
        "brow_gap": p[22, 0] - p[21, 0],
        "eye_opening": (p[[40, 41, 46, 47], 1] - p[[38, 37, 44, 43], 1]).mean(),
    }


@pytest.mark.parametrize(
    ("expression", "measure", "sign"),
    [
        ("happiness", "corner_height", 1),
        ("happiness", "mouth_width", 1),
        ("sadness", "corner_height", -1),
        ("surprise", "mouth_opening", 1),
        ("surprise", "inner_brow_height", 1),
        ("surprise", "outer_brow_height", 1),
        ("fear", "eye_opening", 1),
        ("fear", "mouth_width", 1),
        ("fear", "inner_brow_height", 1),
        ("disgust", "upper_lip_to_nose", -1),
        ("anger", "inner_brow_height", -1),
        ("anger", "brow_gap", -1),
        ("anger", "eye_opening", -1),
        ("anger", "lip_height", -1),
        ("contempt", "corner_difference", 1),
    ],
)
def test_expressions_differ_from_the_neutral_face(small_faces, expression, measure, sign):
    """The expression's signs show against the same person's neutral face, in most people."""
    of = {(person, name): measures(d.landmarks)[measure] for person, name, d in small_faces}
    people = sorted({person for person, _ in of})
    change = [sign * (of[person, expression] - of[person, "neutral"]) for person in people]
    assert np.mean(np.array(change) > 0) > 0.65
    assert np.mean(change) > 0.008


def test_edges_lie_on_the_landmarks(portraits):
    """Of all small shifts, none fits eyes and lips to the edges in the picture better than none."""
    steps = range(-4, 5)
    strength = np.zeros((9, 9))
    for _, _, drawn in portraits:
        grey = cv2.GaussianBlur(luminance(drawn.image), (0, 0), 1.0)
        edges = np.hypot(cv2.Sobel(grey, -1, 1, 0), cv2.Sobel(grey, -1, 0, 1))
        outlines = np.rint(drawn.landmarks[36:60]).astype(int)
        for row, down in enumerate(steps):
            for column, right in enumerate(steps):
                x, y = np.clip(outlines + np.array([right, down]), 0, 223).T
                strength[row, column] += edges[y, x].mean()
    best = np.unravel_index(strength.argmax(), strength.shape)
    assert np.abs(np.array(best) - 4).max() <= 1
    assert strength[4, 4] > 1.1 * strength[[0, 8], 4].max()


def test_eyes_differ_from_skin(portraits):
    """Inside the eyes there is white and black, unlike the even cheek below."""
    spreads = []
    for _, _, drawn in portraits:
        p, grey = drawn.landmarks, luminance(drawn.image)
        eye = grey[inside(p[36:42], grey.shape)]
        cheek = patch(grey, 0.5 * (p[41] + p[31]), 3)
        spreads.append(eye.std() / (cheek.std() + 1))
        assert eye.min() < 80
    assert np.median(spreads) > 5


def test_brows_are_darker_than_the_forehead(portraits):
    """The middle of a brow is darker than the skin above it, in nearly all fair faces."""
    darker = []
    for _, _, drawn in portraits:
        p, grey = drawn.landmarks, luminance(drawn.image)
        up = (p[27] - p[30]) / np.hypot(*(p[27] - p[30]))
        for point in (19, 24):
            skin = patch(grey, p[point] + 9 * up, 1).mean()
            darker.append(patch(grey, p[point], 1).mean() < skin - 4)
    assert np.mean(darker) > 0.85


def test_lips_are_redder_than_the_chin(portraits):
    """The lower lip is redder than the skin below it."""
    redder = []
    for _, _, drawn in portraits:
        p = drawn.landmarks
        lip, chin = (
            patch(drawn.image, p[[57, 66]].mean(axis=0)),
            patch(drawn.image, 0.5 * (p[57] + p[8])),
        )
        redness = [area[..., 0].mean() / (area[..., 1].mean() + 1) for area in (lip, chin)]
        redder.append(redness[0] > redness[1])
    assert np.mean(redder) > 0.85


def test_an_open_mouth_shows_teeth_and_a_dark_inside(portraits):
    """Between the lips of a surprised face lie both bright teeth and a dark cavity."""
    surprised = [face(n, "surprise", 1) for n in range(12)]
    wide = [d for d in surprised if d.landmarks[66, 1] - d.landmarks[62, 1] > 12]
    assert len(wide) >= 5
    for drawn in wide:
        values = luminance(drawn.image)[inside(drawn.landmarks[60:68], drawn.image.shape)]
        assert np.quantile(values, 0.95) > 2.5 * np.quantile(values, 0.05)


def test_people_light_and_noise_vary(portraits):
    """Skin goes from dark to light, light comes from both sides, and pictures carry noise."""
    skin, balance, noise = [], [], []
    for _, _, drawn in portraits:
        p, grey = drawn.landmarks, luminance(drawn.image)
        left, right = patch(grey, 0.5 * (p[41] + p[48])), patch(grey, 0.5 * (p[46] + p[54]))
        skin.append(0.5 * (left.mean() + right.mean()))
        balance.append(np.log(left.mean() / right.mean()))
        noise.append((grey - cv2.GaussianBlur(grey, (0, 0), 1))[:40, :10].std())
    assert min(skin) < 80
    assert max(skin) > 190
    assert min(balance) < -0.1
    assert max(balance) > 0.1
    assert max(noise) > 2 * min(noise) > 0


def test_a_person_keeps_the_skin(portraits):
    """Pictures of one person differ less in skin colour than pictures of different people."""

    def skin(drawn):
        p = drawn.landmarks
        return patch(drawn.image, 0.5 * (p[29] + p[30]), 3).mean(axis=(0, 1))

    within = np.mean([np.std([skin(face(n, index=i)) for i in range(4)], axis=0) for n in range(6)])
    between = np.std([skin(drawn) for _, _, drawn in portraits], axis=0).mean()
    assert within < 0.5 * between


def train_ridge(features, labels):
    """A linear classifier fitted by least squares with a weak penalty."""
    centre, spread = features.mean(axis=0), features.std(axis=0) + 1e-6
    x = np.column_stack([(features - centre) / spread, np.ones(len(features))])
    weights = np.linalg.solve(x.T @ x + np.eye(x.shape[1]), x.T @ np.eye(8)[labels])

    def classify(others):
        standardised = (others - centre) / spread
        return np.column_stack([standardised, np.ones(len(others))]).dot(weights).argmax(axis=1)

    return classify


def recall_by_expression(faces, points):
    """The share of each expression found in the test people, from some of the landmarks."""
    of = {True: ([], []), False: ([], [])}
    for person, expression, drawn in faces:
        features, labels = of[person in TRAIN_PEOPLE]
        features.append(upright(drawn.landmarks)[points].ravel())
        labels.append(EXPRESSIONS.index(expression))
    classify = train_ridge(np.array(of[True][0]), np.array(of[True][1]))
    truth, found = np.array(of[False][1]), classify(np.array(of[False][0]))
    return {name: (found[truth == i] == i).mean() for i, name in enumerate(EXPRESSIONS)}


def test_a_headset_costs_the_upper_face_most(small_faces):
    """Unseen people's expressions are found; a headset costs those of brows and eyes most."""
    shapes = np.array([upright(drawn.landmarks) for *_, drawn in small_faces])
    width = np.hypot(*(shapes[:, 16] - shapes[:, 0]).T)[:, None]
    covered = (np.abs(shapes[..., 0]) <= width / 2) & (
        np.abs(shapes[..., 1]) <= HEADSET_HEIGHT_FRACTION * width / 2
    )
    free = np.flatnonzero(covered.mean(axis=0) < 0.5)
    assert set(range(36, 48)).isdisjoint(free)
    assert set(range(48, 68)) <= set(free.tolist())
    full = recall_by_expression(small_faces, np.arange(68))
    lower = recall_by_expression(small_faces, free)
    assert 0.75 < np.mean(list(full.values())) < 0.99
    assert 0.4 < np.mean(list(lower.values())) < np.mean(list(full.values())) - 0.05
    drop = {name: full[name] - lower[name] for name in EXPRESSIONS}
    upper_face = np.mean([drop[name] for name in ("anger", "fear", "sadness")])
    lower_face = np.mean([drop[name] for name in ("happiness", "surprise")])
    assert upper_face > lower_face + 0.05
