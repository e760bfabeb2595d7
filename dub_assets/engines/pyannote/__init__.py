"""pyannote."""
