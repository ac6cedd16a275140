import itertools
import struct
import tempfile
from pathlib import Path

import numpy as np
import pytest

from floorwalker.errors import InputError, WorkError
from floorwalker.runs import Gap
from floorwalker.video import VideoWriter, probe, read_frames, sample_frames


def make_clip(path: Path, times: list[float], size: tuple[int, int] = (64, 48), fps: float = 10) -> Path:
    """A clip whose n-th frame is a plain grey of 6 n."""
    with VideoWriter(path, fps, crf=5) as writer:
        for number, time_s in enumerate(times):
            writer.write(np.full((size[1], size[0], 3), number * 6, np.uint8), time_s)
    return path


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return make_clip(tmp_path / "clip.mp4", [n / 10 for n in range(40)])


def move_index_first(source: Path, target: Path) -> None:
    """Rewrite an mp4 with its index before the pictures, as streaming files have it."""
    import av

    with av.open(str(source)) as given, av.open(str(target), "w", options={"movflags": "faststart"}) as out:
        stream = out.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                out.mux(packet)


def test_every_frame_comes_with_its_presentation_time(clip: Path) -> None:
    frames = list(read_frames(clip))
    assert [frame.index for frame in frames] == list(range(40))
    np.testing.assert_allclose([frame.time_s for frame in frames], np.arange(40) / 10, atol=1e-4)
    assert abs(frames[7].image.mean() - 42) < 5


def test_time_starts_at_the_first_frame_and_follows_a_varying_rate(tmp_path: Path) -> None:
    times = [5.0, 5.1, 5.13, 5.5, 5.9, 6.0]
    clip = make_clip(tmp_path / "varying.mp4", times)
    read = [frame.time_s for frame in read_frames(clip)]
    np.testing.assert_allclose(read, np.array(times) - 5.0, atol=1e-3)


def test_thinning_takes_the_frame_that_reaches_the_next_due_time(clip: Path) -> None:
    read = [frame.time_s for frame in read_frames(clip, fps=4)]
    np.testing.assert_allclose(read[:6], [0.0, 0.3, 0.5, 0.8, 1.0, 1.3], atol=1e-4)


def test_thinning_above_the_own_rate_changes_nothing(clip: Path) -> None:
    assert len(list(read_frames(clip, fps=50))) == 40


def test_missing_frames_are_reported(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "hole.mp4", [0.0, 0.1, 0.2, 4.0, 4.1])
    gaps: list[Gap] = []
    list(read_frames(clip, on_gap=gaps.append))
    assert [gap.reason for gap in gaps] == ["missing frames"]
    assert gaps[0].end_s == pytest.approx(4.0, abs=0.01)


