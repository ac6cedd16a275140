"""`floorwalker reid`: from crops to vectors, to a manifest, to a calibration."""

from __future__ import annotations

import json

import cv2
import numpy as np
import onnx
from onnx import TensorProto, helper

from floorwalker.identity.matching.calibration import read_calibration
from floorwalker.identity.matching.encoder import MeanEncoder


def _network(path):
    """A network that looks at the colours of a picture's four corners."""
    nodes = [
        helper.make_node("AveragePool", ["picture"], ["means"], kernel_shape=[8, 4], strides=[8, 4]),
        helper.make_node("Flatten", ["means"], ["vector"]),
    ]
    graph = helper.make_graph(
        nodes,
        "corners",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, 16, 8])],
        [helper.make_tensor_value_info("vector", TensorProto.FLOAT, [1, 12])],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    return path


def _people(folder, count=8):
    """Made-up crops: each person has colours of their own, each crop some noise, one crop is none."""
    rng = np.random.default_rng(0)
    lines = ["person_id,camera,path"]
    for person in range(count):
        colours = rng.integers(0, 255, (2, 2, 3), dtype=np.uint8)
        for number in range(6):
            picture = cv2.resize(colours, (8, 16), interpolation=cv2.INTER_NEAREST).astype(np.int16)
            picture = np.clip(picture + rng.integers(-40, 40, picture.shape), 0, 255).astype(np.uint8)
            cv2.imwrite(str(folder / f"{person}-{number}.png"), picture)
            lines.append(f"p{person},c1,{person}-{number}.png")
    (folder / "none.png").write_bytes(b"no picture")
    lines.append("p0,c1,none.png")
    (folder / "index.csv").write_text("\n".join(lines))
    return folder / "index.csv"


def test_crops_become_vectors_a_manifest_and_a_calibration(run, tmp_path):
    index, network = _people(tmp_path), _network(tmp_path / "network.onnx")
    manifest, out = tmp_path / "entry_manifest.json", tmp_path / "vectors.npz"
    done = run(
        "reid", "embed", index, "--network", network, "--out", out, "--manifest", manifest, "--burst", "2",
        "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    told = json.loads(done.out)
    assert (told["crops"], told["dimension"], told["entries"]) == (48, 12, 24)
    assert told["unreadable"] == ["none.png"]
    done = run("reid", "calibrate", manifest, "--out", tmp_path / "c.json", "--json")
    assert done.code == 0, done.err
    made = read_calibration(tmp_path / "c.json")
    assert made.encoder == MeanEncoder().fingerprint
    assert (made.people, made.pairs_same) == (8, 24)
    assert "curve" not in json.loads(done.out)


def test_verdicts_on_pairs_calibrate_too(run, tmp_path):
    index, network = _people(tmp_path), _network(tmp_path / "network.onnx")
    manifest = tmp_path / "entry_manifest.json"
    run(
        "reid", "embed", index, "--network", network, "--out", tmp_path / "v.npz", "--manifest", manifest,
        "--burst", "2", "-q",
    )  # fmt: skip
    said = [(f"p{one}-c1-1", f"p{one}-c1-2", "same") for one in range(8)]
    said += [(f"p{one}-c1-1", f"p{other}-c1-1", "different") for one in range(8) for other in range(one)]
    lines = (json.dumps(dict(zip(("entry_a", "entry_b", "verdict"), each, strict=True))) for each in said)
    verdicts = tmp_path / "verdicts.jsonl"
    verdicts.write_text("\n".join(lines))
    done = run(
        "reid", "calibrate", manifest, "--verdicts", verdicts, "--others", "10", "--out", tmp_path / "c.json"
    )
    assert done.code == 0, done.err
    assert "8 pairs of one person, 28 of two" in done.out
    verdicts.write_text('{"entry_a": "x", "entry_b": "y", "verdict": "same"}')
    done = run("reid", "calibrate", manifest, "--verdicts", verdicts, "--out", tmp_path / "c.json")
    assert done.code == 2
    assert "both its entries" in done.err
