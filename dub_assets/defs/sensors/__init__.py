"""The sensors: what comes in, and what goes out."""
