"""What the runs of a matrix look at, as ``occbench explain`` has stored it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from occbench.explain.record import ROOM, Explanation, stored_explanations
from occbench.matrix.job import MatrixJob
from occbench.report.explanation_axes import Drawing, shown_as
from occbench.report.explanation_figures import drawings

# In the order of the page: what says most comes first.
_NAMES = {
    "regions": "parts of the face",
    "sensitivity": "occlusion sensitivity",
    "grad-cam": "Grad-CAM",
    "activations": "activations",
    "kernels": "kernels",
}


@dataclass(frozen=True, eq=False)
class Explained:
    """One explanation of one run.

    Attributes:
        train: the train split of the run.
        seed: its seed.
        folder: the name of the explanation's folder.
        found: what stands there.
    """

    train: str
    seed: int
    folder: str
    found: Explanation

    @property
    def title(self) -> str:
        """What it is, for a heading."""
        where = f" of {self.found.facts['layer']}" if "layer" in self.found.facts else ""
        who = f", {shown_as(self.found)}" if "variant" in self.found.facts else ""
        return f"{self.train}, seed {self.seed}: {_NAMES[self.found.method]}{where}{who}"

    def drawings(self, *, faces: bool) -> Iterator[Drawing]:
        """Its figures; of activations those of the first face.

        Args:
            faces: whether pictures of faces may be shown.
        """
        most = 1 if self.found.method == "activations" else None
        yield from (one for one in islice(drawings(self.found), most) if faces or not one.faces)


def explanations_of(job: MatrixJob) -> Iterator[Explained]:
    """The explanations of the runs of a matrix, run by run in the order of its rows.

    Raises:
        DataError: one of them cannot be read.
    """
    order = list(_NAMES)
    for row in job.rows:
        folders = stored_explanations(job.workspace.run(job.run(row).id) / ROOM)
        found = [(folder.name, Explanation.read(folder)) for folder in folders]
        for name, one in sorted(found, key=lambda pair: (order.index(pair[1].method), pair[0])):
            yield Explained(row.train, row.seed, name, one)
