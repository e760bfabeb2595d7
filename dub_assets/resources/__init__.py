"""Dagster configuration that builds an adapter, nothing else."""
