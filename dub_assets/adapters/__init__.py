"""Adapters: ffmpeg, storage, telemetry, AWS and Dagster's private modules behind the project's own interfaces."""
