"""``occbench doctor``: what is ready, what is missing, and never a traceback."""

from __future__ import annotations

import json

import pytest

from occbench.doctor import environment
from tests.cli.conftest import call_main
from tests.folders import contents
from tests.test_architecture import imported_by

PLAN = """schema = 1
data_set = "drawn"
recipe = "demo"
"""


@pytest.fixture(autouse=True)
def no_weights(tmp_path_factory, monkeypatch):
    """Published weights of whoever runs the tests are not looked at."""
    monkeypatch.setenv("OCCBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))


def test_before_anything_is_there(call):
    """An empty folder is no fault: the first step is named, and the exit code is 0."""
    result = call("doctor")
    assert result.exit_code == 0, result.output
    assert "missing  There is no workspace in" in result.stdout
    assert "Run 'occbench scan' there first" in result.stdout
    assert "Ready" not in result.stdout


def test_a_workspace_is_looked_through(workspace, call):
    """Each area has its heading; nothing on disk changes."""
    assert call("build-splits", "-q").exit_code == 0
    before = contents(workspace)
    result = call("doctor")
    assert result.exit_code == 0, result.output
    heads = [line for line in result.stdout.splitlines() if not line.startswith(" ")]
    assert heads == ["environment:", "workspace:", "data sets:", "splits:", "weights:"]
    assert "ok       drawn: 64 faces, 64 with usable landmarks; train 48, test 16" in result.stdout
    assert "ok       drawn: 4 fit the data set as it is" in result.stdout
    assert contents(workspace) == before


def test_json_holds_the_same(workspace, call):
    """A list of findings with what to do, and whether all is well."""
    found = json.loads(call("doctor", "--json").stdout)
    assert (found["ready"], found["command"]) == (True, "")
    assert {"area", "status", "text", "todo", "needed"} == set(found["findings"][0])
    words = call("doctor").stdout
    assert all(each["text"] in words for each in found["findings"])


def test_a_plan_that_is_ready(workspace, call):
    """The call that makes its matrix is the last line; it names this plan and begins it."""
    (workspace / "plan.toml").write_text(PLAN)
    result = call("doctor", "plan.toml")
    assert result.exit_code == 0, result.output
    ready = result.stdout.rstrip().splitlines()[-1]
    assert ready.startswith("Ready: occbench matrix ")
    words = ready.removeprefix("Ready: occbench ").split()
    dry = call(*words, "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert "4 of 4 runs to train" in dry.stdout
    found = json.loads(call("doctor", "plan.toml", "--json").stdout)
    assert f"Ready: {found['command']}" == ready


def test_a_plan_that_lacks_its_data_set(workspace, call):
    """Exit code 1 and what to do."""
    (workspace / "plan.toml").write_text(PLAN.replace("drawn", "fer2013"))
    result = call("doctor", "plan.toml")
    assert result.exit_code == 1
    assert "missing  fer2013: not scanned" in result.stdout
    assert "-> Run 'occbench scan fer2013'." in result.stdout
    assert "Ready" not in result.stdout
    found = json.loads(call("doctor", "plan.toml", "--json").stdout)
    assert (found["ready"], found["command"]) == (False, "")


@pytest.mark.parametrize("text", [None, "", "schema = 1", "\x00", "[recipe"])
def test_a_plan_that_cannot_be_read(text, workspace, call):
    """Missing or broken: a line and exit code 1."""
    if text is not None:
        (workspace / "plan.toml").write_text(text)
    result = call("doctor", "plan.toml")
    assert result.exit_code == 1
    assert "broken   The plan 'plan.toml'" in result.stdout


def test_a_broken_marker_is_a_fault(workspace, call):
    """No command works in such a workspace."""
    (workspace / "occbench.toml").write_text("schema = ")
    result = call("doctor")
    assert result.exit_code == 1
    assert "is no valid TOML" in result.stdout


def test_a_broken_environment_is_a_fault(workspace, call, monkeypatch):
    """Nothing more is looked at, as that might not even be importable."""
    monkeypatch.setattr(environment, "requires", lambda _: ["keras>=99"])
    result = call("doctor")
    assert result.exit_code == 1
    assert "expected >=99" in result.stdout
    assert "workspace:" not in result.stdout


def test_a_look_loads_no_framework(workspace):
    """Neither Keras nor a plotting library."""
    (workspace / "plan.toml").write_text(PLAN)
    for more in ((), (str(workspace / "plan.toml"),)):
        found = imported_by("-m", "occbench", "doctor", *more, "--workspace", str(workspace))
        assert "pandas" in found
        assert not found & {"tensorflow", "keras", "matplotlib", "h5py"}


@pytest.mark.tf
def test_devices_are_named(call):
    """On request the backend is loaded and says what it computes on."""
    result = call_main("doctor", "--devices")
    assert result.exit_code == 0, result.output
    line = result.stdout.partition("devices:\n")[2].splitlines()[0]
    assert "cores" in line
    assert "keras" in line
