"""kokoro."""
