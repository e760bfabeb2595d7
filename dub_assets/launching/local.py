"""Keeps ``dub_assets.launching.local`` importable for the ``dagster.yaml`` of earlier versions."""

from dub_assets.service.workers.local import LocalRunLauncher

__all__ = ["LocalRunLauncher"]
