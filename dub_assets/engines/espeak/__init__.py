"""espeak-ng: a synthesiser, the last resort."""
