"""What the gateway costs in memory, time and disk, and how that grows with the number of keys."""

import os
import pathlib
import resource
import socket
import threading
import time
import urllib.parse

from cluster import Cluster
from load import rate, together, upload, wrk, write_lines
from rows_large import MB, make_file

TICKS = os.sysconf("SC_CLK_TCK")


def _status(pid, field):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no {field}")


def resident_mb(pid):
    return _status(pid, "VmRSS")


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class _Peak:
    """The most resident memory while the block runs."""

    def __init__(self, pid):
        self._pid = pid
        self._ended = threading.Event()
        self.mb = 0

    def __enter__(self):
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def _watch(self):
        while not self._ended.wait(0.02):
            self.mb = max(self.mb, resident_mb(self._pid))

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()


def _idle(url, count):
    place = urllib.parse.urlsplit(url)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return [socket.create_connection((place.hostname, place.port)) for _ in range(count)]


def _hundred(words_of):
    """A hundred transfers at once, by one curl."""
    words = ["-Z", "--parallel-immediate", "--parallel-max", "100"]
    for i in range(100):
        words += words_of(i)
    return together([["curl", "-sS", "--fail", "--no-progress-meter", "--noproxy", "*", *words]])


def memory(settings):
    """MB resident, and CPU seconds for each GB that passes."""
    found = {}
    file = make_file(settings.folder, 64 * MB)
    with Cluster(signed=False, verbose=False, replicas=1, volumes=1, volume_workers="auto") as cluster:
        pid = cluster.pid()
        found["at rest"] = resident_mb(pid)
        connections = _idle(cluster.url, 10_000)
        time.sleep(1)
        found["10,000 idle connections"] = resident_mb(pid)
        for connection in connections:
            connection.close()

        before = cpu_seconds(pid)
        with _Peak(pid) as peak:
            _hundred(lambda i: ["-T", file, "-o", "/dev/null", f"{cluster.url}/bench/{i}"])
        found["100 PUTs of 64 MB at once"] = peak.mb
        gigabytes = 100 * 64 / 1024
        found["CPU s per GB, PUT, 1 replica"] = (cpu_seconds(pid) - before) / gigabytes
        before = cpu_seconds(pid)
        with _Peak(pid) as peak:
            # Without access keys, x-id is what makes a request S3's.
            _hundred(lambda i: ["-o", "/dev/null", f"{cluster.url}/bench/{i}?x-id=GetObject"])
        found["100 S3 GETs of 64 MB at once"] = peak.mb
        found["CPU s per GB, S3 GET"] = (cpu_seconds(pid) - before) / gigabytes
    with Cluster(signed=False, verbose=False, volume_workers="auto") as cluster:
        before = cpu_seconds(cluster.pid())
        for i in range(16):
            together([upload(file, f"{cluster.url}/bench/{i}")])
        found["CPU s per GB, PUT, 3 replicas"] = cpu_seconds(cluster.pid()) - before
    return found


def growth(settings):
    """For each number of keys: start-up, index size, and what requests cost."""
    found = []
    counts = [10_000, 100_000, 1_000_000] + ([] if settings.quick else [10_000_000])
    for keys in counts:
        index = settings.index(keys, 1_000)
        size = sum(file.stat().st_size for file in index.iterdir())
        with Cluster(signed=False, verbose=False, index=index, volumes=1, replicas=1) as cluster:
            point = {"keys": keys, "index_bytes_per_key": size / keys}
            cluster.stop("gateway")
            started = time.perf_counter()
            cluster.url = cluster.start_gateway()
            point["start_seconds"] = time.perf_counter() - started
            loads = {
                "missing": (["/absent"], 1, {"refused": 1}),
                "page": (
                    [
                        f"/bench?list-type=2&start-after=folder-{i:04d}%2F"
                        for i in range(0, 1_000, 7)
                    ],
                    1,
                    {},
                ),
                "folders": (["/bench?list-type=2&delimiter=%2F"], 1, {}),
            }
            for name, (lines, connections, more) in loads.items():
                paths = write_lines(cluster.folder / name, lines)
                result = wrk(cluster.url, paths, connections, settings.seconds, threads=1, **more)
                point[f"{name}_us"] = 1e6 / rate(result)
            paths = write_lines(
                cluster.folder / "new",
                (f"/new/{keys}-{i}" for i in range(30_000 * settings.seconds)),
            )
            result = wrk(cluster.url, paths, 1, settings.seconds, "PUT", 16, threads=1)
            point["put_us"] = 1e6 / rate(result)
            point["resident_mb"] = resident_mb(cluster.pid())
        found.append(point)
    return found
