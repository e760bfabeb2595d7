"""What the page plays and draws: the mix of a segment as it is now, and waveforms."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from dub_assets.adapters.ffmpeg.sound_file import SoundfileSoundFiles
from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.core.keys import JobKeys
from dub_assets.core.media import MediaObject
from dub_assets.core.signal.limiter import limit_true_peak
from dub_assets.core.signal.mixing import mix, to_stereo
from dub_assets.core.signal.sound import Sound
from dub_assets.core.timing import SAMPLE_RATE_HZ
from dub_assets.stages.segment_mixes.values import SegmentMix
from dub_assets.stages.stems.values import Stems
from dub_assets.stages.tts_segments.values import TtsSegment

PEAKS_PER_S = 50
"""Columns of a waveform in a second."""

_BLOCK = SAMPLE_RATE_HZ // PEAKS_PER_S


class JobSounds:
    """Sounds of one job."""

    def __init__(self, keys: JobKeys, archive: JobArchive) -> None:
        self._keys = keys
        self._archive = archive
        self._files = SoundfileSoundFiles()
        self._line_peaks: dict[str, bytes] = {}
        self._programme_peaks: dict[str, bytes] = {}

    def mixed(self, stems: Stems, speech: TtsSegment, gains: SegmentMix) -> bytes:
        """Return background and line of a segment with its gains, as WAV, limited where it would clip."""
        background = to_stereo(self._files.read(self._open(stems.background), speech.window))
        line = to_stereo(self._files.read(self._open(speech.clip)))
        (limited,) = limit_true_peak([mix(background, line, gains.gains.background, gains.gains.speech)], 0.0)
        return self._wav(limited)

    def original(self, stems: Stems, speech: TtsSegment) -> bytes:
        """Return the original sound of a segment, as WAV."""
        return self._wav(to_stereo(self._files.read(self._open(stems.original), speech.window)))

    def original_peaks(self, stems: Stems) -> bytes:
        """Return the original's waveform: a byte for each fiftieth of a second, 0 to 255."""
        known = self._programme_peaks.get(stems.original.sha256)
        if known is None:
            blocks = self._files.blocks(self._open(stems.original))
            known = b"".join(_peaks(block) for block in blocks)
            self._programme_peaks[stems.original.sha256] = known
        return known

    def line_peaks(self, speech: TtsSegment) -> bytes:
        """Return the waveform of a line's clip, from the start of the segment's window."""
        known = self._line_peaks.get(speech.clip.sha256)
        if known is None:
            known = self._line_peaks[speech.clip.sha256] = _peaks(self._files.read(self._open(speech.clip)))
        return known

    def _open(self, media: MediaObject) -> Path:
        return self._archive.workspace.open(media)

    def _wav(self, sound: Sound) -> bytes:
        with tempfile.TemporaryDirectory(prefix="dub-assets-") as folder:
            path = Path(folder) / "segment.wav"
            with self._files.writer(path, channels=sound.channels, rate_hz=sound.rate_hz) as file:
                file.write(sound)
            return path.read_bytes()


def _peaks(sound: Sound) -> bytes:
    """Return the highest sample of each fiftieth of a second, as bytes."""
    levels = np.abs(sound.samples).max(axis=1, initial=0.0)
    padded = np.pad(levels, (0, -len(levels) % _BLOCK))
    peaks = padded.reshape(-1, _BLOCK).max(axis=1)
    return bytes(np.rint(np.minimum(peaks, 1.0) * 255).astype(np.uint8))
