"""Decisions from a history: the published trainings replayed, ties, alarms and NaN.

The series are those that the notebook of report 001 printed for its four final ResNet50 runs
(LeanderWernst/facial-expression-recognition), with four digits.
"""

from __future__ import annotations

from math import inf, nan

import pytest

from occbench.training.history import alarms, best_epoch, is_finite, plateau_rate, stops
from tests.runs import epoch_row

# Its callbacks: early stopping with patience 20 and at most 50 epochs, and this plateau.
PATIENCE, CAP, FIRST_RATE = 20, 50, 0.001
PLATEAU = {"factor": 0.2, "patience": 5, "minimum": 1e-8, "min_delta": 1e-4}

VAL_LOSS = {
    "normal": """
        1.0703 0.9631 1.1646 0.9193 0.8920 1.0490 0.9348 0.9412 0.9220 0.9457 0.9936 0.9930
        0.9711 0.9814 0.9759 0.9916 0.9888 0.9753 0.9740 0.9688 0.9688 0.9637 0.9608 0.9665
        0.9672""",
    "occluded": """
        1.2970 1.2784 1.2221 1.3829 1.2040 1.1751 1.2669 1.1928 1.2447 1.2256 1.1522 1.1616
        1.1352 1.1230 1.1474 1.1930 1.1365 1.1563 1.1365 1.1651 1.1517 1.1456 1.1423 1.1497
        1.1596 1.1450 1.1491 1.1526 1.1475 1.1576 1.1558 1.1513 1.1541 1.1557""",
    "mixed-paired": """
        1.3400 1.2985 1.1087 1.1437 1.0955 1.2256 1.1537 1.1766 1.0878 1.1666 1.1578 1.0883
        1.1928 1.1625 1.0508 1.0471 1.0392 1.0281 1.0335 1.0312 1.0771 1.0453 1.0977 1.0698
        1.0761 1.0776 1.0695 1.0992 1.0824 1.0940 1.1101 1.0887 1.0880 1.0871 1.1017 1.0976
        1.1098 1.1067""",
    "mixed-unique": """
        1.5585 2.0762 1.4242 1.2870 1.2103 1.2555 1.3027 1.2746 1.2272 1.3594 1.1193 1.1095
        1.1294 1.1337 1.1077 1.0857 1.1378 1.1180 1.0860 1.0917 1.0962 1.0788 1.0675 1.0857
        1.0641 1.0673 1.0557 1.0573 1.0674 1.0600 1.0677 1.0613 1.0554 1.0571 1.0556 1.0576
        1.0573 1.0641 1.0631 1.0653 1.0608 1.0650 1.0638 1.0648 1.0667 1.0632 1.0609 1.0625
        1.0600 1.0635""",
}
# Where they ended, their best epoch, and from which epoch on each rate was used.
ENDED = {"normal": 25, "occluded": 34, "mixed-paired": 38, "mixed-unique": 50}
BEST = {"normal": 5, "occluded": 14, "mixed-paired": 18, "mixed-unique": 33}
RATES = {
    "normal": {1: 1e-3, 11: 2e-4, 16: 4e-5, 21: 8e-6},
    "occluded": {1: 1e-3, 20: 2e-4, 25: 4e-5, 30: 8e-6},
    "mixed-paired": {1: 1e-3, 15: 2e-4, 24: 4e-5, 29: 8e-6, 34: 1.6e-6},
    "mixed-unique": {
        1: 1e-3,
        11: 2e-4,
        22: 4e-5,
        33: 8e-6,
        39: 1.6e-6,
        44: 3.2e-7,
        49: 6.4e-8,
    },
}


def published(name):
    """The history of a published run, epoch by epoch."""
    losses = map(float, VAL_LOSS[name].split())
    return [epoch_row(epoch, val_loss=loss) for epoch, loss in enumerate(losses, start=1)]


def rows_of(*values, column="val_loss"):
    """A history with one column that matters."""
    return [epoch_row(epoch, **{column: value}) for epoch, value in enumerate(values, start=1)]


def rates(values, **changes):
    """The learning rate of each epoch, from a first one of 1; rows are losses."""
    rows, how = rows_of(*values), {**PLATEAU, "minimum": 0, "min_delta": 0, **changes}
    return [plateau_rate(rows[:count], "val-loss", 1.0, **how) for count in range(len(rows) + 1)]


@pytest.mark.parametrize("name", VAL_LOSS)
def test_no_published_decision_hangs_on_a_digit_that_is_not_printed(name):
    """Each loss is a new best, or not, by more than two roundings of 0.00005, min_delta or not."""
    best = inf
    for row in published(name):
        loss = row["val_loss"]
        assert loss < best - 0.0001 - 0.0001 or loss > best + 0.0001 - 1e-9
        best = min(best, loss)


@pytest.mark.parametrize("name", VAL_LOSS)
def test_published_runs_end_where_they_ended(name):
    """Early stopping says no after every epoch but the last; one run came to the cap."""
    rows = published(name)
    assert len(rows) == ENDED[name]
    said = [stops(rows[:count], "val-loss", PATIENCE) for count in range(1, len(rows) + 1)]
    assert said == [False] * (len(rows) - 1) + [ENDED[name] < CAP]


@pytest.mark.parametrize("name", VAL_LOSS)
def test_published_runs_have_their_best_epoch(name):
    """The lowest validation loss chooses it, and the last epoch is the last."""
    assert best_epoch(published(name), "best-val-loss") == BEST[name]
    assert best_epoch(published(name), "last") == ENDED[name]


