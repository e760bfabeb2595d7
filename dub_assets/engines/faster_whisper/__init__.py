"""Speech recognition with Whisper through faster-whisper."""
