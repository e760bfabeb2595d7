"""tts_segments."""
