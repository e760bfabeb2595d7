"""Dagster definitions: assets, checks, jobs, partitions."""
