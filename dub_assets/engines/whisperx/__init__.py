"""Speech recognition with Whisper and forced alignment through WhisperX."""
