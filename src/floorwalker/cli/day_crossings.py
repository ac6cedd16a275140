"""What a re-ID network makes of the crossings of a day's recordings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from floorwalker.cli.entry_options import entries_of
from floorwalker.identity.matching.calibration import uncalibrated
from floorwalker.identity.matching.doors import doors_of
from floorwalker.identity.matching.encoder import Thresholds
from floorwalker.identity.matching.entry import Entry
from floorwalker.identity.matching.memory_store import MemoryStore
from floorwalker.journeys.day_matches import SameVisitor
from floorwalker.pipeline.camera_run import CameraJob, CameraRun
from floorwalker.pipeline.day_matching import same_visitors
from floorwalker.server.making_matcher import calibration_of, matcher_over
from floorwalker.settings import Settings
from floorwalker.vision.embedding.crop_embedder import OnnxCropEmbedder


class Crossings:
    """Looks at the crossings of all recordings once they are done.

    Args:
        jobs: one a recording.
        network: makes vectors; None: nobody asked for them.
        crops: folder for the crops; None: they are not kept.
        settings: of the matcher; None: nobody is known again by vectors.
    """

    def __init__(
        self,
        jobs: Sequence[CameraJob],
        network: OnnxCropEmbedder | None,
        crops: Path | None,
        settings: Settings | None,
    ) -> None:
        self.entries: list[list[Entry]] = []
        self._jobs, self._network, self._crops, self._settings = jobs, network, crops, settings

    def match(self, runs: Sequence[CameraRun]) -> Sequence[SameVisitor]:
        """Who is one person; the entries are kept for whoever writes them."""
        self.entries = [
            entries_of(run, job, self._network, self._crops)
            for run, job in zip(runs, self._jobs, strict=True)
        ]
        if self._settings is None:
            return ()
        doors = doors_of(self._jobs[0].store, self._settings.reid_elsewhere_s)
        matcher = matcher_over(MemoryStore(), self._settings, lambda _: doors)
        known = calibration_of(self._settings) or uncalibrated(
            matcher.encoder.fingerprint, Thresholds(matcher.rules.threshold, matcher.rules.margin)
        )
        found = [entry for entries in self.entries for entry in entries]
        return same_visitors(runs, found, matcher, lambda cosine: float(known.probability(cosine)))
