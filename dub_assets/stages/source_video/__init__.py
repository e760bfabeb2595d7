"""source_video."""
