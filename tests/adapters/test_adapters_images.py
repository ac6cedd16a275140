"""Images are read from where they may lie and from nowhere else, and never larger than they may be."""

from __future__ import annotations

import io
import os
import struct
import threading
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import fsspec
import numpy as np
import pytest
from PIL import Image

from floorwalker.adapters.image_places import ImageError, ImagePlaces
from floorwalker.adapters.images import ImageLimits, Images, images_of
from floorwalker.adapters.thumbnails import Thumbnails
from floorwalker.errors import InputError
from floorwalker.settings import Settings


def jpeg(width: int = 64, height: int = 128, colour: tuple[int, int, int] = (200, 30, 30)) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(written, "JPEG")
    return written.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is huge."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )


@pytest.fixture
def crops(tmp_path: Path) -> Path:
    folder = tmp_path / "crops"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "1.jpg").write_bytes(jpeg())
    (tmp_path / "crops2").mkdir()
    (tmp_path / "crops2" / "1.jpg").write_bytes(jpeg())
    return folder


def code(images: Images, uri: str) -> str:
    with pytest.raises(ImageError) as failure:
        images.read(uri)
    assert "\n" not in str(failure.value)
    return failure.value.code


def test_files_of_the_folder_and_no_others(crops: Path, tmp_path: Path) -> None:
    images = Images(ImagePlaces.of([crops]))
    for uri in ("a/1.jpg", str(crops / "a" / "1.jpg"), f"file://{crops}/a/1.jpg", f"{crops}/a/../a/1.jpg"):
        assert images.read(uri) == jpeg()
    assert images.picture("a/1.jpg").shape == (128, 64, 3)
    (crops / "out.jpg").symlink_to(tmp_path / "crops2" / "1.jpg")
    (crops / "ring.jpg").symlink_to(crops / "ring.jpg")
    os.mkfifo(crops / "pipe.jpg")
    refused = ["/etc/passwd", "../crops2/1.jpg", str(tmp_path / "crops2" / "1.jpg"), "out.jpg", "", "a\x00b"]
    refused += [f"file://{crops}/%2e%2e/crops2/1.jpg", "gs://bucket/1.jpg", "memory://x/1.jpg", "x" * 3000]
    assert {uri: code(images, uri) for uri in refused} == dict.fromkeys(refused, "refused")
    assert code(images, "ring.jpg") in ("refused", "missing")
    for uri in ("a/none.jpg", f"simplecache::file://{crops}/a/1.jpg", "data:image/png;base64,AAAA"):
        assert code(images, uri) == "missing"  # names of files that are not there, nothing more
    assert code(images, "a") == "no_image"
    assert code(images, "pipe.jpg") == "no_image"


def test_nothing_is_read_where_no_place_is_named() -> None:
    assert code(Images(ImagePlaces()), "1.jpg") == "refused"


@pytest.mark.parametrize("place", ["gs://", "gs:///", "simplecache::gs://bucket/x", "gs://bucket/../other"])
def test_a_place_that_is_none(place: str) -> None:
    if "::" in place:  # no scheme of ours: a folder of that name, which holds nothing
        assert code(Images(ImagePlaces.of([place])), "gs://bucket/x") == "refused"
        return
    with pytest.raises(InputError, match="place of images"):
        ImagePlaces.of([place])


def test_a_store_of_objects() -> None:
    with fsspec.open("memory://shop/crops/1.jpg", "wb") as file:
        file.write(jpeg())
    with fsspec.open("memory://shop/crops2/1.jpg", "wb") as file:
        file.write(jpeg())
    images = Images(ImagePlaces.of(["memory://shop/crops"]))
    assert images.read("memory://shop/crops/1.jpg") == jpeg()
    assert code(images, "memory://shop/crops/2.jpg") == "missing"
    for uri in (
        "memory://shop/crops2/1.jpg",
        "memory://shop/crops/../crops2/1.jpg",
        "memory://shop/x::file:///e",
    ):
        assert code(images, uri) == "refused"


def test_what_is_too_large_or_no_image_is_not_decoded(crops: Path) -> None:
    (crops / "bomb.png").write_bytes(bomb(60_000, 60_000))
    (crops / "wide.png").write_bytes(bomb(6_000, 6_000))
    (crops / "text.jpg").write_bytes(b"root:x:0:0")
    (crops / "half.jpg").write_bytes(jpeg(600, 900)[:-2000])
    (crops / "gif.jpg").write_bytes(b"GIF89a\x01\x00\x01\x00\x00\x00\x00;")
    (crops / "long.jpg").write_bytes(jpeg() + bytes(30_000))
    images = Images(ImagePlaces.of([crops]), ImageLimits(most_bytes=20_000))
    assert code(images, "bomb.png") == "too_large"
    assert code(images, "wide.png") == "too_large"
    assert code(images, "long.jpg") == "too_large"
    assert code(images, "text.jpg") == "no_image"
    assert code(images, "gif.jpg") == "no_image"
    with pytest.raises(ImageError, match="damaged"):
        images.picture("half.jpg")
    with pytest.raises(ImageError, match="damaged"):
        Thumbnails(images).get("half.jpg", 64)


