"""Manifests and media between the assets."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from dub_assets.core.keys import JobKeys
from dub_assets.resources.job_context import dagster_failures, job_request
from dub_assets.resources.storage import StorageResource


class ManifestIOManager(dg.ConfigurableIOManager):
    """Stores an asset's value as a manifest in the object store, the media that it names before it.

    The manifest is the commit: it is written last, so it never names media that are not there. Values are the domain's
    dataclasses; loading one checks that everything it names is still what it was.
    """

    storage: dg.ResourceDependency[StorageResource]

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        """Upload the media that are new, then write the manifest."""
        with dagster_failures():
            key = self._key(context, context.step_context.dagster_run.tags)
            self.storage.archive.save(key, obj)
        context.add_output_metadata({"manifest": key})

    def load_input(self, context: dg.InputContext) -> Any:
        """Read the manifest into the type that the asset asks for."""
        with dagster_failures():
            key = self._key(context, context.step_context.dagster_run.tags)
            return self.storage.archive.load(context.dagster_type.typing_type, key)

    def _key(self, context: dg.InputContext | dg.OutputContext, run_tags: Mapping[str, str]) -> str:
        request = job_request(self.storage.archive, context.partition_key, run_tags)
        return JobKeys(request=request).manifest(context.asset_key.path[-1])
