"""Detectors of speech in time."""
