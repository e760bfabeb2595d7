"""Media through ffmpeg, PyAV and libsndfile: probing, decoding, cutting, rendering, reading and writing sound."""
