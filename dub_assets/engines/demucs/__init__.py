"""demucs."""
