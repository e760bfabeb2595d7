"""The uploaded video."""
