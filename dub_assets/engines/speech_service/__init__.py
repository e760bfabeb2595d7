"""speech_service."""
