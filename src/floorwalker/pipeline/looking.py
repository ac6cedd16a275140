"""How a camera's recording is looked at: as the call says, or the site file, or by what it watches."""

from __future__ import annotations

from floorwalker.site import Camera, ZoneKind
from floorwalker.video.adaptive import mask_shares
from floorwalker.video.look import DEFAULT_STRIDE, How, Mode

DEFAULT_FPS = 10.0
DOOR_FPS = 10.0  # who crosses a line must be seen on both sides of it
QUEUE_FPS = 10.0  # people stand close together and change places
PRODUCT_FPS = 10.0  # 5 gave stays as good on three tuning mornings, but found fewer of the staff


def role_fps(camera: Camera) -> float:
    """Frames a second that mode `adaptive` gives a camera: the highest that anything it watches needs."""
    rates = [PRODUCT_FPS]
    if camera.entry_lines:
        rates.append(DOOR_FPS)
    if any(zone.kind is ZoneKind.BILLING for zone in camera.zones):
        rates.append(QUEUE_FPS)
    if not camera.entry_lines and not camera.zones:
        rates.append(DEFAULT_FPS)
    return max(rates)


def how_to_look(
    camera: Camera,
    video_fps: float,
    *,
    mode: Mode | None = None,
    fps: float | None = None,
    stride: int | None = None,
) -> How:
    """The mode and settings that hold for a recording of a camera.

    Args:
        camera: as the site file describes it.
        video_fps: nominal frames a second of the recording; 0: not known.
        mode: wanted by the call; None: the camera's, else `adaptive`.
        fps: likewise; None: the camera's, else what its role needs in mode `adaptive`, else 10.
        stride: likewise, for mode `stride`; None: the camera's, else 20.
    """
    chosen = mode or (Mode(camera.mode) if camera.mode else Mode.ADAPTIVE)
    wanted = fps or camera.fps or (role_fps(camera) if chosen is Mode.ADAPTIVE else DEFAULT_FPS)
    return How(
        mode=chosen,
        fps=min(wanted, video_fps) if video_fps else wanted,
        stride=stride or camera.stride or DEFAULT_STRIDE,
        masks=mask_shares(camera.masks, camera.resolution),
    )
