"""final_video."""
