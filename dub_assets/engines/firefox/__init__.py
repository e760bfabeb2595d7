"""Translation with Firefox's models, on the processor."""
