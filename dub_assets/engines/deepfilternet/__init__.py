"""Separation of speech from everything else with DeepFilterNet 3, on the processor."""
