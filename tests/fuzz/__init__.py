"""Structure-aware fuzzing of media files: mutants of every container through probe, extraction and rendering."""