class Pictures(BaseHTTPRequestHandler):
    """A web server with pictures, redirects and worse."""

    def do_GET(self) -> None:
        moved = {
            "/open/away": "/open/1.jpg",
            "/open/within": "/closed/1.jpg",
            "/open/other": "http://192.0.2.1/open/1.jpg",
            "/open/file": "file:///etc/passwd",
            "/open/ring": "/open/ring",
        }.get(self.path)
        if moved:
            self.send_response(302)
            self.send_header("Location", moved)
            self.end_headers()
        elif self.path == "/open/none.jpg":
            self.send_error(404)
        elif self.path == "/open/broken.jpg":
            self.send_response(200)
            self.send_header("Content-Length", "100000")
            self.end_headers()
            self.wfile.write(jpeg())
        else:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(bytes(50_000) if self.path == "/open/long.jpg" else jpeg())

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def web() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pictures)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join(10)


def test_the_web_and_where_it_leads(web: str) -> None:
    images = Images(ImagePlaces.of([f"{web}/open"]), ImageLimits(most_bytes=20_000, private=True))
    assert images.read(f"{web}/open/1.jpg") == jpeg()
    assert images.read(f"{web}/open/away") == jpeg()
    for path in ("closed/1.jpg", "open/within", "open/other", "open/file", "open/%2e%2e/closed/1.jpg"):
        assert code(images, f"{web}/{path}") == "refused"
    assert code(images, f"{web}/open/none.jpg") == "missing"
    assert code(images, f"{web}/open/long.jpg") == "too_large"
    assert code(images, f"{web}/open/ring") == "unreachable"
    assert code(images, f"{web}/open/broken.jpg") == "unreachable"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "169.254.169.254", "[::1]", "10.0.0.8"])
def test_no_private_address_unless_allowed(host: str) -> None:
    images = Images(ImagePlaces.of([f"http://{host}:9/"]))
    with pytest.raises(ImageError, match="not of the public network; FLOORWALKER_IMAGES_PRIVATE") as failure:
        images.read(f"http://{host}:9/1.jpg")
    assert failure.value.code == "refused"


def test_places_come_from_the_settings(monkeypatch: pytest.MonkeyPatch, crops: Path) -> None:
    monkeypatch.setenv("FLOORWALKER_HOME", str(crops.parent))
    assert images_of(Settings.load()).read("a/1.jpg") == jpeg()
    monkeypatch.setenv("FLOORWALKER_IMAGE_PLACES", f"gs://bucket/crops, {crops.parent / 'crops2'}")
    images = images_of(Settings.load())
    assert images.places.prefixes == ("gs://bucket/crops/",)
    assert images.read("1.jpg") == jpeg()
    assert code(images, str(crops / "a" / "1.jpg")) == "refused"


class Counted:
    """Images that say how often they were read."""

    def __init__(self, images: Images) -> None:
        self.images, self.reads = images, 0

    def read(self, uri: str) -> bytes:
        self.reads += 1
        return self.images.read(uri)

    def picture(self, uri: str) -> np.ndarray:
        return self.images.picture(uri)


def test_thumbnails_are_made_once_and_do_not_grow(crops: Path) -> None:
    for place in range(40):
        (crops / f"{place}.jpg").write_bytes(jpeg(600, 900, (place, 2 * place, 99)))
    counted = Counted(Images(ImagePlaces.of([crops])))
    thumbnails = Thumbnails(counted, most_bytes=10_000)
    first = thumbnails.get("0.jpg", 96)
    with Image.open(io.BytesIO(first.content)) as image:
        assert image.size == (64, 96)
    assert thumbnails.get("0.jpg", 96) == first
    assert counted.reads == 1
    others = {thumbnails.get(f"{place}.jpg", 96).etag for place in range(1, 40)}
    assert len(others) == 39
    assert 0 < thumbnails.held_bytes <= 10_000
    thumbnails.get("0.jpg", 96)
    assert counted.reads == 41
    with Image.open(io.BytesIO(thumbnails.get("1.jpg", 100_000).content)) as image:
        assert image.size == (341, 512)
    thumbnails.forget()
    assert thumbnails.held_bytes == 0


def test_a_thumbnail_stands_upright_and_tells_nothing_else(crops: Path) -> None:
    turned = Image.new("RGB", (120, 60))
    exif = turned.getexif()
    exif[0x0112], exif[0x010E] = 6, "till 4, staff door"
    turned.save(crops / "turned.jpg", exif=exif)
    thumbnail = Thumbnails(Images(ImagePlaces.of([crops]))).get("turned.jpg", 60)
    with Image.open(io.BytesIO(thumbnail.content)) as image:
        assert image.size == (30, 60)
        assert not image.getexif()
    assert b"staff door" not in thumbnail.content