def test_a_recording_cut_in_the_middle_yields_what_decodes_and_reports_the_rest(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    whole = tmp_path / "whole.mp4"
    with VideoWriter(whole, 10, crf=20) as writer:
        for number in range(100):
            writer.write(rng.integers(0, 255, (48, 64, 3), dtype=np.uint8), number / 10)
    indexed = tmp_path / "indexed.mp4"
    move_index_first(whole, indexed)
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(indexed.read_bytes()[: indexed.stat().st_size // 2])
    gaps: list[Gap] = []
    frames = list(read_frames(cut, on_gap=gaps.append))
    assert 20 < len(frames) < 80
    assert gaps[-1].reason == "truncated"
    assert gaps[-1].end_s == pytest.approx(10.0, abs=0.2)


def test_a_stream_without_timestamps_gets_times_from_its_rate_and_says_so(tmp_path: Path) -> None:
    import av

    clip, raw = make_clip(tmp_path / "clip.mp4", [n / 10 for n in range(30)]), tmp_path / "raw.h264"
    with av.open(str(clip)) as given, av.open(str(raw), "w", format="h264") as out:
        stream = out.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                out.mux(packet)
    gaps: list[Gap] = []
    frames = list(read_frames(raw, on_gap=gaps.append))
    assert len(frames) == 30
    assert all(a.time_s < b.time_s for a, b in itertools.pairwise(frames))
    assert any(gap.reason == "missing timestamps" for gap in gaps)


@pytest.mark.parametrize("content", [b"", b"shopping list: tea, rice\n" * 40, b"\0" * 5000])
def test_what_is_no_video_is_an_input_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "video.mp4"
    path.write_bytes(content)
    for attempt in (
        lambda: probe(path),
        lambda: list(read_frames(path)),
        lambda: list(sample_frames(path, 3)),
    ):
        with pytest.raises(InputError) as caught:
            attempt()
        assert "\n" not in str(caught.value)
        assert str(path) in str(caught.value)


def test_missing_file_and_folder_are_input_errors(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such video"):
        probe(tmp_path / "nothing.mp4")
    with pytest.raises(InputError, match="folder"):
        probe(tmp_path)


def test_a_recording_without_its_index_is_an_input_error(clip: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(clip.read_bytes()[: clip.stat().st_size // 3])
    with pytest.raises(InputError, match="cut off"):
        list(read_frames(cut))


def test_sound_alone_is_an_input_error(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    samples = b"\0\0" * 800
    header = b"RIFF" + struct.pack("<I", 36 + len(samples)) + b"WAVEfmt "
    header += (
        struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16) + b"data" + struct.pack("<I", len(samples))
    )
    path.write_bytes(header + samples)
    with pytest.raises(InputError, match="no video stream"):
        probe(path)


def test_samples_spread_over_the_recording(clip: Path) -> None:
    frames = list(sample_frames(clip, 8))
    times = [frame.time_s for frame in frames]
    assert len(frames) == 8
    assert times == sorted(times)
    assert times[0] < 0.6
    assert times[-1] > 3.2


def test_writer_pads_odd_sizes_and_keeps_times(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "odd.mp4", [0.0, 0.25, 0.3], size=(63, 47))
    info = probe(clip)
    assert (info.width, info.height) == (64, 48)
    np.testing.assert_allclose([frame.time_s for frame in read_frames(clip)], [0, 0.25, 0.3], atol=1e-3)


def test_writer_leaves_nothing_behind_when_it_fails(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    path.write_bytes(b"the older file")

    def stopped_midway() -> None:
        with VideoWriter(path, 10) as writer:
            writer.write(np.zeros((48, 64, 3), np.uint8), 0.0)
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        stopped_midway()
    assert path.read_bytes() == b"the older file"
    assert [item.name for item in tmp_path.iterdir()] == ["out.mp4"]


def test_writer_without_a_frame_is_a_work_error(tmp_path: Path) -> None:
    with pytest.raises(WorkError, match="no frame"), VideoWriter(tmp_path / "out.mp4", 10):
        pass
    assert not list(tmp_path.iterdir())


def test_writer_to_a_full_disk_is_a_work_error() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full on this system")
    import av

    class Full(VideoWriter):
        def __init__(self, folder: Path) -> None:
            super().__init__(folder / "out.mp4", 10)
            self._container.close()
            self._container = av.open(str(full), "w", format="mpegts")

    with tempfile.TemporaryDirectory() as folder:
        writer = Full(Path(folder))
        rng = np.random.default_rng(0)

        def fill() -> None:
            for number in range(200):
                writer.write(rng.integers(0, 255, (240, 320, 3), dtype=np.uint8), number / 10)
            writer.close()

        with pytest.raises(WorkError, match=r"out\.mp4"):
            fill()
        assert not list(Path(folder).iterdir())


@pytest.mark.shared
def test_an_animated_gif_is_a_recording_too(shared: Path) -> None:
    frames = list(read_frames(shared / "videos/store-aisle-detection-preview.gif"))
    assert len(frames) == 67
    assert frames[-1].time_s == pytest.approx(4.4, abs=0.1)
