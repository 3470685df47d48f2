"""What goes wrong is one sentence and an exit code: 1 for data, 2 for usage, 3 for parts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from occbench.cli import occlude as occlude_command
from occbench.core.lock import sole_writer
from tests.cli.conftest import error_of
from tests.folders import add_faces, contents

_ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["occlud"], 2, "Unknown command 'occlud'. Did you mean 'occlude'?"),
        (["scan", "fer2014"], 2, "Unknown data set adapter 'fer2014'. Did you mean 'fer2013'?"),
        (["occlude", "--occluder", "hedset"], 1, "Unknown occluder 'hedset'. Did you mean"),
        (["occlude", "--occluder", "headset(device='quest-3')"], 1, "Did you mean 'quest-2'?"),
        (["occlude", "--occluder", "headset(scle=1)"], 1, "has no parameter 'scle'"),
        (["occlude", "--occluder", "headset(1.2)"], 1, "Cannot read 'headset(1.2)'"),
        (["occlude", "--occluder", "headset(scale=-1)"], 1, "'scale' is -1"),
        (["occlude", "drawm"], 1, "Unknown data set 'drawm'. Did you mean 'drawn'?"),
        (["audit", "drawm"], 1, "Unknown data set 'drawm'. Did you mean 'drawn'?"),
        (["show", "drawm"], 1, "Unknown data set 'drawm'. Did you mean 'drawn'?"),
        (["build-splits", "drawm"], 1, "Unknown data set 'drawm'. Did you mean 'drawn'?"),
        (["occlude", "--landmarks", "x"], 2, "belong to --images"),
        (["occlude", "--output", "x"], 2, "belong to --images"),
        (["occlude", "--images", "in"], 2, "--images needs --output"),
        (["occlude", "drawn", "--images", "in"], 2, "either NAME or --images"),
        (["occlude", "--images", "in", "--output", "o"], 1, "'in' does not exist"),
        (["occlude", "--quality", "101"], 2, "101 is not in the range"),
        (["occlude", "--format", "gif"], 2, "'gif' is not one of"),
        (["occlude", "--workers", "0"], 2, "0 is not in the range"),
        (["occlude", "--limit", "-1"], 2, "-1 is not in the range"),
        (["scan", "fer2013"], 2, "Missing argument 'SOURCE'"),
        (["scan", "fer2013", "nowhere.npz"], 1, "'nowhere.npz' does not exist"),
        (["scan", "folder", "nowhere"], 1, "'nowhere' does not exist"),
        (["scan", "affectnet", "nowhere"], 1, "'nowhere' does not exist"),
        (["scan", "drawn", "--count", "3"], 1, "--count is 3; expected 64"),
        (["scan", "drawn", "--balance", "odd"], 2, "'odd' is not one of"),
        (["scan", "drawn", "--name", "../up"], 1, "cannot be the name of a data set"),
        (["scan", "drawn", "--name", ""], 1, "cannot be the name of a data set"),
        (["build-splits", "--fractions", "1,2"], 2, "expected three numbers"),
        (["build-splits", "--fractions", "0.7,0.1,0.2"], 2, "belongs to --partitions stratified"),
        (["build-splits", "--folds", "3", "--val-fraction", "0.1"], 2, "either --folds or"),
        (["build-splits", "--mode", "mixed"], 2, "'mixed' is not one of"),
        (["list", "ocluders"], 2, "'ocluders' is not one of"),
        (["audit", "--near", "2"], 2, "not in the range"),
        (["show", "--count", "0"], 2, "not in the range"),
        (["show", "--occluder", "hedset"], 1, "Did you mean 'headset'?"),
        (["build-splits", "--occluder", "hedset"], 1, "Did you mean 'headset'?"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_call_is_one_sentence_and_changes_nothing(arguments, code, text, workspace, call):
    """The sentence says what is wrong; the exit code says whose fault it is."""
    before = contents(workspace)
    result = call(*arguments)
    assert result.exit_code == code, result.output
    assert text in error_of(result)
    assert result.stdout == ""
    assert contents(workspace) == before


@pytest.mark.parametrize("command", ["audit", "show", "occlude", "build-splits"])
def test_without_a_workspace_the_first_step_is_named(command, call):
    """The message says what to run first."""
    result = call(command)
    assert result.exit_code == 1
    assert "There is no workspace in" in error_of(result)
    assert "occbench scan" in error_of(result)


@pytest.mark.parametrize("command", ["audit", "show", "occlude", "build-splits"])
def test_of_several_data_sets_one_must_be_named(command, workspace, call):
    """All names are listed."""
    call("scan", "drawn", "--count", 64, "--size", 32, "--workers", 1, "--name", "other")
    result = call(command)
    assert result.exit_code == 1
    assert "holds 2 data sets. Choose one of: drawn, other." in error_of(result)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("schema = ", "no valid TOML"),
        ("schema = 99\n", "schema 99"),
        ("", "schema None"),
        ("schema = 1\ndata = 3\n", "something else than tables"),
        ("schema = 1\n", "has no root for 'drawn'"),
    ],
)
@pytest.mark.parametrize("command", [["occlude"], ["audit"], ["show"]], ids=lambda value: value[0])
def test_a_broken_workspace_file_is_named(text, reason, command, workspace, call):
    """The file and what is wrong with it are said."""
    (workspace / "occbench.toml").write_text(text, encoding="utf-8")
    result = call(*command)
    assert result.exit_code == 1
    assert reason in error_of(result)
    assert "occbench.toml" in error_of(result)


@pytest.mark.parametrize("ending", [".csv", ".json", ".landmarks.npy"])
@pytest.mark.parametrize("damage", ["missing", "changed"])
def test_a_damaged_manifest_is_named(ending, damage, workspace, call):
    """Each of its three files is checked by every command that reads it."""
    path = workspace / "manifests" / f"drawn{ending}"
    data = path.read_bytes()
    path.unlink()
    if damage == "changed":
        path.write_bytes(data[:-30])
    result = call("occlude", "drawn")
    assert result.exit_code == 1
    text = error_of(result)
    assert path.name in text or "Unknown data set" in text


def test_a_busy_workspace_is_a_sentence(workspace, call):
    """A second scan at the same time is told to wait."""
    with sole_writer(workspace):
        result = call("scan", "drawn", "--count", 64, "--size", 48, "--workers", 1)
    assert result.exit_code == 1
    assert "Another occbench process is writing" in error_of(result)


@pytest.mark.parametrize(
    ("raised", "code", "text"),
    [
        (PermissionError(13, "Permission denied", "/x/y"), 1, "'/x/y' cannot be used: Perm"),
        (OSError("the cable is cut"), 1, "A file cannot be used: the cable is cut."),
        (MemoryError(), 1, "not enough memory"),
    ],
)
def test_errors_of_the_machine_are_sentences(raised, code, text, workspace, call, monkeypatch):
    """Files, disks and memory are no faults of the program."""

    def fail(*_: object) -> None:
        raise raised

    monkeypatch.setattr(occlude_command, "_run", fail)
    result = call("occlude")
    assert result.exit_code == code
    assert text in error_of(result)


def test_an_interrupt_says_how_to_go_on(workspace, call, monkeypatch):
    """Control-C ends with the shell's usual code."""

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(occlude_command, "_run", fail)
    result = call("occlude")
    assert result.exit_code == 130
    assert result.stderr == "Interrupted. Run the same command again to go on.\n"


def test_a_fault_of_the_program_keeps_its_traceback(workspace, call, monkeypatch):
    """Only what the user can put right is a sentence."""

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(occlude_command, "_run", fail)
    with pytest.raises(ZeroDivisionError):
        call("occlude")


def test_a_closed_pipe_is_no_traceback(tmp_path):
    """``occbench list | head`` ends quietly."""
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "occbench", "list"],
        cwd=_ROOT,
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(write)
    assert "Traceback" not in done.stderr


def test_images_that_fail_are_told_and_the_exit_code_is_three(call, tmp_path):
    """The others are painted; stderr says where the reasons are."""
    source = add_faces(tmp_path / "in", 3)
    (source / "2_lnd.npy").unlink()
    result = call("occlude", "--images", source, "--output", tmp_path / "out")
    assert result.exit_code == 3
    assert "3 images, 2 painted now, 0 before, 1 failed, 0 left" in result.stdout
    assert "1 images failed; the reasons are in" in result.stderr
