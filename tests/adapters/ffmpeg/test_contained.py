"""Reading in a child process: values and errors come back, and limits end it."""

import signal
from pathlib import Path

import pytest
from support import contained_functions
from support.contained_functions import computes_for_ever, crashes, fails, prints, takes_memory, waits_for_ever
from support.hostile_files import mkv_with_tags, mp4_with_sample_count

from dub_assets.adapters.ffmpeg.contained import ProcessLimits, contained
from dub_assets.adapters.ffmpeg.probe import read_info
from dub_assets.core.errors import InputError, ObjectMissingError
from dub_assets.core.limits import MediaLimits
from dub_assets.core.track_choice import DEFAULT_TRACK

FILE = Path("talk.mp4")
WIDE = ProcessLimits(cpu_s=20, wall_s=60, memory_bytes=2**30)


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    """Let the child import the functions."""
    monkeypatch.setenv("PYTHONPATH", str(Path(contained_functions.__file__).parents[1]))


def test_the_value_comes_back_whatever_is_printed():
    assert contained(FILE, WIDE, prints) == "value"


def test_an_error_of_dub_assets_comes_back():
    with pytest.raises(ObjectMissingError, match="there is none"):
        contained(FILE, WIDE, fails, ObjectMissingError("there is none"))


def test_any_other_error_is_one_line_about_the_file():
    with pytest.raises(InputError, match=r"^talk\.mp4 cannot be read \(IndexError: a b\)") as raised:
        contained(FILE, WIDE, fails, IndexError("a\nb"))
    assert len(str(raised.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("function", "limits", "complaint"),
    [
        (computes_for_ever, ProcessLimits(cpu_s=1, wall_s=60, memory_bytes=2**30), "takes more than 1 s to read"),
        (waits_for_ever, ProcessLimits(cpu_s=20, wall_s=1, memory_bytes=2**30), "takes more than 1 s to read"),
        (takes_memory, WIDE, "asks for far more memory"),
        (crashes, WIDE, signal.SIGSEGV.name),
    ],
)
def test_a_limit_or_a_crash_ends_the_child_and_not_the_caller(function, limits, complaint):
    with pytest.raises(InputError, match=complaint):
        contained(FILE, limits, function)


def test_modules_in_the_current_folder_are_not_imported(tmp_path, monkeypatch):
    (tmp_path / "av.py").write_text("raise SystemExit('imported')")
    (tmp_path / "pickle.py").write_text("raise SystemExit('imported')")
    monkeypatch.chdir(tmp_path)

    assert contained(FILE, WIDE, prints) == "value"


@pytest.mark.media
def test_thousands_of_tags_do_not_hold_a_worker(tmp_path):
    """Libavformat takes a time that grows with the cube of their number: minutes for these."""
    path = mkv_with_tags(tmp_path, 6000)
    limits = ProcessLimits(cpu_s=2, wall_s=120, memory_bytes=2**30)

    with pytest.raises(InputError, match=r"tags\.mkv takes more than 2 s to read"):
        contained(path, limits, read_info, path, MediaLimits().max_pixels, DEFAULT_TRACK)


@pytest.mark.media
def test_a_table_of_80_million_samples_in_a_small_file_is_refused(tmp_path):
    """Libavformat takes 24 bytes for each of them."""
    path = mp4_with_sample_count(tmp_path, 80_000_000)

    with pytest.raises(InputError, match=r"without a frame that can be shown|more memory"):
        contained(path, ProcessLimits.of_reading(path), read_info, path, MediaLimits().max_pixels, DEFAULT_TRACK)
