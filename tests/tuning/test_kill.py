"""A search whose process is killed for real, in the middle of a trial."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from occbench.tuning.samplers import METHODS
from occbench.tuning.search import run_search
from tests.tuning.searches import Evaluator, search_of

pytest.importorskip("optuna", reason="Optuna belongs to the extra 'tune'")

ROOT = Path(__file__).parents[2]

# The sixth candidate is drawn and written down as running when the process dies.
KILLED = """
import os, signal, sys
from pathlib import Path
from occbench.tuning.search import run_search
from tests.tuning.searches import Evaluator, bowl, search_of

known = Evaluator()

def evaluate(values, report):
    if len(known.asked) == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return known(values, report)

folder = Path(sys.argv[1])
run_search(folder / "s", search_of(folder, method=sys.argv[2], trials=9), evaluate)
"""


@pytest.mark.parametrize("method", METHODS)
def test_killed_for_real_it_goes_on_with_the_same_candidates(method, tmp_path):
    """No lock is left, the open candidate is drawn anew, and the best recipe is the same."""
    for name in ("whole", "killed"):
        (tmp_path / name).mkdir()
    arguments = [sys.executable, "-c", KILLED, str(tmp_path / "killed"), method]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, check=False, timeout=300)
    assert done.returncode == -signal.SIGKILL, done.stderr
    whole, later = Evaluator(), Evaluator()
    for name, evaluator in (("whole", whole), ("killed", later)):
        folder = tmp_path / name
        run_search(folder / "s", search_of(folder, method=method, trials=9), evaluator)
    assert later.asked == whole.asked[5:]
    one, other = (tmp_path / name / "s" / "best.toml" for name in ("whole", "killed"))
    assert one.read_bytes() == other.read_bytes()
