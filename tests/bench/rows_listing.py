"""Listings of a large bucket."""

import shutil

from cluster import Cluster
from load import tool, wrk, write_lines
from measure import Row
from signing import Signer

PAGE = 1_000


def pages(settings):
    keys = settings.scaled(1_000_000)
    index = settings.index(keys, 0)
    copy = settings.folder / "listed-index"
    shutil.copytree(index, copy, dirs_exist_ok=True)
    with Cluster(signed=False, verbose=False, index=index) as cluster:
        paths = write_lines(
            cluster.folder / "pages",
            (
                f"/bench?list-type=2&start-after=object-{first - 1:09d}"
                if first
                else "/bench?list-type=2"
                for first in range(0, keys, PAGE)
            ),
        )

        def list_pages():
            result = wrk(cluster.url, paths, 1, settings.seconds, threads=1)
            return result["requests"] * PAGE / result["microseconds"] * 1e6

        def iterate():
            result = tool("bench_index", "list", copy)
            return result["keys"] / result["seconds"]

        yield Row(
            "ListObjectsV2, pages of 1,000",
            f"wrk -t1 -c1, the pages of {keys:,} keys in order (keys)",
            "one thread: iterate, decode, build the XML",
            "/s",
            list_pages,
            iterate,
            0.7,
        )


def folders(settings):
    keys = settings.scaled(1_000_000)
    with Cluster(signed=False, verbose=False, index=settings.index(keys, 1_000)) as cluster:
        paths = write_lines(cluster.folder / "folders", ["/bench?list-type=2&delimiter=%2F"])
        yield Row(
            "ListObjectsV2, 1,000 folders",
            f"wrk -t1 -c1, delimiter=/, {keys:,} keys in 1,000 folders (median)",
            "",
            "ms",
            lambda: wrk(cluster.url, paths, 1, settings.seconds, threads=1)["median_us"] / 1000,
            None,
            15,
        )


GROUPS = [pages, folders]
