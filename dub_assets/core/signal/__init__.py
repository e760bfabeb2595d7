"""Signal processing: pure functions of sounds and arrays."""
