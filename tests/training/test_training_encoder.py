"""The EntryEncoder in PyTorch and as it is served: the same vectors, and clear words where a file is none."""

from __future__ import annotations

import numpy as np
import pytest

from floorwalker.errors import InputError
from floorwalker.identity.matching.attribute_schema import AttributeSchema
from floorwalker.identity.matching.attributes import encode_attributes
from floorwalker.identity.matching.choose_encoder import choose_encoder
from floorwalker.identity.matching.encoder import TRAINED_THRESHOLDS, MeanEncoder, Thresholds
from floorwalker.identity.matching.vectors import VectorError

torch = pytest.importorskip("torch", reason="not run: PyTorch is not installed (the extra train)")

from floorwalker.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint  # noqa: E402
from floorwalker.training.entry_encoder import EntryEncoder  # noqa: E402
from floorwalker.training.export import export_onnx  # noqa: E402

SCHEMA = AttributeSchema.model_validate(
    {
        "fields": [
            {"name": "upper", "kind": "enum", "labels": ["red", "blue"]},
            {"name": "hat", "kind": "bool"},
        ]
    }
)


def _encoder(attr_dim=3, use_attention=True, seed=0):
    torch.manual_seed(seed)
    encoder = EntryEncoder(24, attr_dim, 16, use_attention, 0.2)
    with torch.no_grad():  # as if it had been trained: nothing is as it began
        for weight in encoder.parameters():
            weight.add_(0.2 * torch.randn_like(weight))
    return encoder.eval()


@pytest.mark.parametrize("use_attention", [True, False])
@pytest.mark.parametrize("schema", [SCHEMA, None])
def test_the_served_encoder_gives_the_vectors_of_the_trained_one(tmp_path, use_attention, schema):
    encoder = _encoder(schema.dimension if schema else 0, use_attention)
    export_onnx(Checkpoint(encoder, schema, Thresholds(0.7, 0.05)), tmp_path / "encoder.onnx")
    served = choose_encoder(tmp_path / "encoder.onnx")
    assert served.thresholds == Thresholds(0.7, 0.05)
    assert (served.input_dimension, served.dimension) == (24, 16)
    rng = np.random.default_rng(3)
    for count in range(1, 31):
        vectors = (rng.normal(size=(count, 24)) * rng.uniform(0.1, 100)).astype(np.float32)
        attrs = {"upper": "blue", "hat": bool(count % 2)} if count % 3 else {}
        numbers = encode_attributes(schema, attrs).vector[None] if schema else np.zeros((1, 0), np.float32)
        with torch.no_grad():
            expected = encoder(torch.tensor(vectors)[None], torch.ones(1, count), torch.tensor(numbers))[0]
        got = served.encode(vectors, attrs)
        assert np.abs(got - expected.numpy()).max() < 1e-4
        assert np.linalg.norm(got) == pytest.approx(1.0, abs=1e-5)
    with pytest.raises(VectorError) as caught:
        served.encode(np.ones((2, 23), np.float32), {})
    assert caught.value.code == "wrong_dimension"


@pytest.mark.parametrize("use_attention", [True, False])
def test_padding_changes_nothing(use_attention):
    encoder = _encoder(use_attention=use_attention)
    vectors = torch.randn(1, 4, 24)
    padded = torch.cat([vectors, torch.zeros(1, 5, 24)], dim=1)
    mask = torch.tensor([[1.0] * 4 + [0.0] * 5])
    attributes = torch.zeros(1, 3)
    with torch.no_grad():
        plain = encoder(vectors, torch.ones(1, 4), attributes)
        assert torch.allclose(encoder(padded, mask, attributes), plain, atol=1e-6)


def test_it_begins_as_the_mean_of_the_vectors():
    encoder = EntryEncoder(24, 0, 24).eval()
    vectors = torch.randn(6, 5, 24)
    with torch.no_grad():
        encoded = encoder(vectors, torch.ones(6, 5), torch.zeros(6, 0))
    means = np.stack([MeanEncoder().encode(entry.numpy(), {}) for entry in vectors])
    assert np.abs((encoded @ encoded.T).numpy() - means @ means.T).max() < 1e-5


def test_a_checkpoint_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "encoder.pt"
    encoder = _encoder()
    save_checkpoint(path, Checkpoint(encoder, SCHEMA, Thresholds(0.5, 0.01)))
    loaded = load_checkpoint(path)
    assert (loaded.schema, loaded.thresholds) == (SCHEMA, Thresholds(0.5, 0.01))
    given = (torch.randn(2, 3, 24), torch.ones(2, 3), torch.randn(2, 3))
    with torch.no_grad():
        assert torch.equal(loaded.encoder(*given), encoder(*given))


def test_a_checkpoint_with_the_named_keys_alone_has_the_contracts_thresholds(tmp_path):
    path = tmp_path / "encoder.pt"
    encoder = _encoder()
    sizes = {"vis_dim": 24, "attr_dim": 3, "emb_dim": 16, "use_attention": True, "dropout": 0.2}
    torch.save({**sizes, "state_dict": encoder.state_dict()}, path)
    assert load_checkpoint(path).thresholds == TRAINED_THRESHOLDS == Thresholds(0.88, 0.02)
    torch.save({**sizes, "vis_dim": 25, "state_dict": encoder.state_dict()}, path)
    with pytest.raises(InputError, match="do not fit"):
        load_checkpoint(path)
    torch.save(sizes, path)
    with pytest.raises(InputError, match="missing: state_dict"):
        load_checkpoint(path)


class _Harm:
    def __reduce__(self):
        return print, ("run",)


def test_what_a_checkpoint_holds_is_never_run(tmp_path, capsys):
    path = tmp_path / "encoder.pt"
    torch.save({"state_dict": _Harm()}, path)
    with pytest.raises(InputError, match="never run"):
        load_checkpoint(path)
    path.write_bytes(b"no checkpoint")
    with pytest.raises(InputError, match="damaged"):
        load_checkpoint(path)
    assert "run" not in capsys.readouterr().out


def test_a_checkpoint_of_pytorch_has_to_be_exported_before_it_is_served(tmp_path):
    with pytest.raises(InputError, match="reid export"):
        choose_encoder(tmp_path / "encoder.pt")
    other = AttributeSchema.model_validate({"fields": [{"name": "x", "kind": "enum", "labels": list("abc")}]})
    export_onnx(Checkpoint(_encoder(), SCHEMA), tmp_path / "encoder.onnx")
    with pytest.raises(InputError, match="other attributes"):
        choose_encoder(tmp_path / "encoder.onnx", other)
