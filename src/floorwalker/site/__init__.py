"""The site file: stores, their cameras, lines, zones, opening hours and calibration."""

from floorwalker.site.calibration import Calibration
from floorwalker.site.check import Problem, check_site_file
from floorwalker.site.load import load_site
from floorwalker.site.model import (
    CalibrationPoints,
    Camera,
    EntryLine,
    FloorPlan,
    OpeningHours,
    Site,
    Store,
    Zone,
    ZoneKind,
)

__all__ = [
    "Calibration",
    "CalibrationPoints",
    "Camera",
    "EntryLine",
    "FloorPlan",
    "OpeningHours",
    "Problem",
    "Site",
    "Store",
    "Zone",
    "ZoneKind",
    "check_site_file",
    "load_site",
]
