"""A row of the table: ours and a baseline, run in turns, in the same minutes on the same machine."""

import dataclasses
import statistics
from typing import Callable, Optional

import fresh_memory
from cpu_time import CpuTime

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
    fresh_mb: int = 0  # memory that one run of either side fills anew, at most (fresh_memory.py)


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
    stolen: float  # of the machine's time, by others on its host

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
        time_of_row = CpuTime()
        for _ in range(runs):
            if row.baseline:
                fresh_memory.touch(row.fresh_mb)
                baseline.append(row.baseline())
            fresh_memory.touch(row.fresh_mb)
            ours.append(row.ours())
        if spread(baseline) <= STEADY:
            break
    stolen = time_of_row.stolen_share()
    return Result(
        row.name, row.load, row.against, row.unit, row.target, ours, baseline, attempt, stolen
    )
