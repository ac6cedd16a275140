"""The settings of journeys while they happen."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from floorwalker.journeys.events_of_camera import JourneySettings
from floorwalker.tracking.holding import HoldingRules
from floorwalker.tracking.stitch import StitchSettings

_STAFF_IN_VIEW_S = 2700.0


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """When what the rules say is said aloud.

    Attributes:
        look_s: between two looks at what is held. Raising it costs less and tells later.
        settle_s: events of this last time are not told yet: what comes next may take them back. It must be
            longer than a person may be out of sight and still go on (8 s in a zone), and the moment in which
            the new fragment is judged.
        late_s: an event that older evidence brings up is still told when it is younger than this beyond
            `settle_s`; later ones are the rules' second thoughts about what was told, and are left out.
        same_s: an event of the same kind and place of the same track within this time is the same one.
        horizon_s: tracks that ended are held for this long beyond `settle_s`, for what they mean to others.
        stitch: when two tracks are fragments of one person.
        holding: how much is held of a track.
    """

    look_s: float = 2.0
    settle_s: float = 11.0
    late_s: float = 60.0
    same_s: float = 3.0
    horizon_s: float = 6.0
    stitch: StitchSettings = field(default_factory=StitchSettings)
    holding: HoldingRules = field(default_factory=HoldingRules)


def live_rules(rules: JourneySettings | None = None) -> JourneySettings:
    """The thresholds of journeys as they hold for a stream that has only begun.

    Half an hour in view makes nobody staff while the stream is not much older than that.

    Args:
        rules: those of whole recordings.
    """
    whole = rules or JourneySettings()
    return replace(whole, staff=replace(whole.staff, in_view_least_s=_STAFF_IN_VIEW_S))
