"""A row of the table: ours and a baseline, run in turns, in the same minutes on the same machine."""

import dataclasses
import statistics
from typing import Callable, Optional

# A baseline that varies by more between runs says nothing: the row is measured again, so often.
STEADY = 1 / 3
ATTEMPTS = 3


@dataclasses.dataclass
class Row:
    name: str
    load: str  # what to do to see the same
    against: str  # what the baseline is
    unit: str  # of both figures: "/s" where more is better, "s" or "ms" where less is
    ours: Callable[[], float]
    baseline: Optional[Callable[[], float]]  # None: `target` is a figure of its own
    target: float  # a ratio to reach ("/s") or not to pass ("s"); None: published only


@dataclasses.dataclass
class Result:
    name: str
    load: str
    against: str
    unit: str
    target: float
    ours: list
    baseline: list
    attempts: int

    @property
    def less_is_better(self):
        return self.unit != "/s"

    @property
    def ratio(self):
        if not self.baseline:
            return None
        return statistics.median(self.ours) / statistics.median(self.baseline)

    @property
    def holds(self):
        if self.target is None:
            return None
        figure = self.ratio if self.baseline else statistics.median(self.ours)
        return figure <= self.target if self.less_is_better else figure >= self.target


def spread(figures):
    """Greatest less least, as a part of the median."""
    return (max(figures) - min(figures)) / statistics.median(figures) if figures else 0.0


def measure(row, runs, attempts=ATTEMPTS):
    for attempt in range(1, attempts + 1):
        ours, baseline = [], []
        for _ in range(runs):
            if row.baseline:
                baseline.append(row.baseline())
            ours.append(row.ours())
        if spread(baseline) <= STEADY:
            break
    return Result(row.name, row.load, row.against, row.unit, row.target, ours, baseline, attempt)
