"""Commands that go through the whole store."""

import time

from cluster import Cluster
from fresh_memory import SMALL_FILES_MB_PER_SECOND
from load import blob_path, rate, run, tool, wrk, write_lines
from measure import Row

SIZE = 1024


def _timed(command):
    started = time.perf_counter()
    run(command)
    return time.perf_counter() - started


def rebuild(settings):
    keys = settings.scaled(100_000)
    with Cluster(signed=False, verbose=False, volumes=1, replicas=1, volume_workers="auto") as cluster:
        tool("bench_clients", "put", cluster.url[7:], 16, keys, SIZE, "small")
        cluster.stop("gateway")
        volume = cluster.volume_folder(0)
        folders = [f"/{path.relative_to(volume)}/" for path in volume.glob("sv*/*/*")]
        # What a rebuild has to ask for: each folder once, and those above them.
        above = {folder.rsplit("/", 2)[0] + "/" for folder in folders}
        listings = len(folders) + len(above) + 10
        paths = write_lines(cluster.folder / "folders", folders)

        def list_all():
            url = f"http://{cluster.volumes[0]}"
            return keys / (listings / rate(wrk(url, paths, 16, settings.seconds)))

        yield Row(
            "rebuild",
            f"mkv rebuild, {keys:,} values of 1 KB, 1 replica (keys)",
            "nginx listing all those folders, wrk -t2 -c16",
            "/s",
            lambda: keys / _timed(cluster.command("rebuild")),
            list_all,
            0.5,
        )


def rebalance(settings):
    keys = settings.scaled(100_000)
    delays = ("-garbage-delay", "0s", "-settle-delay", "0s")
    with Cluster(
        *delays, signed=False, verbose=False, volumes=2, replicas=1, volume_workers="auto"
    ) as cluster:
        first, second = cluster.volumes
        tool("bench_clients", "put", cluster.url[7:], 16, keys, SIZE, "small")
        cluster.stop("gateway")
        runs = iter(range(1_000_000))

        def to(volume):
            cluster.volumes = [volume]
            return _timed(cluster.command(*delays, "rebalance"))

        def move_all():
            return keys / to(second if next(runs) % 2 else first)

        def put():
            number = next(runs)
            next(runs)
            path = write_lines(
                cluster.folder / "paths",
                (
                    blob_path(f"/straight-{number}-{i}", second, 10)
                    for i in range(30_000 * settings.seconds)
                ),
            )
            return rate(wrk(f"http://{second}", path, 16, settings.seconds, "PUT", SIZE))

        to(second)
        yield Row(
            "rebalance",
            f"mkv rebalance, {keys:,} values of 1 KB from one volume to the other (keys)",
            "nginx's PUTs, wrk -t2 -c16",
            "/s",
            move_all,
            put,
            0.5,
            max(keys // 125, SMALL_FILES_MB_PER_SECOND * settings.seconds),  # 8 KB a file
        )


GROUPS = [rebuild, rebalance]
