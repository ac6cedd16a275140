"""The pages: templates, styles, scripts, and how they are filled in and found."""

from floorwalker.web.assets import PREFIX, Asset, Assets
from floorwalker.web.rendering import NamedStore, Pages

__all__ = ["PREFIX", "Asset", "Assets", "NamedStore", "Pages"]