@pytest.mark.parametrize("name", VAL_LOSS)
def test_published_learning_rates(name):
    """The plateau gives the rate of every epoch from the epochs before it."""
    rows, wanted = published(name), FIRST_RATE
    for epoch in range(1, len(rows) + 1):
        wanted = RATES[name].get(epoch, wanted)
        found = plateau_rate(rows[: epoch - 1], "val-loss", FIRST_RATE, **PLATEAU)
        assert found == pytest.approx(wanted, rel=1e-9)


def test_the_first_of_equal_epochs_is_best():
    """A tie is decided for the shorter training, whatever is watched."""
    assert best_epoch(rows_of(2, 1, 1, 3), "best-val-loss") == 2
    accuracies = rows_of(0.4, 0.6, 0.5, 0.6, column="val_accuracy")
    assert best_epoch(accuracies, "best-val-accuracy") == 2
    balanced = rows_of(0.4, 0.3, 0.7, column="val_balanced_accuracy")
    assert best_epoch(balanced, "best-balanced-val-accuracy") == 3


def test_nan_is_never_best():
    """An epoch without a number loses against any other, be it the first."""
    assert best_epoch(rows_of(nan, 5, nan, 4), "best-val-loss") == 4
    accuracies = rows_of(nan, 0.1, column="val_accuracy")
    assert best_epoch(accuracies, "best-val-accuracy") == 2
    assert best_epoch(rows_of(nan, nan), "best-val-loss") == 1


def test_no_choice_is_a_mistake_of_the_caller():
    """Nothing to choose from, or a rule that is none."""
    with pytest.raises(ValueError, match="rows=0"):
        best_epoch([], "last")
    with pytest.raises(ValueError, match="select='first'"):
        best_epoch(rows_of(1), "first")


def test_early_stopping_counts_epochs_in_a_row():
    """The count begins anew at each better epoch; an equal one is not better; 0 never stops."""
    rows = rows_of(5, 6, 6, 4, 4, 4, 4)
    assert [stops(rows[:n], "val-loss", 3) for n in range(8)] == [False] * 7 + [True]
    assert [stops(rows[:n], "val-loss", 2) for n in range(4)] == [False, False, False, True]
    assert not stops(rows * 9, "val-loss", 0)


def test_early_stopping_watches_what_it_is_told():
    """More accuracy is better, less loss is."""
    rows = rows_of(0.1, 0.2, 0.3, column="val_accuracy")
    assert not stops(rows, "val-accuracy", 2)
    assert stops(rows, "balanced-val-accuracy", 2)
    assert stops(rows_of(0.1, 0.2, 0.3), "val-loss", 2)
    assert stops(rows_of(0.1, nan, nan), "val-loss", 2)


def test_the_plateau_waits_and_waits_again():
    """After each two epochs that are no better the rate is a fifth, and the best is kept."""
    found = rates([4, 5, 5, 5, 5, 3, 3, 3], patience=2)
    assert found == pytest.approx([1, 1, 1, 0.2, 0.2, 0.04, 0.04, 0.04, 0.008])


def test_the_plateau_wants_more_than_min_delta():
    """Small steps down count as none, and do not move the best either."""
    assert rates([1, 0.95, 0.9, 0.85], patience=3, min_delta=0.25)[-1] == pytest.approx(0.2)
    assert rates([1, 0.95, 0.9, 0.7], patience=3, min_delta=0.25)[-1] == 1


def test_the_plateau_has_a_floor():
    """The rate ends at the minimum; one that began below it is left alone, as in Keras."""
    assert rates([1] * 6, patience=1, minimum=0.1) == pytest.approx([1, 1, 0.2, 0.1, 0.1, 0.1, 0.1])
    assert rates([1] * 4, patience=1, minimum=2) == [1] * 5


def test_the_plateau_does_not_take_nan_for_progress():
    """An epoch without a number is one more that was no better."""
    assert rates([1, nan, nan], patience=2)[-1] == pytest.approx(0.2)


CLASSES = ("angry", "happy", "sad")


def test_nothing_to_report():
    """A usual epoch has no alarm, and training below validation by a little is usual."""
    assert alarms([epoch_row(1)], [3, 4, 5], CLASSES) == []
    assert alarms([epoch_row(1, accuracy=0.5, val_accuracy=0.64)], [3, 4, 5], CLASSES) == []


def test_a_constant_predictor_is_named():
    """Where all are called one class, that is all there is to say."""
    assert alarms([epoch_row(7)], [0, 12, 0], CLASSES) == [
        "epoch 7: every validation face is called 'happy'."
    ]


def test_a_class_that_is_never_predicted_is_named():
    """All such classes, in class order, of the last epoch."""
    assert alarms([epoch_row(1), epoch_row(2)], [5, 0, 7], CLASSES) == [
        "epoch 2: never predicted for a validation face: 'happy'."
    ]
    (found,) = alarms([epoch_row(2)], [5, 0, 0, 7], (*CLASSES, "fear"))
    assert found == "epoch 2: never predicted for a validation face: 'happy', 'sad'."


def test_validation_far_above_training_is_suspicious():
    """0.15 above is where it begins; the sentence has both numbers, beside other alarms."""
    found = alarms([epoch_row(4, accuracy=0.5, val_accuracy=0.66)], [12, 0, 0], CLASSES)
    assert len(found) == 2
    assert found[1].startswith(
        "epoch 4: validation accuracy 66.0% is far above training accuracy 50.0%;"
    )


@pytest.mark.parametrize("wrong", [nan, inf, -inf])
def test_a_loss_that_is_no_number(wrong):
    """Either loss gives a diverged epoch away."""
    assert is_finite(epoch_row(1))
    assert not is_finite(epoch_row(1, loss=wrong))
    assert not is_finite(epoch_row(1, val_loss=wrong))
