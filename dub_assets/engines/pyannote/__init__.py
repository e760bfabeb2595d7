"""Diarisation with pyannote.audio."""
