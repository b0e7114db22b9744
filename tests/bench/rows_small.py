"""Requests that cost no bytes to speak of: what a request itself costs."""

import nginx
from cluster import Cluster
from fresh_memory import SMALL_FILES_MB_PER_SECOND
from load import blob_path, curl, rate, tool, wrk, write_lines
from measure import Row
from signing import Signer


def missing_key(settings):
    count = settings.scaled(1_000_000)
    index = settings.index(count, 0)
    with Cluster(signed=False, verbose=False, index=index) as cluster:
        nothing = nginx.not_found(cluster)
        paths = write_lines(cluster.folder / "paths", (f"/absent-{i}" for i in range(10_000)))
        load = lambda url: rate(wrk(url, paths, 100, settings.seconds, refused=1))
        yield Row(
            "missing key",
            f"wrk -t2 -c100, 10,000 names in turn, {count:,} keys in the index",
            "nginx return 404",
            "/s",
            lambda: load(cluster.url),
            lambda: load(nothing),
            0.9,
        )


def redirect(settings):
    hot, cold = 1_000, settings.scaled(100_000)
    with Cluster(signed=False, verbose=False, volumes=1, replicas=1, volume_workers="auto") as cluster:
        nothing = nginx.not_found(cluster)
        for name, count in (("hot", hot), ("cold", cold)):
            tool("bench_clients", "put", cluster.url[7:], 16, count, 16, name)
        files = {
            "hot": write_lines(cluster.folder / "hot", (f"/hot-{i}" for i in range(hot))),
            # At random, which with a prime step in no file's order is as good.
            "cold": write_lines(
                cluster.folder / "cold", (f"/cold-{i * 7919 % cold}" for i in range(cold))
            ),
        }
        for name, text, target in (
            ("hot", f"{hot:,} keys in turn", 0.7),
            ("cold", f"{cold:,} keys at random", 0.3),
        ):
            yield Row(
                f"redirect, {name}",
                f"wrk -t2 -c100, GET, {text}, 1 replica",
                "nginx return 404",
                "/s",
                lambda: rate(wrk(cluster.url, files[name], 100, settings.seconds)),
                lambda: rate(wrk(nothing, files[name], 100, settings.seconds, refused=1)),
                target,
            )


class _NewKeys:
    """Names that no run used before, enough of them for one run."""

    def __init__(self, settings, cluster):
        self._seconds = settings.seconds
        self._cluster = cluster
        self._runs = 0

    def paths(self, line, rate=10_000):
        """A file of `line(key)` for each key; `rate`: more than are used up in a second."""
        self._runs += 1
        keys = (f"/bench/{self._runs}-{i}" for i in range(rate * self._seconds))
        return write_lines(self._cluster.folder / "paths", (line(key) for key in keys))


def _straight(settings, cluster, keys, size):
    """A third of the rate of PUTs straight to a volume."""
    volume = cluster.volumes[0]
    paths = keys.paths(lambda key: blob_path(key, volume, 10), rate=30_000)
    result = wrk(f"http://{volume}", paths, 16, settings.seconds, "PUT", size)
    return rate(result) / 3


def native_put(settings):
    with Cluster(signed=False, verbose=False, volume_workers="auto") as cluster:
        keys = _NewKeys(settings, cluster)

        def put(size):
            return rate(wrk(cluster.url, keys.paths(str), 16, settings.seconds, "PUT", size))

        for size, text in ((16, "16 B"), (4096, "4 KB")):
            yield Row(
                f"PUT {text}, 3 replicas",
                f"wrk -t2 -c16, native PUT of new keys, {text}",
                "a third of nginx's PUTs, one volume",
                "/s",
                lambda: put(size),
                lambda: _straight(settings, cluster, keys, size),
                0.8,
                SMALL_FILES_MB_PER_SECOND * settings.seconds,
            )


def s3_put(settings):
    size = 4096
    with Cluster(verbose=False, volume_workers="auto") as cluster:
        keys = _NewKeys(settings, cluster)
        make_bucket(cluster)

        def put(headers):
            signer = Signer(cluster.url)
            paths = keys.paths(lambda key: signer.presign("PUT", key, headers))
            lines = [f"{name}: {value}" for name, value in headers.items()]
            return rate(wrk(cluster.url, paths, 16, settings.seconds, "PUT", size, lines))

        for name, headers, target in (
            ("S3 PUT 4 KB, 3 replicas", {}, 0.7),
            ("the same with metadata", {"x-amz-meta-origin": "bench"}, 0.4),
        ):
            yield Row(
                name,
                "wrk -t2 -c16, presigned PUT of new keys"
                + (", x-amz-meta-origin: bench" if headers else ""),
                "a third of nginx's PUTs, one volume",
                "/s",
                lambda: put(headers),
                lambda: _straight(settings, cluster, keys, size),
                target,
                SMALL_FILES_MB_PER_SECOND * settings.seconds,
            )


def cycles(settings):
    with Cluster(signed=False, verbose=False, volume_workers="auto") as cluster:
        runs = iter(range(1_000_000))

        def cycle(mode, servers):
            result = tool(
                "bench_clients", mode, servers, 16, settings.seconds, 16, f"cycle{next(runs)}"
            )
            return result["done"] / result["seconds"]

        yield Row(
            "write, read, delete",
            "16 clients, native PUT 16 B, GET through the redirect, DELETE",
            "PUT to 3 volumes, GET, DELETE on 3",
            "/s",
            lambda: cycle("cycle-gateway", cluster.url[7:]),
            lambda: cycle("cycle-volumes", ",".join(cluster.volumes)),
            0.6,
            SMALL_FILES_MB_PER_SECOND * settings.seconds // 4,  # the folders stay
        )


def make_bucket(cluster):
    signer = Signer(cluster.url)
    headers = [word for line in signer.headers("PUT", "/bench") for word in ("-H", line)]
    curl("-X", "PUT", *headers, "-o", "/dev/null", f"{cluster.url}/bench")


GROUPS = [missing_key, redirect, native_put, s3_put, cycles]
