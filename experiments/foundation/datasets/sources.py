"""What studies of vectors ask for: their parameters, spelled once, and points in double precision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from experiments.foundation.datasets.choices import GENERATED, VectorSetName
from experiments.lab.experiment import parameters

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from experiments.foundation.datasets.vectors import VectorData


# The meaning of a field stands in its annotation, since pydantic does not hand on the text under a field to a subclass.
@parameters
class VectorSource:
    """Base of a Params that searches vectors. Fields may be given anew where a study has other bounds or defaults."""

    dataset: Annotated[
        VectorSetName | str,
        Field(
            description="Base vectors: clustered, gauss, uniform, digits, mnist, sift-cifar or another named set, or "
            "the path of a file."
        ),
    ] = "clustered"
    queries: Annotated[
        str | None,
        Field(
            description="File of queries, where ``dataset`` is the path of a file (by default some of its rows are "
            "held out)."
        ),
    ] = None
    n: Annotated[int, Field(ge=50, le=1_000_000, description="Number of base vectors.")] = 1000
    n_queries: Annotated[int, Field(ge=1, le=100_000, description="Number of queries.")] = 200
    dim: Annotated[int, Field(ge=1, le=4096, description="Dimensions of generated vectors.")] = 32
    intrinsic_dim: Annotated[
        int, Field(ge=1, le=4096, description="Dimensions of the subspaces on which the clusters lie.")
    ] = 8
    metric: Annotated[
        Literal["l2", "cosine", "ip"] | None,
        Field(description="Metric of the neighbors; the data set's own by default."),
    ] = None

    @property
    def is_generated(self) -> bool:
        """Whether the vectors are drawn: then ``n``, ``dim`` and the seed say which they are."""
        return self.dataset in GENERATED

    def load(self, seed: int) -> VectorData:
        """``n`` base vectors and ``n_queries`` queries, at most so many: drawn, or sampled, by ``seed``.

        Raises InputError as ``load_vectors`` does.
        """
        return self._load(self.n, self.queries, seed)

    def load_all(self, seed: int, queries: str | None = None) -> VectorData:
        """Every base vector that there is, of generated ones ``n``; ``queries`` is a file in place of the field's.

        Raises InputError as ``load_vectors`` does.
        """
        return self._load(self.n if self.is_generated else None, queries or self.queries, seed)

    def _load(self, n: int | None, queries: str | None, seed: int) -> VectorData:
        from experiments.foundation.datasets.vectors import load_vectors

        return load_vectors(
            self.dataset,
            n=n,
            n_queries=self.n_queries,
            dim=self.dim,
            intrinsic_dim=self.intrinsic_dim,
            seed=seed,
            queries=queries,
            metric=self.metric,
        )


def load_points(
    dataset: str, *, n: int, n_queries: int = 1, dim: int, seed: int, distinct: bool = True
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points (n, d) and queries (n_queries, d) of ``dataset`` in double precision, compared by l2.

    ``dim`` is that of generated points; stored vectors and files have their own. With ``distinct`` every point is
    kept once, so there may be fewer than ``n``, in lexicographic order. Uniform points lie on a grid of 2^-24, so their
    squared distances are exact up to 32 dimensions. Raises InputError as ``load_vectors`` does.

    >>> points, queries = load_points("uniform", n=5, n_queries=2, dim=3, seed=0)
    >>> points.shape, queries.shape
    ((5, 3), (2, 3))
    """
    import numpy as np

    from experiments.foundation.datasets.vectors import load_vectors

    data = load_vectors(dataset, n=n, n_queries=n_queries, dim=dim, intrinsic_dim=dim, seed=seed, metric="l2")
    points = data.base.astype(np.float64)
    return np.unique(points, axis=0) if distinct else points, data.queries.astype(np.float64)
