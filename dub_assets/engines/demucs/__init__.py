"""Separation of vocals with Demucs."""
