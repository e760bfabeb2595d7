"""Dagster resources, which build adapters and engines from the settings, and what all assets share."""
