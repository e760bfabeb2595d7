"""Whisper, the model, as the engines faster_whisper and whisperx share it."""
