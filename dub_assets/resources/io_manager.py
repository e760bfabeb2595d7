"""The IO manager: stores and loads the values of assets as manifests."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from dub_assets.core.keys import JobKeys
from dub_assets.resources.job_context import dagster_failures, job_request
from dub_assets.resources.revisions import Revisions
from dub_assets.resources.storage import StorageResource


class ManifestIOManager(dg.ConfigurableIOManager):
    """Stores the value of an asset, a frozen dataclass, as a manifest in the object store.

    The manifest is the commit: media are uploaded first, so a manifest never names missing media. Loading a value
    checks that every object it names is unchanged.
    """

    storage: dg.ResourceDependency[StorageResource]

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        """Upload new media, then write the manifest."""
        with dagster_failures():
            keys = self._keys(context, context.step_context.dagster_run.tags)
            key = keys.manifest(context.asset_key.path[-1])
            revisions = Revisions(archive=self.storage.archive, keys=keys)
            self.storage.archive.save(key, obj, keep_in=keys.kept if revisions.exist else None)
        context.add_output_metadata({"manifest": key})

    def load_input(self, context: dg.InputContext) -> Any:
        """Load the manifest as the type that the asset's parameter declares."""
        with dagster_failures():
            keys = self._keys(context, context.step_context.dagster_run.tags)
            return self.storage.archive.load(
                context.dagster_type.typing_type, keys.manifest(context.asset_key.path[-1])
            )

    def _keys(self, context: dg.InputContext | dg.OutputContext, run_tags: Mapping[str, str]) -> JobKeys:
        return JobKeys(request=job_request(self.storage.archive, context.partition_key, run_tags))
