"""Retention: deletes the partitions of old jobs and, if configured, their objects. docs/operations.md has more."""
