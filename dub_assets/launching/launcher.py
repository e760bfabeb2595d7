"""Keeps ``dub_assets.launching.launcher`` importable for the ``dagster.yaml`` of earlier versions."""

from dub_assets.service.workers.launcher import WarmRunLauncher

__all__ = ["WarmRunLauncher"]
