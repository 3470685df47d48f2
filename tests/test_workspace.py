"""The workspace: where everything lies."""

from __future__ import annotations

from pathlib import Path

import pytest

from occbench.errors import DataError, UnknownName
from occbench.workspace import MARKER, Workspace, checked_name

GOOD = ["a", "A9", "fer2013", "affect_net-8", "0", "x" * 60]
BAD = ["", ".", "..", "a b", "a/b", "../a", "-a", "_a", ".a", "a.b", "ü", "a\n", "a\0", "²", "a:b"]


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    """A new workspace."""
    return Workspace.find_or_create(tmp_path / "bench")


def marker(workspace: Workspace) -> Path:
    """The workspace's settings."""
    return workspace.root / "occbench.toml"


def test_a_new_workspace_is_one_small_file(workspace, tmp_path):
    """No empty rooms are made; beside it stays the writer's lock."""
    assert workspace.root == (tmp_path / "bench").resolve()
    assert sorted(path.name for path in workspace.root.iterdir()) == [".lock", MARKER]
    assert marker(workspace).read_text() == "schema = 1\n"


def test_a_workspace_is_found_from_any_folder_below(workspace):
    """Like a repository."""
    below = workspace.root / "a" / "b"
    below.mkdir(parents=True)

    assert Workspace.find(below) == workspace
    assert Workspace.find_or_create(below) == workspace
    assert not (below / MARKER).exists()


def test_the_nearest_workspace_counts(workspace):
    """One inside another hides it."""
    inner = workspace.root / "inner"
    inner.mkdir()
    (inner / MARKER).write_text("schema = 1\n")

    assert Workspace.find(inner).root == inner


def test_a_folder_of_that_name_is_no_workspace(workspace):
    """Only a file marks one."""
    inner = workspace.root / "inner"
    (inner / MARKER).mkdir(parents=True)

    assert Workspace.find(inner) == workspace


def test_without_a_workspace_the_user_is_told_what_to_do(tmp_path):
    """Nothing is made on a mere look."""
    with pytest.raises(DataError, match=r"no workspace in .*occbench scan.*--workspace"):
        Workspace.find(tmp_path)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"schema = ", "no valid TOML"),
        (b"\xff\xfe", "no valid TOML"),
        (b"", "schema None; this version reads 1"),
        (b"schema = 2\n", "schema 2; this version reads 1"),
        (b'schema = "1"\n', "schema '1'"),
        (b"schema = 1\ndata = 3\n", "tables"),
        (b'schema = 1\n[data]\nfer = "FOLDER"\n', "tables"),
    ],
    ids=["torn", "no text", "empty", "newer", "text", "data is a number", "root without a table"],
)
def test_settings_that_cannot_be_read_are_named(text, reason, workspace):
    """By every command, and without touching the file or making another one below."""
    marker(workspace).write_bytes(text)
    below = workspace.root / "below"

    for use in (
        lambda: Workspace.find(workspace.root),
        lambda: Workspace.find_or_create(below),
        lambda: workspace.data_root("fer"),
        lambda: workspace.set_data_root("fer", workspace.root),
    ):
        with pytest.raises(DataError, match=rf"occbench\.toml' .*{reason}"):
            use()

    assert marker(workspace).read_bytes() == text
    assert not below.exists()


def test_rooms_lie_below_the_root(workspace):
    """Each kind of thing has its own."""
    assert workspace.manifest("fer") == workspace.root / "manifests" / "fer.csv"
    assert workspace.data("fer") == workspace.root / "data" / "fer"
    assert workspace.occluded("fer-1a2b") == workspace.root / "occluded" / "fer-1a2b"
    assert workspace.splits() == workspace.root / "splits"
    assert workspace.report("fer") == workspace.root / "reports" / "fer"


def test_data_sets_are_those_with_facts_sorted(workspace):
    """The JSON is written last; a table without it was torn."""
    (workspace.root / "manifests").mkdir()
    for name in ("b.json", "b.csv", "a.json", "torn.csv"):
        (workspace.root / "manifests" / name).write_text("{}")

    assert workspace.names() == ("a", "b")


