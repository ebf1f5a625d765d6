"""A local App Store Connect that speaks real HTTP; it shares no code with the product."""

from __future__ import annotations

from ascrecon.simulator.randomised import random_scenario
from ascrecon.simulator.reading import ScenarioError
from ascrecon.simulator.running import Simulator, running
from ascrecon.simulator.scenario import Scenario, load_scenario

__all__ = ["Scenario", "ScenarioError", "Simulator", "load_scenario", "random_scenario", "running"]
