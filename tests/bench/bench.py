#!/usr/bin/env python3
"""The gateway beside nginx doing the least possible work. See `./mkv bench --help`."""

import argparse
import json
import os
import pathlib
import shutil
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "compat"))
os.environ.setdefault("MKV_BINARY", str(ROOT / "build" / "release" / "mkv"))

import cpu_profile  # noqa: E402
import load  # noqa: E402
import measure  # noqa: E402
import publish  # noqa: E402
import report  # noqa: E402
import resources  # noqa: E402
import rows_large  # noqa: E402
import rows_listing  # noqa: E402
import rows_maintenance  # noqa: E402
import rows_small  # noqa: E402
from cluster import Cluster  # noqa: E402

GROUPS = [
    *rows_small.GROUPS,
    *rows_large.GROUPS,
    *rows_listing.GROUPS,
    *rows_maintenance.GROUPS,
]


class Settings:
    """What the rows share: how long and how much to measure, and files that several of them use."""

    def __init__(self, quick, runs, seconds, folder):
        self.quick = quick
        self.runs = runs or (3 if quick else 5)
        self.attempts = 1 if quick else measure.ATTEMPTS
        self.seconds = seconds or (1 if quick else 4)
        self.repeats = 2 if quick else 5  # of what takes less than a second
        self.folder = folder

    def scaled(self, count):
        return count // 10 if self.quick else count

    def index(self, keys, folders):
        """An index of so many keys, made once."""
        folder = self.folder / f"index-{keys}-{folders}"
        if not folder.exists():
            load.tool("bench_index", "fill", folder, keys, folders)
        return folder


def scratch_folder():
    """In memory where there is room: waiting for a shared disk tells nothing about the program."""
    memory = pathlib.Path("/dev/shm")
    if "TMPDIR" in os.environ:
        return os.environ["TMPDIR"]
    if memory.is_dir() and shutil.disk_usage(memory).free > 16 << 30:
        return str(memory)
    return tempfile.gettempdir()


def main():
    parser = argparse.ArgumentParser(prog="./mkv bench", description=__doc__.split(".")[0] + ".")
    parser.add_argument("--quick", action="store_true", help="shorter runs, under three minutes")
    parser.add_argument("--runs", type=int, help="runs of each row and side (5; quick: 3)")
    parser.add_argument("--seconds", type=int, help="length of a run of wrk (4; quick: 1)")
    parser.add_argument("--tcp", action="store_true",
                        help="the gateway reaches the volumes by TCP, as if on other machines")
    parser.add_argument("--resources", action="store_true",
                        help="also memory, CPU per GB, start-up, and growth with the keys")
    parser.add_argument("--profile", action="store_true",
                        help="also where the CPU time of each row goes, by perf(1); needs root")
    parser.add_argument("--publish", metavar="NAME",
                        help="write NAME.json, NAME.md and plots to docs/performance/")
    parser.add_argument("rows", nargs="*", metavar="GROUP",
                        help="only these: " + ", ".join(group.__name__ for group in GROUPS))
    arguments = parser.parse_args()
    known = {group.__name__: group for group in GROUPS}
    for name in arguments.rows:
        if name not in known:
            parser.error(f"no group {name}")
    tempfile.tempdir = scratch_folder()
    results = []
    started = time.time()
    with tempfile.TemporaryDirectory(prefix="mkv-bench-") as folder:
        Cluster.sockets = not arguments.tcp
        settings = Settings(
            arguments.quick, arguments.runs, arguments.seconds, pathlib.Path(folder)
        )
        print(report.header(), flush=True)
        profiles = {}
        for group in [known[name] for name in arguments.rows] or GROUPS:
            for row in group(settings):
                result = measure.measure(row, settings.runs, settings.attempts)
                results.append(result)
                print(report.line(result), flush=True)
                if arguments.profile:
                    profiles[row.name] = cpu_profile.of(row, settings.folder)
        document = report.document(results, settings, started, tempfile.tempdir)
        if profiles:
            document["profiles"] = profiles
            print(report.profiles(profiles), flush=True)
        if arguments.resources:
            document["memory"] = resources.memory(settings)
            document["growth"] = resources.growth(settings)
            print(report.resources(document), flush=True)
    output = ROOT / "build" / "bench.json"
    output.write_text(json.dumps(document, indent=1) + "\n")
    print(f"{time.time() - started:.0f} s; figures in {output.relative_to(ROOT)}")
    if arguments.publish:
        publish.write(document, ROOT / "docs" / "performance", arguments.publish)


if __name__ == "__main__":
    main()
