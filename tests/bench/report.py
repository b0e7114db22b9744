"""What the benchmark found, for people and for programs."""

import dataclasses
import datetime
import os
import platform
import statistics

from cluster import volumes_have_sockets
from measure import spread

_WIDTHS = (38, 12, 12, 7, 9, 8, 6, 0)


def _cells(cells):
    return "  ".join(
        f"{cell:<{width}}" if i in (0, len(_WIDTHS) - 1) else f"{cell:>{width}}"
        for i, (cell, width) in enumerate(zip(cells, _WIDTHS))
    ).rstrip()


def header():
    return _cells(("", "ours", "baseline", "ratio", "target", "spread", "stolen", "against"))


def _figure(figures, unit):
    if not figures:
        return "-"
    median = statistics.median(figures)
    if unit == "/s":
        return f"{median:,.0f}/s"
    return f"{median:.3g} {unit}"


def _target(result):
    if result.target is None:
        return ""
    sign = "<=" if result.less_is_better else ">="
    return f"{sign}{result.target:g}"


def line(result):
    mark = {True: "", False: "  MISSED", None: ""}[result.holds]
    return _cells(
        (
            result.name,
            _figure(result.ours, result.unit),
            _figure(result.baseline, result.unit),
            f"{result.ratio:.2f}" if result.baseline else "-",
            _target(result),
            f"{spread(result.ours):.0%}/{spread(result.baseline):.0%}",
            f"{result.stolen:.0%}",
            result.against + mark,
        )
    )


def document(results, settings, started, folder):
    return {
        "when": datetime.datetime.fromtimestamp(started, datetime.timezone.utc).isoformat(),
        "machine": {
            "cpu": _cpu(),
            "cores": len(os.sched_getaffinity(0)),
            "kernel": platform.release(),
            "scratch": str(folder),
            "volumes_by": "Unix sockets" if volumes_have_sockets() else "TCP",
        },
        "runs": settings.runs,
        "seconds": settings.seconds,
        "rows": [
            {
                **dataclasses.asdict(result),
                "ratio": result.ratio,
                "holds": result.holds,
                "ours_median": statistics.median(result.ours),
                "baseline_median": statistics.median(result.baseline) if result.baseline else None,
            }
            for result in results
        ],
    }


def profiles(found):
    """Of each row, the columns that matter."""
    lines = []
    for name, shares in found.items():
        shown = (f"{column} {share:.0%}" for column, share in shares.items() if share >= 0.005)
        lines.append(f"{name:<38}  {', '.join(shown)}")
    return "\n".join(lines)


def resources(found):
    lines = [f"{name:<38}  {figure:.3g}" for name, figure in found["memory"].items()]
    for point in found["growth"]:
        lines.append(", ".join(f"{name} {figure:,.4g}" for name, figure in point.items()))
    return "\n".join(lines)


def _cpu():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as lines:
        for text in lines:
            if text.startswith("model name"):
                return text.split(":", 1)[1].strip()
    return platform.processor()
