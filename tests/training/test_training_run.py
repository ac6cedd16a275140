"""Training: who teaches whom, that it stops and goes on as it should, and that it learns."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from floorwalker.cli import main
from floorwalker.errors import InputError
from floorwalker.identity.matching.calibration import read_calibration
from floorwalker.identity.matching.choose_encoder import choose_encoder
from floorwalker.identity.matching.crop_index import manifest_from_index
from floorwalker.identity.matching.entry import BucketKey
from floorwalker.identity.matching.labelled import Labelled, LabelledEntry
from floorwalker.identity.matching.manifest_json import encode_manifest

torch = pytest.importorskip("torch", reason="not run: PyTorch is not installed (the extra train)")

from floorwalker.training.finishing import encode_all, finish  # noqa: E402
from floorwalker.training.reid_training import train  # noqa: E402
from floorwalker.training.run_folder import TrainingSettings  # noqa: E402
from floorwalker.training.sampling import pk_batches  # noqa: E402
from floorwalker.training.split import split_entries  # noqa: E402
from floorwalker.training.triplet import batch_hard_triplet  # noqa: E402

SETTINGS = TrainingSettings(people_a_batch=8, emb_dim=16, epochs=6, patience=6, learning_rate=1e-3)


def _manifest(day, people, seed):
    """A store-day of made-up people, whose vectors differ by a part that says nothing: the light."""
    rng = np.random.default_rng(seed)
    rows, vectors = [], []
    for person in range(people):
        centre = rng.normal(size=16)
        for picture in range(12):
            if picture % 3 == 0:
                light = 2.5 * rng.normal(size=8)
            rows.append({"person_id": f"p{person}", "path": f"{person}/{picture}.png", "camera": "C"})
            vectors.append(np.concatenate([centre + 0.4 * rng.normal(size=16), light]))
    return manifest_from_index(BucketKey(day, "S"), rows, np.array(vectors, np.float32), 3)


def _labelled(days=4, people=10):
    entries = []
    for number in range(days):
        day = (datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=number)).date().isoformat()
        manifest = _manifest(day, people, number)
        for person in manifest.people:
            for event in person.events:
                entries.append(LabelledEntry(manifest.key, person.person_id, event, event.embeddings))
    return Labelled(tuple(entries))


def test_no_store_day_and_nobody_is_on_both_sides_of_the_split():
    people = [f"{day}-{person}" for day in range(5) for person in range(6) for _ in range(3)]
    days = [name.partition("-")[0] for name in people]
    split = split_entries(people, days, 0.25, np.random.default_rng(0))
    sides = [{days[row] for row in rows} for rows in (split.train, split.validation)]
    assert split.by_day
    assert not sides[0] & sides[1]
    assert len(split.train) + len(split.validation) == len(people)
    # Somebody who came on two days ties them together.
    people[0] = people[-1]
    split = split_entries(people, days, 0.25, np.random.default_rng(0))
    assert (0 in split.train) == (len(people) - 1 in split.train)
    one = split_entries(people, ["d"] * len(people), 0.25, np.random.default_rng(0))
    assert not one.by_day
    assert not {people[row] for row in one.train} & {people[row] for row in one.validation}
    with pytest.raises(InputError, match="two entries or more"):
        split_entries(["a", "a", "b"], ["d"] * 3, 0.25, np.random.default_rng(0))


def test_a_batch_holds_p_people_with_k_entries_each_and_an_epoch_everybody():
    people = [f"p{number // 3}" for number in range(33)] + ["once"]
    seen = set()
    for rows in pk_batches(people, ["d"] * len(people), 4, 5, np.random.default_rng(1)):
        owners = [people[row] for row in rows]
        assert len(owners) == 20
        assert all(len(set(owners[start : start + 5])) == 1 for start in range(0, 20, 5))
        assert len(set(owners)) == 4
        seen.update(owners)
    assert seen == {f"p{number}" for number in range(11)}


def test_the_loss_is_that_of_the_hardest_of_the_batch():
    vectors = torch.tensor([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0], [0.6, 0.8]])
    people = torch.tensor([0, 0, 1, 1])
    apart = people[:, None] != people[None]
    own = torch.tensor([0.2, 0.2, 0.2, 0.2])
    other = torch.tensor([0.4, 0.04, 0.4, 0.04])
    assert batch_hard_triplet(vectors, people, apart, 0.1) == pytest.approx(
        float((own - other + 0.1).clamp(min=0).mean()), abs=1e-6
    )
    # Of whom it is not sure that they are somebody else, they push nobody away.
    assert batch_hard_triplet(vectors, people, torch.zeros_like(apart), 0.1) == 0.0


def test_it_learns_what_tells_people_apart_and_serves_it(tmp_path):
    labelled = _labelled()
    trained = train(labelled, None, replace(SETTINGS, epochs=25), tmp_path)
    assert trained.history[trained.best].validation > trained.history[0].validation + 0.1
    finished = finish(tmp_path, trained, labelled, SETTINGS, 0.01)
    served = choose_encoder(finished.network)
    vectors = labelled.encode(served)
    assert np.abs(vectors - encode_all(trained.checkpoint, labelled)).max() < 1e-4
    calibration = read_calibration(tmp_path / "calibration.json")
    assert calibration.encoder == served.fingerprint
    assert calibration.thresholds == served.thresholds
    assert "validation mAP" in (tmp_path / "curves.html").read_text(encoding="utf-8")


def test_an_interrupted_training_ends_as_one_go_would_have(tmp_path):
    labelled = _labelled(3, 6)
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    for folder in (whole, broken):
        folder.mkdir()
    expected = train(labelled, None, SETTINGS, whole)
    train(labelled, None, replace(SETTINGS, epochs=3), broken)
    resumed = train(labelled, None, SETTINGS, broken)
    assert resumed.history == expected.history
    for name, weight in expected.checkpoint.encoder.state_dict().items():
        assert torch.equal(resumed.checkpoint.encoder.state_dict()[name], weight)
    with pytest.raises(InputError, match="other entries or settings"):
        train(labelled, None, replace(SETTINGS, seed=1), broken)


def test_it_stops_early_when_validation_gets_no_better(tmp_path):
    trained = train(
        _labelled(3, 6), None, replace(SETTINGS, epochs=50, patience=2, learning_rate=1e-7), tmp_path
    )
    assert len(trained.history) < 50
    assert len(trained.history) - 1 - trained.best == 2


def test_train_and_export_on_the_command_line(tmp_path, monkeypatch, capsys):
    for number in range(3):
        content = b"".join(encode_manifest(_manifest(f"2026-03-0{number + 1}", 6, number)))
        (tmp_path / f"{number}.json").write_bytes(content)
    run = tmp_path / "run"

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["floorwalker", "reid", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return ended.value.code, printed.out, printed.err

    code, out, _ = call("train", tmp_path, "--out", run, "--epochs", 2, "--json")
    assert code == 0
    told = json.loads(out)
    assert (told["entries"], told["split_by_day"], told["epochs"]) == (72, True, 2)
    assert json.loads((run / "run.json").read_text())["settings"]["epochs"] == 2
    code, _, _ = call("export", run / "best.pt", "--out", tmp_path / "again.onnx")
    assert code == 0
    assert (
        choose_encoder(tmp_path / "again.onnx").thresholds == choose_encoder(run / "encoder.onnx").thresholds
    )
    code, _, err = call("train", tmp_path / "absent", "--out", run)
    assert code == 2
    assert "no such file" in err
