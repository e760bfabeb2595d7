"""What a run tells about itself: cost of its stages, progress."""
