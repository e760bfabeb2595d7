"""The dubbed video: the mix of the programme, subtitles, and the file."""
