"""Fakes, one a port, configured by their constructors. They pass the same contract tests as the real adapters."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from dub_assets.core.engine import (
    DiariserCapabilities,
    EngineIdentity,
    RecogniserCapabilities,
    SeparatorCapabilities,
    SpeakerEmbedderCapabilities,
    SynthesiserCapabilities,
    TranslatorCapabilities,
    Voice,
)
from dub_assets.core.errors import UnsupportedLanguageError
from dub_assets.core.marking import DIGITAL_SOURCE_TYPE, DUB_TITLE, Marks
from dub_assets.core.media import (
    AAC_FRAMES,
    EncodedSound,
    ExtractedSound,
    MediaInfo,
    Picture,
    PictureCut,
    Rendition,
    SoundTrack,
)
from dub_assets.core.ports import DubbedVideo, Model, PacketWriter, SoundFiles, SpeechDetectors
from dub_assets.core.provenance import StageFigures
from dub_assets.core.signal.sound import Sound
from dub_assets.core.signal.voiceprints import Voiceprint
from dub_assets.core.speech import (
    ClonedUtterance,
    LanguageGuess,
    RecognisedWord,
    SpeakerTurn,
    SpeechChunk,
    Utterance,
    VoiceReference,
)
from dub_assets.core.text import Rendering, SourceLine, Term
from dub_assets.core.timing import Interval
from dub_assets.core.track_choice import DEFAULT_TRACK, TrackChoice


class FakeSeparator:
    """Takes nine tenths of the mixture for vocals, and loses ``lost_frames`` of each block."""

    def __init__(self, *, version: str = "1", rate_hz: int = 48_000, lost_frames: int = 0) -> None:
        self.identity = EngineIdentity(name="fake-separator", version=version, licence="none")
        self.capabilities = SeparatorCapabilities(sample_rate_hz=rate_hz)
        self._lost_frames = lost_frames
        self.closed = False

    def separate(self, mixture: Iterable[Sound]) -> Iterator[tuple[Sound, Sound]]:
        for block in mixture:
            kept = block.samples[: block.frames - self._lost_frames]
            yield block, Sound(samples=kept * np.float32(0.9), rate_hz=block.rate_hz)

    def close(self) -> None:
        self.closed = True


class FakeDetector:
    """Hears speech where it is told to."""

    def __init__(self, regions: Sequence[Interval]) -> None:
        self.identity = EngineIdentity(name="fake-detector", version="1", licence="none")
        self.sample_rate_hz = 16_000
        self._regions = list(regions)

    def regions(self, sound: Iterable[Sound]) -> list[Interval]:
        for block in sound:
            assert block.channels == 1
            assert block.rate_hz == self.sample_rate_hz
        return self._regions


class FakeRecogniser:
    """Hears the words it is told to, in whatever chunk their middle lies."""

    def __init__(self, words: Sequence[RecognisedWord], *, language: str = "en", max_chunk_ms: int = 30_000) -> None:
        self.identity = EngineIdentity(name="fake-recogniser", version="1", licence="none")
        self.capabilities = RecogniserCapabilities(
            languages=frozenset({"en", "ko"}),
            detects_language=True,
            sample_rate_hz=16_000,
            max_chunk_ms=max_chunk_ms,
            batch_size=2,
        )
        self._words = list(words)
        self._language = language
        self.heard: list[Interval] = []
        self.closed = False

    def detect_language(self, chunks: Sequence[SpeechChunk]) -> LanguageGuess:
        assert chunks
        return LanguageGuess(language=self._language, probability=0.9)

    def recognise(self, chunks: Sequence[SpeechChunk], language: str) -> list[tuple[RecognisedWord, ...]]:
        self.heard += [chunk.interval for chunk in chunks]
        return [tuple(word for word in self._words if self._is_in(word, chunk.interval)) for chunk in chunks]

    def close(self) -> None:
        self.closed = True

    @staticmethod
    def _is_in(word: RecognisedWord, interval: Interval) -> bool:
        if word.start_ms is None or word.end_ms is None:
            return False
        return interval.start_ms <= (word.start_ms + word.end_ms) / 2 < interval.end_ms


class FakeSpeakerEmbedder:
    """Tells voices by their level: a direction in the plane, the same for sounds within 3 dB or so."""

    def __init__(self, *, version: str = "1") -> None:
        self.identity = EngineIdentity(name="fake-embedder", version=version, licence="none")
        self.capabilities = SpeakerEmbedderCapabilities(sample_rate_hz=16_000)
        self.heard = 0
        self.closed = False

    def embed(self, sounds: Sequence[Sound]) -> list[Voiceprint]:
        self.heard += len(sounds)
        return [self._voice(sound) for sound in sounds]

    def close(self) -> None:
        self.closed = True

    def _voice(self, sound: Sound) -> Voiceprint:
        assert sound.rate_hz == self.capabilities.sample_rate_hz
        assert sound.channels == 1
        assert sound.frames
        angle = np.log10(np.square(sound.samples).mean() + 1e-12) * np.pi / 4
        return np.array([np.cos(angle), np.sin(angle)], np.float32)


class FakeDiariser:
    """Has the turns it is given, whatever it hears, and takes them by numbers of its own."""

    def __init__(self, turns: Sequence[SpeakerTurn], *, version: str = "1") -> None:
        self.identity = EngineIdentity(name="fake-diariser", version=version, licence="none")
        self.capabilities = DiariserCapabilities(sample_rate_hz=16_000)
        self.asked: list[tuple[int, int | None]] = []
        """Milliseconds heard, and the number of speakers wanted."""
        self.closed = False
        self._turns = list(turns)

    def turns(self, sound: Iterable[Sound], count: int | None = None) -> list[SpeakerTurn]:
        blocks = list(sound)
        assert {(block.rate_hz, block.channels) for block in blocks} == {(16_000, 1)}
        self.asked.append((sum(block.frames for block in blocks) // 16, count))
        return self._turns

    def close(self) -> None:
        self.closed = True


class FakeTranslator:
    """Puts the target language before each line; its shorter renderings end a word earlier each."""

    def __init__(
        self,
        *,
        version: str = "1",
        batch_size: int = 3,
        max_shorter: int = 0,
        reads_context: bool = False,
        keeps_terms: bool = False,
    ) -> None:
        self.identity = EngineIdentity(name="fake-translator", version=version, licence="none")
        self.capabilities = TranslatorCapabilities(
            pairs=frozenset({("en", "pt"), ("ko", "en")}),
            batch_size=batch_size,
            max_shorter=max_shorter,
            reads_context=reads_context,
            keeps_terms=keeps_terms,
        )
        self.lines: list[SourceLine] = []
        self.terms: list[Term] = []
        self.closed = False

    def translate(
        self, lines: Sequence[SourceLine], source_language: str, target_language: str, terms: Sequence[Term] = ()
    ) -> list[Rendering]:
        self.lines += lines
        self.terms += terms
        return [self._rendering(line.text, target_language, terms) for line in lines]

    def _rendering(self, text: str, target_language: str, terms: Sequence[Term]) -> Rendering:
        for term in terms if self.capabilities.keeps_terms else ():
            text = text.replace(term.source, term.target)
        words = [target_language, *text.split()] if text.strip() else []
        ends = range(len(words) - 1, 1, -1)[: self.capabilities.max_shorter]
        return Rendering(text=" ".join(words), shorter=tuple(" ".join(words[:end]) for end in ends))

    def close(self) -> None:
        self.closed = True


class FakeSynthesiser:
    """Speaks a tone of ``ms_per_character`` for every character, over its speed; a cloned voice has another pitch."""

    def __init__(
        self,
        *,
        version: str = "1",
        ms_per_character: int = 60,
        max_speed: float = 1.5,
        voices: tuple[Voice, ...] = (Voice(name="anna", languages=frozenset({"pt", "en"})),),
        clones_voice: bool = False,
    ) -> None:
        self.amplitude = 0.25
        self.identity = EngineIdentity(name="fake-synthesiser", version=version, licence="none")
        self.capabilities = SynthesiserCapabilities(
            voices=voices,
            sample_rate_hz=24_000,
            min_speed=0.8,
            max_speed=max_speed,
            concurrency=2,
            clones_voice=clones_voice,
        )
        self._ms_per_character = ms_per_character
        self._lock = threading.Lock()
        self.spoken: list[str] = []
        self.predicted: list[str] = []
        self.references: dict[str, VoiceReference] = {}
        self.closed = False

    def predict_ms(self, utterances: Sequence[Utterance]) -> list[int]:
        self.predicted += [utterance.text for utterance in utterances]
        return [self._length_ms(utterance) for utterance in utterances]

    def synthesise(self, utterances: Sequence[Utterance]) -> list[Sound]:
        cloned = {utterance.voice: utterance for utterance in utterances if isinstance(utterance, ClonedUtterance)}
        with self._lock:
            self.spoken += [utterance.text for utterance in utterances]
            self.references |= {voice: utterance.reference for voice, utterance in cloned.items()}
        return [self._tone(self._length_ms(utterance), self._pitch_hz(utterance)) for utterance in utterances]

    def close(self) -> None:
        self.closed = True

    def _length_ms(self, utterance: Utterance) -> int:
        return max(1, round(len(utterance.text) * self._ms_per_character / utterance.speed))

    def _pitch_hz(self, utterance: Utterance) -> float:
        if not isinstance(utterance, ClonedUtterance):
            return 220
        assert self.capabilities.clones_voice
        assert utterance.reference.sound.rate_hz == self.capabilities.sample_rate_hz
        return 300 + 1000 * float(np.abs(utterance.reference.sound.samples).mean())

    def _tone(self, length_ms: int, pitch_hz: float) -> Sound:
        rate_hz = self.capabilities.sample_rate_hz
        time = np.arange(length_ms * rate_hz // 1000) / rate_hz
        tone = (self.amplitude * np.sin(2 * np.pi * pitch_hz * time)).astype(np.float32)
        return Sound(samples=tone[:, None], rate_hz=rate_hz)


class FakeIdentifier:
    """Takes a text for the language whose code it begins with, else for English."""

    def __init__(self) -> None:
        self.identity = EngineIdentity(name="fake-identifier", version="1", licence="none")
        self.languages = frozenset({"en", "ko", "pt"})

    def identify(self, texts: Sequence[str], among: Collection[str] | None = None) -> list[LanguageGuess]:
        known = self.languages if among is None else self.languages.intersection(among)
        codes = [text.split(" ")[0] for text in texts]
        return [LanguageGuess(language=code if code in known else "en", probability=0.99) for code in codes]


class FakeEngines:
    """The engines it is given."""

    def __init__(
        self,
        *,
        regions: Sequence[Interval] = (),
        words: Sequence[RecognisedWord] = (),
        separator: FakeSeparator | None = None,
        recogniser: FakeRecogniser | None = None,
        diariser: FakeSpeakerEmbedder | FakeDiariser | None = None,
        translator: FakeTranslator | None = None,
        synthesiser: FakeSynthesiser | None = None,
    ) -> None:
        self._separator = separator or FakeSeparator()
        self._detector = FakeDetector(regions)
        self._recogniser = recogniser or FakeRecogniser(words)
        self._diariser = diariser
        self._translator = translator or FakeTranslator()
        self._synthesiser = synthesiser or FakeSynthesiser()
        self.prepared: tuple[object, ...] = ()

    def separator(self) -> FakeSeparator:
        return self._separator

    def speech_detectors(self) -> SpeechDetectors:
        return SpeechDetectors(precise=self._detector, sensitive=FakeDetector(()), original=FakeDetector(()))

    def recogniser(self, language: str) -> FakeRecogniser:
        if language not in {*self._recogniser.capabilities.languages, "auto"}:
            raise UnsupportedLanguageError(f"nothing recognises {language!r}")
        return self._recogniser

    def for_speakers(self, language: str, sexes: Sequence[str | None]) -> FakeEngines:
        return self

    def language_identifier(self) -> FakeIdentifier:
        return FakeIdentifier()

    def turn_diariser(self) -> FakeSpeakerEmbedder | FakeDiariser | None:
        return self._diariser

    def translator(self, source_language: str, target_language: str) -> FakeTranslator:
        if (source_language, target_language) not in self._translator.capabilities.pairs:
            raise UnsupportedLanguageError(f"nothing translates {source_language!r} to {target_language!r}")
        return self._translator

    def synthesiser(self, language: str) -> FakeSynthesiser:
        if language not in self._synthesiser.capabilities.languages:
            raise UnsupportedLanguageError(f"nothing speaks {language!r}")
        return self._synthesiser

    def voices(self, language: str) -> tuple[Voice, ...]:
        return self._synthesiser.capabilities.voices_for(language)

    def voice(self, language: str) -> str:
        return self.synthesiser(language).capabilities.voices_for(language)[0].name

    def prepare(self, *engines: object) -> None:
        self.prepared = engines

    def release(self, engine: Model) -> None:
        engine.close()

    def clones(self, language: str) -> bool:
        return self.synthesiser(language).capabilities.clones_voice


@dataclass
class FakePacketWriter:
    """Keeps packets in a list."""

    packets: list[bytes]

    def write(self, packets: Iterable[bytes]) -> None:
        self.packets += packets


@dataclass
class FakeDubbedVideo:
    """A video of the fake media tool: the sound of its dub."""

    sound: Sound
    sounds: SoundFiles

    def packets(self, first: int, last: int) -> list[bytes]:
        frames = [slice(max(0, n - 1) * AAC_FRAMES, n * AAC_FRAMES) for n in range(first, last)]
        return [self.sound.samples[span].tobytes() for span in frames]

    def write(self, target: Path, packets: Mapping[int, bytes], subtitles: Path | None) -> None:
        samples = self.sound.samples.copy()
        for number, content in packets.items():
            frames = np.frombuffer(content, np.float32).reshape(-1, self.sound.channels)
            samples[max(0, number - 1) * AAC_FRAMES :][: len(frames)] = frames
        with self.sounds.writer(target.with_suffix(".flac"), channels=samples.shape[1], rate_hz=48_000) as file:
            file.write(Sound(samples=samples, rate_hz=48_000))
        target.with_suffix(".flac").rename(target)


class FakeMediaTool:
    """A media tool for which every file is a video with a given sound."""

    def __init__(self, sound: Sound, sounds: SoundFiles) -> None:
        self._sound = sound
        self._sounds = sounds
        self.renditions: list[Rendition] = []
        self.cuts: list[PictureCut] = []

    def probe(self, path: Path, choice: TrackChoice = DEFAULT_TRACK) -> MediaInfo:
        track = SoundTrack(
            index=0, codec="aac", channels=self._sound.channels, rate_hz=48_000, language=None, default=True
        )
        picture = Picture(
            codec="h264", width=640, height=360, frame_rate=Fraction(25), variable_frame_rate=False, rotation_deg=0
        )
        return MediaInfo(
            container="mov",
            size_bytes=path.stat().st_size,
            duration_ms=self._sound.duration_ms,
            picture=picture,
            tracks=(track,),
            track=track,
        )

    def extract_sound(self, source: Path, info: MediaInfo, target: Path) -> ExtractedSound:
        with self._sounds.writer(target, channels=self._sound.channels, rate_hz=48_000) as file:
            file.write(Sound(samples=self._sound.samples[: info.sound_frames], rate_hz=48_000))
        return ExtractedSound()

    def stretch(self, sound: Sound, tempo: float) -> Sound:
        frames = round(sound.frames / tempo)
        at = np.minimum((np.arange(frames) * tempo).astype(int), sound.frames - 1)
        return Sound(samples=sound.samples[at], rate_hz=sound.rate_hz)

    def cut_picture(self, cut: PictureCut, target: Path) -> None:
        self.cuts.append(cut)
        target.write_text(f"picture {cut.interval.start_ms} {cut.interval.end_ms}", encoding="utf-8")

    def encode(self, sound: Sound) -> EncodedSound:
        """Return a packet for each 1,024 frames, and one for the silence before them, that hold the sound itself."""
        packets = [np.zeros((0, sound.channels), np.float32)]
        packets += [sound.samples[start : start + AAC_FRAMES] for start in range(0, sound.frames, AAC_FRAMES)]
        return EncodedSound(packets=tuple(packet.tobytes() for packet in packets), decoded=sound)

    def decode(self, packets: Sequence[bytes], like: EncodedSound) -> Sound:
        samples = np.frombuffer(b"".join(packets[1:]), np.float32).reshape(-1, like.decoded.channels)
        return Sound(samples=samples, rate_hz=48_000)

    @contextmanager
    def dubbed(self, video: Path, rendition: Rendition) -> Iterator[DubbedVideo]:
        self.renditions.append(rendition)
        yield FakeDubbedVideo(self._sounds.read(video), self._sounds)

    @contextmanager
    def dub_track(self, path: Path, sound: EncodedSound, frames: int) -> Iterator[PacketWriter]:
        packets: list[bytes] = []
        yield FakePacketWriter(packets)
        samples = np.frombuffer(b"".join(packets), np.float32).reshape(-1, sound.decoded.channels)
        assert len(samples) == frames
        with self._sounds.writer(path.with_suffix(".flac"), channels=samples.shape[1], rate_hz=48_000) as file:
            file.write(Sound(samples=samples, rate_hz=48_000))
        path.with_suffix(".flac").rename(path)

    def render(self, rendition: Rendition, target: Path) -> None:
        self.renditions.append(rendition)
        target.write_bytes(rendition.dub.read_bytes())

    def marks(self, path: Path) -> Marks:
        notice = self.renditions[-1].notice
        return Marks(digital_source_type=DIGITAL_SOURCE_TYPE, comment=notice, dub_title=DUB_TITLE)

    def duration_ms(self, path: Path) -> int:
        return self._sounds.read(path).duration_ms

    def excerpt(self, path: Path, interval: Interval) -> Sound:
        return self._sounds.read(path, interval)

    def preview(self, sound: Path, interval: Interval) -> bytes:
        return f"{sound.name} {interval.start_ms} {interval.end_ms}".encode()


class FakeDevice:
    """A GPU with a number for its memory, which those that use it change."""

    name = "cuda:1"
    capability = (8, 0)

    def __init__(self, total_mib: int) -> None:
        self.free = total_mib
        self.releases = 0

    def free_mib(self) -> int:
        return self.free

    def release(self) -> None:
        self.releases += 1


class FakeProgress:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.reports: list[tuple[str, int, int]] = []

    def report(self, stage: str, done: int, total: int) -> None:
        self.reports.append((stage, done, total))


class FakeMeasurement:
    """Measures nothing."""

    def figures(self, *, media_ms: int) -> StageFigures:
        return StageFigures(wall_s=1.0, cpu_s=2.0, real_time_factor=0.5, peak_memory_mib=100.0)


class FakeMeter:
    """Measures nothing."""

    def measure(self) -> AbstractContextManager[FakeMeasurement]:
        @contextmanager
        def measuring() -> Iterator[FakeMeasurement]:
            yield FakeMeasurement()

        return measuring()
