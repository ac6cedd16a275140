"""Key frames alone: a recording seen in steps of a second or more, for a fraction of its decoding."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import cast

import av
import numpy as np
import numpy.typing as npt
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from floorwalker.video.container import open_video
from floorwalker.video.frame import Frame
from floorwalker.video.grouped import FrameMaker
from floorwalker.video.groups import Groups
from floorwalker.video.packets import PacketTable, packets_of

_DECODERS = 2


def key_pictures(
    path: Path, table: PacketTable, chosen: npt.NDArray[np.bool_], *, rough: bool = False
) -> Iterator[tuple[int, VideoFrame]]:
    """Decode chosen key frames; nothing else is sent to a decoder.

    Each is decoded as if the recording began with it: one decoder that is fed key frames alone takes those
    of open groups for damage. Several decoders work side by side.

    Args:
        path: the recording.
        table: its packets.
        chosen: (n,) by packet; those that are no key frames are passed over.
        rough: leave the edges of blocks unsmoothed: a fifth faster, good enough to be made small.

    Yields:
        Index of the packet and the picture, in order of presentation; a key frame that does not decode, or
        turns out to be no whole picture of its own, is left out.
    """
    with ExitStack() as stack:
        container, stream = open_video(path)
        stack.enter_context(container)
        decoders = [_decoder_like(stream.codec_context, rough) for _ in range(_DECODERS)]
        pool = stack.enter_context(ThreadPoolExecutor(_DECODERS))
        under_way: deque[tuple[int, Future[VideoFrame | None]]] = deque()
        turns = 0
        for at, packet in enumerate(packets_of(container, stream)):
            if at >= len(table) or not chosen[at] or not table.key[at]:
                continue
            # A decoder is asked again only when its last picture was taken.
            if len(under_way) == _DECODERS:
                yield from _came(under_way.popleft())
            under_way.append((at, pool.submit(_alone, decoders[turns % _DECODERS], packet)))
            turns += 1
        while under_way:
            yield from _came(under_way.popleft())


def key_frames(
    path: Path, table: PacketTable, groups: Groups, chosen: npt.NDArray[np.bool_]
) -> Iterator[tuple[int, Frame]]:
    """The same as frames.

    Args:
        path: the recording.
        table: its packets.
        groups: their groups.
        chosen: (n,) by packet.

    Yields:
        Index of the packet and the frame, in order of presentation.
    """
    maker = FrameMaker(table, groups)
    for at, picture in key_pictures(path, table, chosen):
        yield at, maker.frame(picture, at)


def _decoder_like(context: VideoCodecContext, rough: bool) -> VideoCodecContext:
    """A decoder of its own, of one thread, for the same stream."""
    decoder = cast(VideoCodecContext, VideoCodecContext.create(context.codec, "r"))
    decoder.extradata = context.extradata
    decoder.thread_count = 1
    if rough:
        decoder.options = {"skip_loop_filter": "all"}
    return decoder


def _came(item: tuple[int, Future[VideoFrame | None]]) -> Iterator[tuple[int, VideoFrame]]:
    at, future = item
    frame = future.result()
    if frame is not None:
        yield at, frame


def _alone(decoder: VideoCodecContext, packet: Packet[VideoStream]) -> VideoFrame | None:
    decoder.flush_buffers()
    try:
        frames = [*decoder.decode(packet), *decoder.decode(None)]
    except av.error.FFmpegError:
        return None
    whole = (av.video.frame.PictureType.I, av.video.frame.PictureType.NONE)
    if len(frames) != 1 or frames[0].is_corrupt or frames[0].pts != packet.pts:
        return None
    return frames[0] if frames[0].pict_type in whole else None
