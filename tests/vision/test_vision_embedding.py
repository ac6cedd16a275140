"""Crops to vectors: how a network is fed, what is skipped, and that an interruption costs nothing."""

from __future__ import annotations

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from floorwalker.errors import InputError
from floorwalker.vision.embedding.crop_embedder import OnnxCropEmbedder
from floorwalker.vision.embedding.crop_files import embed_crops, find_crops
from floorwalker.vision.embedding.crop_format import Colours, Layout, Scale


@pytest.fixture
def network(tmp_path):
    """Makes a network that gives the mean of each channel, in the order in which it is fed."""

    def make(shape=(1, 16, 8, 3)):
        axes = [1, 2] if shape[3] == 3 else [2, 3]
        node = helper.make_node("ReduceMean", ["picture"], ["vector"], axes=axes, keepdims=0)
        graph = helper.make_graph(
            [node],
            "means",
            [helper.make_tensor_value_info("picture", TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info("vector", TensorProto.FLOAT, [shape[0], 3])],
        )
        path = tmp_path / "means.onnx"
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
        return path

    return make


def _crops(folder, count):
    folder.mkdir(exist_ok=True)
    for number in range(count):
        picture = np.full((20, 10, 3), (10 * number, 20, 30), np.uint8)
        cv2.imwrite(str(folder / f"{number:02d}.png"), picture)
    return folder


def test_a_network_is_fed_as_its_input_says_or_as_it_is_told(network):
    blue = np.full((40, 20, 3), (200, 100, 50), np.uint8)
    last = OnnxCropEmbedder(network())
    assert (last.format.layout, last.format.colours, last.format.scale) == (
        Layout.NHWC, Colours.BGR, Scale.BYTES,
    )  # fmt: skip
    assert next(last.embed([blue])) == pytest.approx([200, 100, 50])
    first = OnnxCropEmbedder(network(("batch", 3, 16, 8)))
    assert next(first.embed([blue])) == pytest.approx(
        [(50 / 255 - 0.485) / 0.229, (100 / 255 - 0.456) / 0.224, (200 / 255 - 0.406) / 0.225], abs=1e-4
    )
    told = OnnxCropEmbedder(network(), Colours.RGB, Scale.BYTES)
    assert next(told.embed([blue])) == pytest.approx([50, 100, 200])


def test_what_is_no_network_of_this_kind_is_refused(network, tmp_path):
    with pytest.raises(InputError, match="one picture as input"):
        OnnxCropEmbedder(network((1, 16, 8, 4)))
    (tmp_path / "bad.onnx").write_bytes(b"nothing")
    with pytest.raises(InputError, match="damaged"):
        OnnxCropEmbedder(tmp_path / "bad.onnx")


def test_an_interrupted_run_is_gone_on_with_and_gives_the_same_file(network, tmp_path):
    path = network()
    crops = find_crops(_crops(tmp_path / "crops", 9))
    whole = embed_crops(crops, path, OnnxCropEmbedder(path), tmp_path / "whole.npz")

    class Stop(Exception):
        pass

    done = []

    def stop(count):
        done.append(count)
        if sum(done) == 4:
            raise Stop

    out = tmp_path / "broken.npz"
    with pytest.raises(Stop):
        embed_crops(crops, path, OnnxCropEmbedder(path), out, stop)
    # The power went while a line was written: its half is there, the vector of another crop is not.
    notes = tmp_path / ".broken.npz.rows"
    notes.write_bytes(notes.read_bytes() + b'{"path": "05.p')
    with (tmp_path / ".broken.npz.floats").open("ab") as file:
        file.write(b"\x00" * 5)
    again = []
    resumed = embed_crops(crops, path, OnnxCropEmbedder(path), out, again.append)
    assert again[0] == 4
    assert resumed.paths == whole.paths
    assert np.array_equal(resumed.vectors, whole.vectors)
    assert np.array_equal(np.load(out)["vectors"], np.load(tmp_path / "whole.npz")["vectors"])
    assert not list(tmp_path.glob(".broken*"))


def test_crops_that_changed_are_done_again_and_unreadable_ones_are_counted(network, tmp_path):
    path = network()
    folder = _crops(tmp_path / "crops", 3)
    (folder / "03.png").write_bytes(b"no picture")
    (folder / "04.png").write_bytes(b"")
    first = embed_crops(find_crops(folder), path, OnnxCropEmbedder(path), tmp_path / "v.npz")
    assert first.unreadable == ("03.png", "04.png")
    assert len(first.vectors) == 3
    cv2.imwrite(str(folder / "01.png"), np.full((33, 10, 3), 77, np.uint8))
    counted = []
    second = embed_crops(find_crops(folder), path, OnnxCropEmbedder(path), tmp_path / "v.npz", counted.append)
    assert counted[0] == 2
    assert second.vectors[1] == pytest.approx([77, 77, 77])
    assert np.array_equal(second.vectors[[0, 2]], first.vectors[[0, 2]])


def test_an_index_names_the_crops_or_is_refused(tmp_path):
    _crops(tmp_path, 2)
    index = tmp_path / "index.csv"
    index.write_text("person_id,path\np1,00.png\np2,01.png\n")
    assert [(crop.name, crop.columns["person_id"]) for crop in find_crops(index)] == [
        ("00.png", "p1"), ("01.png", "p2"),
    ]  # fmt: skip
    index.write_text("person,file\np1,00.png\n")
    with pytest.raises(InputError, match="column path"):
        find_crops(index)
    with pytest.raises(InputError, match="no such"):
        find_crops(tmp_path / "absent")


@pytest.mark.shared
@pytest.mark.parametrize("name", ["person-reidentification-retail-0248", "osnet_x0_25_msmt17"])
def test_real_networks_tell_people_apart(shared, name):
    folder = shared / "reid-images"
    crops = find_crops(folder / "index.csv")
    people = sorted({crop.columns["person_id"] for crop in crops})[:6]
    chosen = [
        crop for crop in crops
        if crop.columns["person_id"] in people and crop.columns["view"] in ("1", "2")
    ]  # fmt: skip
    embedder = OnnxCropEmbedder(shared / "reid-models" / f"{name}.onnx")
    vectors = np.stack(list(embedder.embed(cv2.imread(str(crop.path)) for crop in chosen)))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    who = np.array([crop.columns["person_id"] for crop in chosen])
    camera = np.array([crop.columns["camera"] for crop in chosen])
    similarity = vectors @ vectors.T
    across = camera[:, None] != camera[None]
    same = who[:, None] == who[None]
    assert similarity[across & same].mean() > similarity[across & ~same].mean() + 0.1
