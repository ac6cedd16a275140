"""Real crops as entries: a network's vectors, bursts of a camera, colours of clothing, and who is apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from floorwalker.identity.matching.attribute_schema import AttributeSchema
from floorwalker.identity.matching.crop_index import manifest_from_index
from floorwalker.identity.matching.entry import AttributeValue, BucketKey
from floorwalker.identity.matching.labelled import Labelled, LabelledEntry
from floorwalker.vision.embedding.crop_embedder import OnnxCropEmbedder
from floorwalker.vision.embedding.crop_files import embed_crops, find_crops, read_crop

KEY = BucketKey("2026-03-03", "S")
COLOURS = (
    "black", "grey", "white", "red", "orange", "yellow", "green", "cyan", "blue", "purple", "pink",
)  # fmt: skip
# Upper edges of hue in OpenCV's half degrees; what is beyond the last is red again.
_HUES = (
    (8, "red"), (20, "orange"), (33, "yellow"), (80, "green"), (100, "cyan"), (130, "blue"),
    (150, "purple"), (172, "pink"), (180, "red"),
)  # fmt: skip
# Parts of a crop in shares of its height and width: the trunk and the legs, without head, feet and ground.
_PARTS = {"upper": (0.18, 0.48), "lower": (0.52, 0.88)}
_MIDDLE = (0.25, 0.75)
SCHEMA = AttributeSchema.model_validate(
    {"fields": [{"name": part, "kind": "distribution", "labels": COLOURS} for part in _PARTS]}
)


@dataclass(frozen=True, slots=True)
class Fold:
    """Two parts without a person in common.

    Attributes:
        tune: to choose thresholds by and to train on.
        report: whose figures are told.
    """

    tune: tuple[str, ...]
    report: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """All crops with one network's vectors.

    Attributes:
        network: its name.
        rows: of each crop person_id, camera, view and path.
        vectors: (crops, D).
        colours: of each crop the colours of its parts.
    """

    network: str
    rows: Sequence[Mapping[str, str]]
    vectors: npt.NDArray[np.float32]
    colours: Sequence[Mapping[str, Mapping[str, float]]]

    @property
    def people(self) -> list[str]:
        """Who is there."""
        return sorted({row["person_id"] for row in self.rows})

    def entries(self, people: Sequence[str], burst: int) -> Labelled:
        """The bursts of some people: neighbouring views of one camera, with the colours of their crops."""
        order = sorted(
            (n for n, row in enumerate(self.rows) if row["person_id"] in people),
            key=lambda n: (self.rows[n]["person_id"], self.rows[n]["camera"], int(self.rows[n]["view"])),
        )
        manifest = manifest_from_index(KEY, [self.rows[n] for n in order], self.vectors[order], burst)
        place = {row["path"]: number for number, row in enumerate(self.rows)}
        kept = []
        for person in manifest.people:
            for event in person.events:
                attrs = _together([self.colours[place[path]] for path in event.images])
                told = type(event)(
                    event.entry_id, event.timestamp, event.direction, event.camera, None, event.images,
                    event.score, event.score2, attrs, event.embeddings,
                )  # fmt: skip
                assert event.embeddings is not None
                kept.append(LabelledEntry(KEY, person.person_id, told, event.embeddings))
        return Labelled(tuple(kept))


def read_material(shared: Path, network: str, cache: Path, threads: int | None = None) -> Material:
    """The crops and a network's vectors of them, kept in a folder between runs."""
    path = shared / "data" / "reid-models" / f"{network}.onnx"
    crops = find_crops(shared / "data" / "reid-images" / "index.csv")
    found = embed_crops(crops, path, OnnxCropEmbedder(path, threads=threads), cache / f"{network}.npz")
    columns = {crop.name: crop for crop in crops}
    colours = []
    for name in found.paths:
        picture = read_crop(columns[name].path)
        assert picture is not None
        colours.append({part: clothing_colours(picture, part) for part in _PARTS})
    return Material(network, [columns[name].columns for name in found.paths], found.vectors, colours)


def clothing_colours(picture: npt.NDArray[np.uint8], part: str) -> dict[str, float]:
    """Which shares of a part of a person have which colour, by the pixels of the middle of the crop.

    Black is a value below 0.22, white a saturation below 0.15 at a value from 0.75, grey below 0.18 else; the
    rest goes by hue. Nothing was learnt or tuned for it.

    Args:
        picture: (height, width, 3) uint8, blue-green-red, a person from head to foot.
        part: `upper` or `lower`.

    Returns:
        Colour → share; they sum to 1.
    """
    height, width = picture.shape[:2]
    top, bottom = (int(share * height) for share in _PARTS[part])
    left, right = (int(share * width) for share in _MIDDLE)
    hsv = cv2.cvtColor(picture[top:bottom, left:right], cv2.COLOR_BGR2HSV).reshape(-1, 3).astype(int)
    hue, saturation, value = hsv.T
    named = np.array([name for _, name in _HUES])[np.searchsorted([edge for edge, _ in _HUES], hue, "right")]
    named = np.where(saturation < 0.18 * 255, "grey", named)
    named = np.where((saturation < 0.15 * 255) & (value >= 0.75 * 255), "white", named)
    named = np.where(value < 0.22 * 255, "black", named)
    names, counts = np.unique(named, return_counts=True)
    return {str(name): float(count) / len(named) for name, count in zip(names, counts, strict=True)}


def folds(people: Sequence[str], splits: int, seed: int) -> list[Fold]:
    """Halves of the people, each of which is once the one and once the other, several times over."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(splits):
        order = [people[number] for number in rng.permutation(len(people))]
        one, other = tuple(sorted(order[::2])), tuple(sorted(order[1::2]))
        found += [Fold(one, other), Fold(other, one)]
    return found


def _together(crops: Sequence[Mapping[str, Mapping[str, float]]]) -> dict[str, AttributeValue]:
    """The mean of several crops' colours."""
    return {
        part: {
            colour: share
            for colour in COLOURS
            if (share := float(np.mean([crop[part].get(colour, 0.0) for crop in crops]))) > 0
        }
        for part in _PARTS
    }
