"""Modes of looking: which frames each gives of many kinds of recording, and when everything is decoded."""

from pathlib import Path

import av
import numpy as np
import pytest
from tests.video.clips import SIZE, record, room

from floorwalker.runs import Gap
from floorwalker.video import read_frames
from floorwalker.video.look import How, Look, Mode

WALKS = ((31.0, 32.6), (62.3, 66.0))
LENGTH_S = 90
TIMES = [number / 10 for number in range(LENGTH_S * 10)]
KINDS = {
    "plain.mp4": {},
    "b-frames.mp4": {"parameters": "bframes=3"},
    "open.mp4": {"parameters": "bframes=3:open-gop=1"},
    "h265.mp4": {"codec": "libx265", "parameters": "bframes=3:open-gop=1"},
    "h265-closed.mkv": {"codec": "libx265", "parameters": "bframes=3:open-gop=0"},
    "b-frames.ts": {"parameters": "bframes=2"},
}


@pytest.fixture(scope="module", params=KINDS)
def recording(request, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("recordings") / request.param
    return record(path, TIMES, lambda time_s: room(time_s, WALKS), **KINDS[request.param])


@pytest.fixture(scope="module")
def walks(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("walks") / "walks.mp4"
    return record(path, TIMES, lambda time_s: room(time_s, WALKS), parameters="bframes=0")


def somebody_in(frame) -> bool:
    """Whether the red coat is in the picture."""
    return bool(((frame.image[..., 2].astype(int) - frame.image[..., 0]) > 80).sum() > 100)


def look_at(path, how, watch=somebody_in):
    """The frames of a look whose detector knows the coat, and the gaps."""
    gaps: list[Gap] = []
    look = Look(path, how, on_gap=gaps.append)
    frames = []
    for stretch in look.stretches():
        for frame in stretch:
            frames.append(frame)
            look.heed(frame.time_s, watch(frame))
    return frames, gaps


def whole(path):
    return {frame.index: frame for frame in read_frames(path)}


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("fps", [None, 4])
def test_each_mode_gives_frames_of_full_decoding_with_their_times_and_pixels(recording, mode, fps):
    full = whole(recording)
    frames, gaps = look_at(recording, How(mode, fps, stride=7))
    assert gaps == []
    assert len(frames) > 20
    assert [frame.index for frame in frames] == sorted({frame.index for frame in frames})
    for frame in frames:
        assert frame.time_s == full[frame.index].time_s
        np.testing.assert_array_equal(frame.image, full[frame.index].image)


def test_stride_takes_every_nth_frame_and_keyframes_those_alone(recording):
    assert [frame.index for frame in look_at(recording, How(Mode.STRIDE, stride=7))[0]] == list(
        range(0, len(TIMES), 7)
    )
    times = [frame.time_s for frame in look_at(recording, How(Mode.KEYFRAMES))[0]]
    np.testing.assert_allclose(times, np.arange(0, LENGTH_S, 2), atol=1e-6)


def test_adaptive_sees_every_frame_with_somebody_also_between_two_key_frames(recording):
    there = {
        frame.index
        for frame in read_frames(recording)
        if any(start_s <= frame.time_s < end_s for start_s, end_s in WALKS)
    }
    frames, _ = look_at(recording, How(Mode.ADAPTIVE))
    assert there <= {frame.index for frame in frames}
    assert len(frames) < len(TIMES) / 2


def test_adaptive_at_a_rate_takes_the_same_frames_of_a_walk_as_reading_everything_does(recording):
    walking = {frame.index for frame in read_frames(recording, 4) if 62.3 <= frame.time_s < 66.0}
    assert walking <= {frame.index for frame in look_at(recording, How(Mode.ADAPTIVE, 4))[0]}


def test_quiet_time_is_glanced_at_and_whoever_a_glance_finds_is_followed(tmp_path):
    path = record(tmp_path / "quiet.mp4", TIMES, room)
    seen = look_at(path, How(Mode.ADAPTIVE), lambda _: False)[0]
    late = [frame.time_s for frame in seen if frame.time_s > 20]
    assert np.diff(late).max() <= 22.0
    assert len(late) < 10
    followed = look_at(path, How(Mode.ADAPTIVE), lambda frame: 40 < frame.time_s < 70)[0]
    assert sum(40 < frame.time_s < 70 for frame in followed) > 200


def test_who_stands_still_for_long_is_looked_at_all_the_time(tmp_path):
    def standing(time_s):
        picture = room(time_s)
        if 30 <= time_s < 70:
            picture[30:80, 90:108] = (30, 40, 220)
        return picture

    path = record(tmp_path / "still.mp4", TIMES, standing)
    times = [frame.time_s for frame in look_at(path, How(Mode.ADAPTIVE))[0] if 30 <= frame.time_s < 70]
    assert len(times) == 400


def test_what_the_detector_finds_empty_again_and_again_is_no_longer_looked_at(tmp_path):
    def moved_chair(time_s):
        picture = room(time_s)
        if time_s >= 30:
            picture[40:70, 20:50] = 30
        return picture

    path = record(tmp_path / "chair.mp4", TIMES, moved_chair)
    times = [frame.time_s for frame in look_at(path, How(Mode.ADAPTIVE))[0]]
    assert sum(30 <= time_s < 36 for time_s in times) > 40
    assert sum(time_s > 42 for time_s in times) < 10


def test_a_screen_that_is_never_still_is_trusted_less_after_a_while(tmp_path):
    rng = np.random.default_rng(2)
    shows = rng.integers(0, 255, (LENGTH_S // 2 + 1, 6, 6, 1))

    def screen(time_s):
        picture = room(time_s)
        picture[10:34, 20:44] = np.kron(shows[int(time_s / 2)], np.ones((4, 4, 1)))
        if 61 <= time_s < 64:
            picture[30:80, 100:118] = (30, 40, 220)
        return picture

    path = record(tmp_path / "screen.mp4", TIMES, screen, parameters="min-keyint=1")
    times = [frame.time_s for frame in look_at(path, How(Mode.ADAPTIVE))[0]]
    assert sum(30 <= time_s < 60 for time_s in times) < 150
    assert sum(61 <= time_s < 64 for time_s in times) == 30


def test_lamps_that_go_on_and_off_slowly_are_no_reason_to_look(tmp_path):
    path = record(
        tmp_path / "light.mp4",
        TIMES,
        lambda time_s: np.clip(room(time_s) * (1 + 0.1 * np.sin(time_s / 8)), 0, 255).astype(np.uint8),
    )
    times = [frame.time_s for frame in look_at(path, How(Mode.ADAPTIVE))[0]]
    assert sum(time_s > 12 for time_s in times) < 120


def test_a_varying_rate_keeps_its_times(tmp_path):
    rng = np.random.default_rng(3)
    times = np.round(np.cumsum(rng.choice([0.04, 0.1, 0.35], 600)), 3).tolist()
    path = record(tmp_path / "varying.mp4", times, lambda time_s: room(time_s, WALKS))
    full = whole(path)
    for mode in Mode:
        frames, gaps = look_at(path, How(mode, 5))
        assert gaps == []
        assert all(full[frame.index].time_s == frame.time_s for frame in frames)


def test_a_start_before_zero_is_cut_as_the_file_says(walks, tmp_path):
    source = record(
        tmp_path / "source.mp4", TIMES, lambda time_s: room(time_s, WALKS), parameters="bframes=2"
    )
    path = tmp_path / "edited.mp4"
    with av.open(str(source)) as given, av.open(str(path), "w") as out:
        stream = out.add_stream_from_template(given.streams.video[0])
        shift = round(1.3 / stream.time_base) if stream.time_base else 0
        for packet in given.demux(video=0):
            if packet.dts is not None:
                packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
                packet.stream = stream
                out.mux(packet)
    full = whole(path)
    for mode in Mode:
        frames, _ = look_at(path, How(mode))
        assert frames[0].time_s >= 0.0
        assert all(full[frame.index].time_s == frame.time_s for frame in frames)


def reasons(path, mode):
    frames, gaps = look_at(path, How(mode, stride=5))
    return [frame.time_s for frame in frames], [gap.reason for gap in gaps]


@pytest.mark.parametrize("mode", [Mode.STRIDE, Mode.KEYFRAMES, Mode.ADAPTIVE])
def test_without_times_everything_is_decoded_and_it_is_said_once(tmp_path, mode):
    path = record(tmp_path / "raw.h264", TIMES[:300], room)
    times, said = reasons(path, mode)
    assert said.count("decoded whole: missing timestamps") == 1
    full = [frame.time_s for frame in read_frames(path)]
    assert len(times) == {Mode.STRIDE: 60, Mode.KEYFRAMES: 15, Mode.ADAPTIVE: 300}[mode]
    assert set(times) <= set(full)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [({"gop": 10_000}, "key frames up to 90 s apart"), ({"gop": 1}, "packet sizes say nothing of motion")],
)
def test_adaptive_decodes_everything_where_nothing_can_be_told(tmp_path, settings, reason):
    path = record(tmp_path / "odd.mp4", TIMES, lambda time_s: room(time_s, WALKS), **settings)
    times, said = reasons(path, Mode.ADAPTIVE)
    assert said == [f"decoded whole: {reason}"]
    assert len(times) == len(TIMES)


def test_packets_filled_up_to_a_constant_size_are_noticed(walks, tmp_path):
    def fill(packet):
        content = bytes(packet)
        filler = 20_000 - len(content)
        return content + (filler - 4).to_bytes(4, "big") + b"\x0c" + b"\xff" * (filler - 6) + b"\x80"

    path = tmp_path / "filled.mp4"
    with av.open(str(walks)) as given, av.open(str(path), "w") as out:
        stream = out.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(video=0):
            if packet.dts is None:
                continue
            larger = av.Packet(fill(packet))
            larger.pts, larger.dts, larger.time_base = packet.pts, packet.dts, packet.time_base
            larger.is_keyframe, larger.stream = packet.is_keyframe, stream
            out.mux(larger)
    times, said = reasons(path, Mode.ADAPTIVE)
    assert said == ["decoded whole: packet sizes say nothing of motion"]
    assert len(times) == len(TIMES)


def test_key_frames_that_are_none_are_noticed(tmp_path):
    """A stream that is refreshed column by column is marked as if it could be entered at once."""
    path = record(
        tmp_path / "refreshed.mp4", TIMES, lambda time_s: room(time_s, WALKS), parameters="intra-refresh=1"
    )
    times, said = reasons(path, Mode.ADAPTIVE)
    assert len(said) == 1
    assert said[0].startswith("decoded whole: key frames")
    assert len(times) == len(TIMES)


def test_short_recordings_are_decoded_whole_without_a_word(tmp_path):
    path = record(tmp_path / "short.mp4", TIMES[:200], room)
    times, said = reasons(path, Mode.ADAPTIVE)
    assert said == []
    assert len(times) == 200


def damaged(source: Path, target: Path, first: int, last: int) -> Path:
    """A copy in which the packets of a stretch hold rubbish."""
    rng = np.random.default_rng(1)
    with av.open(str(source)) as given, av.open(str(target), "w") as out:
        stream = out.add_stream_from_template(given.streams.video[0])
        for number, packet in enumerate(given.demux(video=0)):
            if packet.dts is None:
                continue
            content = bytes(packet)
            if first <= number < last:
                content = content[:4] + rng.integers(0, 256, len(content) - 4, np.uint8).tobytes()
            copy = av.Packet(content)
            copy.pts, copy.dts, copy.time_base = packet.pts, packet.dts, packet.time_base
            copy.is_keyframe, copy.stream = packet.is_keyframe, stream
            out.mux(copy)
    return target


@pytest.mark.parametrize("mode", Mode)
def test_a_damaged_group_is_a_gap_and_the_rest_is_as_it_was(walks, tmp_path, mode):
    path = damaged(walks, tmp_path / "damaged.mp4", 640, 660)
    full = {frame.time_s for frame in read_frames(path)}
    frames, gaps = look_at(path, How(mode, stride=5))
    assert {frame.time_s for frame in frames} <= full
    assert any(frame.time_s > 68 for frame in frames)
    if mode in (Mode.ALL, Mode.ADAPTIVE):
        assert [(gap.reason, round(gap.start_s), round(gap.end_s)) for gap in gaps] == [
            ("missing frames", 64, 66)
        ]


@pytest.mark.parametrize("mode", Mode)
def test_a_recording_cut_off_is_read_up_to_there(walks, tmp_path, mode):
    indexed, path = tmp_path / "indexed.mp4", tmp_path / "cut.mp4"
    with av.open(str(walks)) as given, av.open(str(indexed), "w", options={"movflags": "faststart"}) as out:
        stream = out.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                out.mux(packet)
    path.write_bytes(indexed.read_bytes()[: int(indexed.stat().st_size * 0.8)])
    frames, gaps = look_at(path, How(mode))
    assert 60 < frames[-1].time_s < 80
    assert [gap.reason for gap in gaps] == ["truncated"]
    assert gaps[0].end_s == pytest.approx(LENGTH_S, abs=0.2)


def test_skipped_quiet_is_no_gap_but_a_hole_in_the_recording_is(tmp_path):
    times = [time_s for time_s in TIMES if not 50.05 < time_s < 55]
    path = record(tmp_path / "hole.mp4", times, lambda time_s: room(time_s, WALKS))
    frames, gaps = look_at(path, How(Mode.ADAPTIVE))
    assert len(frames) < len(times) / 2
    assert [(gap.reason, gap.end_s) for gap in gaps] == [("missing frames", pytest.approx(55.0, abs=0.01))]


def test_what_is_masked_moves_without_being_looked_at(tmp_path):
    def street(time_s):
        picture = room(time_s)
        x = int(time_s * 40) % (SIZE[0] - 30)
        picture[2:26, x : x + 30] = int(time_s * 7) % 256
        return picture

    path = record(tmp_path / "street.mp4", TIMES, street)
    mask = [(0.0, 0.0), (1.0, 0.0), (1.0, 0.3), (0.0, 0.3)]
    masked = look_at(path, How(Mode.ADAPTIVE, masks=(mask,)), lambda _: False)[0]
    assert sum(frame.time_s > 12 for frame in masked) < 120
