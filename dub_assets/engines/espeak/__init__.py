"""espeak."""
