import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from floorwalker.errors import InputError, WorkError
from floorwalker.vision import models
from floorwalker.vision.build import build_detector
from floorwalker.vision.models import KnownModel, known_models, pull_model, pulled_models, verify_model
from floorwalker.vision.motion import MotionDetector

CONTENT = b"weights" * 1000


@pytest.fixture
def model() -> KnownModel:
    return KnownModel(
        name="tiny",
        file="tiny.onnx",
        repository="somewhere @ 1",
        path="tiny.onnx",
        licence="Apache-2.0",
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        head="yolox",
        free_input=False,
        note="",
    )


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "tiny.onnx").write_bytes(CONTENT)

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_the_manifest_names_source_licence_and_hash_of_every_network() -> None:
    manifest = known_models()
    assert len({model.name for model in manifest}) == len(manifest) > 0
    for model in manifest:
        assert model.licence == "Apache-2.0"
        assert len(bytes.fromhex(model.sha256)) == 32
        assert model.repository


def test_pull_from_a_path_and_over_http_give_the_same_file(
    model: KnownModel, served: str, tmp_path: Path
) -> None:
    for name, source in (("a", str(tmp_path / "served/tiny.onnx")), ("b", f"{served}/tiny.onnx")):
        assert pull_model(model, tmp_path / name, source).read_bytes() == CONTENT
        assert verify_model(model, tmp_path / name)


def test_a_file_of_another_content_is_refused_and_leaves_nothing(model: KnownModel, tmp_path: Path) -> None:
    other = tmp_path / "other.onnx"
    other.write_bytes(b"something else")
    with pytest.raises(InputError, match="expected sha256"):
        pull_model(model, tmp_path / "models", str(other))
    assert not list((tmp_path / "models").iterdir())


def test_a_download_that_never_ends_is_cut(
    model: KnownModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "LARGEST_MODEL_BYTES", 1 << 20)
    with pytest.raises(InputError, match="larger than"):
        pull_model(
            model, tmp_path / "models", "/dev/zero" if Path("/dev/zero").is_file() else _large(tmp_path)
        )
    assert not list((tmp_path / "models").iterdir())


def _large(folder: Path) -> str:
    path = folder / "large.onnx"
    with path.open("wb") as file:
        file.truncate(2 << 20)
    return str(path)


def test_an_address_that_cannot_be_reached_says_how_else(
    model: KnownModel, served: str, tmp_path: Path
) -> None:
    for address in ("http://127.0.0.1:9/tiny.onnx", f"{served}/missing.onnx"):
        with pytest.raises(WorkError, match="--from"):
            pull_model(model, tmp_path / "models", address)


def test_a_changed_file_does_not_verify(model: KnownModel, served: str, tmp_path: Path) -> None:
    path = pull_model(model, tmp_path, f"{served}/tiny.onnx")
    path.write_bytes(CONTENT + b"x")
    assert not verify_model(model, tmp_path)
    with pytest.raises(InputError, match="pull tiny"):
        verify_model(model, tmp_path / "nowhere")


def test_without_a_network_the_built_in_detector_is_used(tmp_path: Path) -> None:
    assert pulled_models(tmp_path) == []
    assert isinstance(build_detector(None, None, (640, 360), tmp_path), MotionDetector)
    assert isinstance(build_detector("motion", None, (640, 360), tmp_path), MotionDetector)


def test_unknown_and_missing_detectors_are_input_errors(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="unknown detector"):
        build_detector("magic", None, (640, 360), tmp_path)
    with pytest.raises(InputError, match="models pull yolox-nano"):
        build_detector("yolox-nano", None, (640, 360), tmp_path)
    with pytest.raises(InputError, match="no such network"):
        build_detector(str(tmp_path / "none.onnx"), None, (640, 360), tmp_path)
