"""The one room that runs ffmpeg, probes files, and reads and writes sound."""
