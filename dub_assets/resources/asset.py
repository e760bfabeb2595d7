"""What all assets of the graph have in common: partitions, storage, versions and metadata."""

import warnings
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import dagster as dg

from dub_assets.core.provenance import Provenance
from dub_assets.resources.asset_metadata import provenance
from dub_assets.resources.job_checks import check_specs
from dub_assets.resources.partitions import jobs_partitions
from dub_assets.resources.rebuild import REBUILT, rebuild_condition

OWNERS = ["team:dubbing"]
GROUP = "dubbing"

ORDER = (
    "stems",
    "transcript",
    "translation",
    "tts_segments",
    "segment_mixes",
    "final_video",
    "quality",
    "metadata",
    "report",
)
"""All assets of a job in the order of the graph.

Of steps that wait for a pool, the one nearest to the end of its job comes first.
"""

PRODUCTS = ("stems", "transcript", "translation", "tts_segments", "segment_mixes")
"""What a video is made from: assets that depend on all of them read them with ``JobContext.products``."""


class Product(Protocol):
    """The value of an asset."""

    @property
    def provenance(self) -> Provenance:
        """Fingerprint, engines and cost."""
        ...


ProductT = TypeVar("ProductT", bound=Product)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetOptions:
    """What the settings decide of the assets.

    ``blocking`` names the checks that stop a job. ``pools`` has the concurrency pool of each asset that has one. If
    ``rebuild`` is set, Dagster brings the assets after an edit up to date by itself.
    """

    blocking: Collection[str] = ()
    pools: Mapping[str, str] = field(default_factory=dict)
    rebuild: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JobAsset:
    """An asset with one partition for each job, stored as a manifest.

    ``version`` is the ``STAGE_VERSION`` of the asset's stage and becomes Dagster's code version.
    """

    compute: Callable[..., Any]
    version: int
    kinds: set[str]
    deps: Iterable[str]

    @property
    def name(self) -> str:
        """The asset's name."""
        return self.compute.__name__

    def definition(self, options: AssetOptions) -> dg.AssetsDefinition:
        """Return the asset with its checks, as Dagster loads it."""
        return dg.asset(
            partitions_def=jobs_partitions,
            io_manager_key="manifests",
            group_name=GROUP,
            owners=OWNERS,
            code_version=str(self.version),
            kinds=self.kinds,
            deps=self.deps,
            check_specs=check_specs(self.name, options.blocking),
            pool=options.pools.get(self.name),
            op_tags={"dagster/priority": str(ORDER.index(self.name))},
            automation_condition=rebuild_condition() if options.rebuild and self.name in REBUILT else None,
        )(self.compute)


def job_asset(*, version: int, kinds: set[str], deps: Iterable[str] = ()) -> Callable[[Callable[..., Any]], JobAsset]:
    """Declare an asset of a job."""
    return lambda compute: JobAsset(compute=compute, version=version, kinds=kinds, deps=deps)


def output(product: ProductT, metadata: Mapping[str, Any], *, data_version: str | None = None) -> dg.Output[ProductT]:
    """Return the output of an asset: the product, its data version, and the metadata that the UI shows.

    The data version is the product's fingerprint, unless another one is given.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)  # data_version is a beta parameter
        return dg.Output(
            product,
            metadata={**metadata, **provenance(product.provenance)},
            data_version=dg.DataVersion(data_version or product.provenance.fingerprint),
        )
