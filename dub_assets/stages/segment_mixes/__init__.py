"""segment_mixes."""
