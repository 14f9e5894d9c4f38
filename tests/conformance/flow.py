"""A flow is a function of a World, with a sentence that is true as its name."""

from dataclasses import dataclass
from typing import Callable

FLOWS = []


@dataclass(frozen=True)
class Flow:
    name: str
    sentence: str
    run: Callable
    only: str = ""  # The one target that can show it; empty: both.
    alone: bool = False  # Not beside others.


def flow(sentence, only="", alone=False):
    def register(function):
        group = function.__module__.removesuffix("_flows").replace("_", "-")
        name = f"{group}-{function.__name__.replace('_', '-')}"
        FLOWS.append(Flow(name, sentence, function, only, alone))
        return function

    return register
