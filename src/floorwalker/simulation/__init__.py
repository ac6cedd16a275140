"""A simulated store morning with its truth: the ruler that the whole project is measured by."""

from floorwalker.simulation.difficulty import Difficulty
from floorwalker.simulation.simulate import SIMULATOR_VERSION, Summary, simulate

__all__ = ["SIMULATOR_VERSION", "Difficulty", "Summary", "simulate"]
