"""`floorwalker reid payloads`: real crops, real services on loopback, a real network where there is one."""

from __future__ import annotations

import base64
import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

DAY = "2026-03-03"


class Models(BaseHTTPRequestHandler):
    """Vectors by the mean colour, attributes by the brightest channel; `/away` and `/wrong` do not."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        pictures = [Image.open(io.BytesIO(base64.b64decode(text))) for text in asked["images"]]
        assert {picture.size for picture in pictures} == {(128, 256)}
        colours = [np.asarray(picture, dtype=float).mean(axis=(0, 1)) for picture in pictures]
        if self.path == "/away":
            self.send_error(503)
            return
        answer = {
            "/embed": {"embeddings": [colour.tolist() for colour in colours]},
            "/wrong": {"embeddings": [[1.0, 2.0]] * (len(colours) + 1)},
            "/other": {"vectors": []},
            "/attributes": {"attrs": {"top": ["red", "green", "blue"][int(np.argmax(colours[0]))]}},
        }[self.path]
        content = json.dumps(answer).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def models() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Models)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join(10)


def crop(path: Path, colour: tuple[int, int, int], size: tuple[int, int] = (48, 128)) -> None:
    Image.new("RGB", size, colour).save(path)


def crossing(
    root: Path, store: str, day: str, name: str, colour: tuple[int, int, int], images: int = 3
) -> Path:
    folder = root / store / day / name
    folder.mkdir(parents=True)
    for number in range(images):
        crop(folder / f"{number:02d}.png", colour)
    details = {"timestamp": f"{day}T09:00:00Z", "direction": "entry", "camera": "door", "alert_id": "al-1"}
    (folder / "entry.json").write_text(json.dumps(details))
    return folder


@pytest.fixture
def crops(tmp_path: Path) -> Path:
    root = tmp_path / "crops"
    crossing(root, "nc0009", DAY, "e1", (200, 20, 20))
    crossing(root, "nc0009", DAY, "e2", (20, 200, 20), images=40)
    crossing(root, "nc0009", "2026-03-04", "e3", (20, 20, 200))
    crossing(root, "other", DAY, "e4", (20, 20, 200))
    return root


def payload(out: Path, *parts: str) -> dict:
    return json.loads(out.joinpath(*parts).with_suffix(".json").read_text())


def test_a_folder_to_payloads(run, crops, models, tmp_path):
    out = tmp_path / "out"
    asked = ("reid", "payloads", crops, "--out", out, "--embedder", f"{models}/embed", "--quiet", "--json")
    told = run(*asked, "--attributes", f"{models}/attributes", "--store", "nc", "--images-as", "gs://b/crops")
    assert told.code == 0, told.err
    tally = json.loads(told.out)
    assert (tally["found"], tally["made"], tally["failed"]) == (3, 3, 0)
    made = payload(out, "nc0009", DAY, "e1")
    vectors = made.pop("embeddings")
    assert made == {
        "day_id": DAY,
        "store_id": "nc0009",
        "entry_id": "e1",
        "timestamp": f"{DAY}T09:00:00Z",
        "direction": "entry",
        "camera": "door",
        "images": [f"gs://b/crops/nc0009/{DAY}/e1/{number:02d}.png" for number in range(3)],
        "attrs": {"top": "red"},
        "alert_id": "al-1",
    }
    np.testing.assert_allclose(vectors, [[200, 20, 20]] * 3, atol=2)
    spread = payload(out, "nc0009", DAY, "e2")["images"]
    assert len(spread) == 16
    assert spread[0].endswith("00.png")
    assert spread[-1].endswith("39.png")
    assert not (out / "other").exists()
    again = json.loads(run(*asked, "--skip-existing").out)
    assert (again["found"], again["made"], again["skipped"]) == (4, 1, 3)
    one_day = json.loads(run(*asked, "--day", "2026-03-04").out)
    assert one_day["found"] == 1


def test_failures_are_counted_and_cost_no_other_crossing(run, crops, models, tmp_path):
    (crops / "nc0009" / DAY / "e1" / "entry.json").unlink()
    for image in (crops / "nc0009" / DAY / "e2").glob("*.png"):
        image.write_bytes(b"no image")
    (crops / "other" / DAY / "e4" / "00.png").write_bytes(b"no image")
    (crops / "other" / "no-day" / "e5").mkdir(parents=True)
    told = run(
        "reid", "payloads", crops, "--out", tmp_path / "out", "--embedder", f"{models}/embed", "-q", "--json"
    )  # fmt: skip
    assert told.code == 1
    assert told.err.count("\n") == 1
    tally = json.loads(told.out)
    assert (tally["found"], tally["made"], tally["failed"], tally["images_lost"]) == (5, 2, 3, 1)
    assert tally["reasons"] == {"unfit": 2, "no_image": 1}
    assert "entry.json" in tally["errors"][0]["message"]


@pytest.mark.parametrize(
    ("path", "code", "why"),
    [("wrong", "no_vectors", "vectors for 3 images"), ("other", "no_answer", "an answer with embeddings")],
)
def test_a_service_that_answers_something_else(run, crops, models, tmp_path, path, code, why):
    told = run(
        "reid", "payloads", crops, "--out", tmp_path / "out", "--embedder", f"{models}/{path}",
        "--store", "other", "-q", "--json",
    )  # fmt: skip
    assert told.code == 1
    tally = json.loads(told.out)
    assert tally["reasons"] == {code: 1}
    assert why in tally["errors"][0]["message"]


def test_documents_as_mongoexport_writes_them(run, crops, models, tmp_path):
    documents = [
        {
            "_id": {"$oid": "65e4c0ffee65e4c0ffee0001"},
            "store_id": "nc0009",
            "timestamp": {"$date": "2026-03-03T20:00:00Z"},
            "direction": "EXIT",
            "camera_id": "door",
            "images": [f"nc0009/{DAY}/e1/00.png", f"nc0009/{DAY}/e1/01.png"],
        },
        {"_id": "d2", "store_id": "nc0009", "timestamp": "2026-03-03T09:00:00", "images": ["x.png"]},
        {
            "_id": "d3",
            "store_id": "a/b",
            "timestamp": f"{DAY}T09:00:00Z",
            "direction": "entry",
            "images": ["x"],
        },
        {
            "_id": "d4",
            "store_id": "nc0009",
            "timestamp": f"{DAY}T09:00:00Z",
            "direction": "in",
            "images": ["x"],
        },
        {
            "_id": "d5",
            "store_id": "nc0009",
            "timestamp": f"{DAY}T09:00:00Z",
            "direction": "entry",
            "images": [],
        },
        {
            "_id": "d6",
            "store_id": "nc0009",
            "day_id": DAY,
            "timestamp": f"{DAY}T09:00:00Z",
            "direction": "entry",
            "camera": "door",
            "images": ["../../secret.png"],
        },
    ]
    source = tmp_path / "line-crossings.jsonl"
    source.write_text("\n".join(map(json.dumps, documents)))
    told = run(
        "reid", "payloads", source, "--out", tmp_path / "out", "--embedder", f"{models}/embed",
        "--images", crops, "--timezone", "Asia/Kolkata", "-q", "--json",
    )  # fmt: skip
    tally = json.loads(told.out)
    assert (told.code, tally["made"], tally["reasons"]) == (1, 1, {"unfit": 4, "refused": 1})
    made = payload(tmp_path / "out", "nc0009", "2026-03-04", "65e4c0ffee65e4c0ffee0001")  # it is night there
    assert (made["direction"], made["camera"], len(made["embeddings"])) == ("exit", "door", 2)


def test_what_is_asked_wrongly(run, crops, models, tmp_path):
    out = ("--out", tmp_path / "out")
    service = ("--embedder", f"{models}/embed")
    for arguments, why in (
        ((crops, *out), "either --network FILE.onnx or --embedder"),
        ((crops, *out, "--embedder", "ftp://x"), "an address such as"),
        ((tmp_path / "none", *out, *service), "no such folder"),
        ((tmp_path / "none.jsonl", *out, *service), "no such file"),
        ((crops, *out, *service, "--day", "3 March"), "a day such as 2026-03-03"),
        ((crops, *out, "--network", tmp_path / "none.onnx"), "none.onnx"),
    ):
        told = run("reid", "payloads", *arguments, "-q")
        assert told.code == 2, told
        assert why in told.err
        assert "Traceback" not in told.err


def test_a_service_that_is_away_ends_it(run, crops, models, tmp_path, monkeypatch):
    monkeypatch.setattr("floorwalker.cli.reid_payloads.ATTEMPTS", 1)
    told = run("reid", "payloads", crops, "--out", tmp_path / "out", "--embedder", f"{models}/away", "-q")
    assert told.code == 1
    assert "does not answer: 503" in told.err


def test_vectors_of_a_network(run, shared, tmp_path):
    """As the network itself makes them of the same crops."""
    from floorwalker.vision.embedding.crop_embedder import OnnxCropEmbedder

    network = shared / "reid-models" / "person-reidentification-retail-0248.onnx"
    folder = tmp_path / "crops" / "s" / DAY / "e1"
    folder.mkdir(parents=True)
    for number, image in enumerate(sorted((shared / "reid-images" / "images" / "001").glob("*.png"))[:3]):
        (folder / f"{number}.png").write_bytes(image.read_bytes())
    (folder / "entry.json").write_text(
        json.dumps({"timestamp": f"{DAY}T09:00:00Z", "direction": "exit", "camera": "door"})
    )
    told = run(
        "reid", "payloads", tmp_path / "crops", "--out", tmp_path, "--network", network, "-q", "--json"
    )
    assert told.code == 0, told.err
    crops = [cv2.imread(str(image)) for image in sorted(folder.glob("*.png"))]
    expected = np.stack(list(OnnxCropEmbedder(network).embed(crops)))
    np.testing.assert_allclose(payload(tmp_path, "s", DAY, "e1")["embeddings"], expected, atol=1e-4)