def test_the_only_data_set_need_not_be_named(workspace):
    """None, one and two of them."""
    with pytest.raises(DataError, match=r"holds 0 data sets.*occbench scan"):
        workspace.choose(None)

    (workspace.root / "manifests").mkdir()
    (workspace.root / "manifests" / "fer2013.json").write_text("{}")
    assert workspace.choose(None) == "fer2013"
    assert workspace.choose("fer2013") == "fer2013"

    (workspace.root / "manifests" / "affect.json").write_text("{}")
    with pytest.raises(DataError, match=r"holds 2 data sets\. Choose one of: affect, fer2013"):
        workspace.choose(None)
    with pytest.raises(UnknownName, match=r"data set 'fer'.*Did you mean 'fer2013'\?"):
        workspace.choose("fer")


def test_a_root_inside_the_workspace_moves_with_it(workspace, tmp_path):
    """It is kept as a relative path."""
    inside = workspace.root / "data" / "drawn"
    inside.mkdir(parents=True)
    workspace.set_data_root("drawn", inside)
    assert 'root = "data/drawn"' in marker(workspace).read_text()

    moved = Workspace(workspace.root.rename(tmp_path / "elsewhere"))

    assert moved.data_root("drawn") == tmp_path / "elsewhere" / "data" / "drawn"


@pytest.mark.parametrize("folder", ["outside", "bench2", 'ü "quoted" \\ back'])
def test_a_root_outside_the_workspace_is_absolute(folder, workspace, tmp_path):
    """Even if its path begins like the workspace's."""
    workspace.set_data_root("fer", tmp_path / folder)

    assert workspace.data_root("fer") == (tmp_path / folder).resolve()
    assert Workspace.find(workspace.root).data_root("fer") == (tmp_path / folder).resolve()


def test_the_workspace_itself_may_be_a_root(workspace):
    """Images beside the settings."""
    workspace.set_data_root("here", workspace.root)

    assert workspace.data_root("here") == workspace.root


def test_a_relative_root_is_taken_from_the_current_folder(workspace, tmp_path, monkeypatch):
    """As a person types it on the command line."""
    monkeypatch.chdir(tmp_path)
    workspace.set_data_root("fer", Path("images"))

    assert workspace.data_root("fer") == tmp_path.resolve() / "images"


def test_comments_and_other_settings_survive(workspace, tmp_path):
    """People write in this file, too."""
    before = (
        "# My workspace\nschema = 1  # do not change\n\n"
        '[data.fer]\n# on the big disk\nroot = "/old"  # slow\n\n'
        '[data.other]\nroot = "/other"\nnote = "mine"\n\n[mine]\nx = [1,\n  2]\n'
    )
    marker(workspace).write_text(before)

    workspace.set_data_root("fer", tmp_path / "new")

    expected = before.replace('"/old"', f'"{(tmp_path / "new").resolve()}"')
    assert marker(workspace).read_text() == expected


def test_a_second_root_does_not_disturb_the_first(workspace, tmp_path):
    """Names with hyphens and digits included."""
    for name in ("fer", "affect-net_8", "007"):
        workspace.set_data_root(name, tmp_path / name)

    for name in ("fer", "affect-net_8", "007"):
        assert workspace.data_root(name) == (tmp_path / name).resolve()


@pytest.mark.parametrize("text", ["", "[data.fer]\n", "[data.fer]\nroot = 3\n"])
def test_a_missing_root_says_where_to_add_it(text, workspace):
    """With the lines to write."""
    marker(workspace).write_text(f"schema = 1\n{text}")

    with pytest.raises(DataError, match=r"no root for 'fer'.*\[data\.fer\] as root = "):
        workspace.data_root("fer")


@pytest.mark.parametrize("name", GOOD)
def test_plain_names_are_taken(name):
    """ASCII letters, digits, hyphen and underscore."""
    assert checked_name(name) == name


@pytest.mark.parametrize("name", BAD)
def test_names_that_could_leave_the_workspace_are_refused(name, workspace):
    """Also those that some system cannot store."""
    for use in (checked_name, workspace.manifest, workspace.data):
        with pytest.raises(DataError, match="cannot be the name of a data set"):
            use(name)
