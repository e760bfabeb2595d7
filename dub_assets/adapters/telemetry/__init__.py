"""Telemetry: cost of stages, progress, JSON logs."""
