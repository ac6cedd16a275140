"""A real RTSP server on loopback, GStreamer's; run by the system's Python, which has its bindings.

Usage: rtsp_server.py UNITS PORT FPS. UNITS holds H.264 access units in byte-stream form, each behind its
length (4 bytes, big-endian); they play again and again at their own pace, times going on as a camera's do,
at rtsp://127.0.0.1:PORT/camera. A line `ready` on the standard output tells that it can be asked.
"""

import struct
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402


def units_of(path: str) -> list[bytes]:
    with open(path, "rb") as file:
        content = file.read()
    units, at = [], 0
    while at < len(content):
        (size,) = struct.unpack_from(">I", content, at)
        units.append(content[at + 4 : at + 4 + size])
        at += 4 + size
    return units


class Camera(GstRtspServer.RTSPMediaFactory):
    """Plays the units from the first one on for every new session."""

    def __init__(self, units: list[bytes], fps: int) -> None:
        super().__init__()
        self._units = units
        self._step = Gst.SECOND // fps
        self._turn = 0
        self.set_shared(True)
        caps = f"video/x-h264,stream-format=byte-stream,alignment=au,framerate={fps}/1"
        self.set_launch(
            f"( appsrc name=source is-live=true block=true format=time caps={caps} "
            "! h264parse config-interval=-1 ! rtph264pay name=pay0 pt=96 )"
        )

    def prepare(self, media: GstRtspServer.RTSPMedia) -> None:
        self._turn = 0
        media.get_element().get_child_by_name("source").connect("need-data", self._feed)

    def _feed(self, source: Gst.Element, _length: int) -> None:
        buffer = Gst.Buffer.new_wrapped(self._units[self._turn % len(self._units)])
        buffer.pts = buffer.dts = self._turn * self._step
        buffer.duration = self._step
        self._turn += 1
        source.emit("push-buffer", buffer)


def main() -> None:
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(sys.argv[2])
    camera = Camera(units_of(sys.argv[1]), int(sys.argv[3]))
    camera.connect("media-configure", lambda factory, media: factory.prepare(media))
    server.get_mount_points().add_factory("/camera", camera)
    if server.attach(None) == 0:
        sys.exit("cannot listen")
    print("ready", flush=True)
    GLib.MainLoop().run()


main()
