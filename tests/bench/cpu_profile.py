"""Where a row's CPU time goes: perf(1) over the whole machine while it runs, by process and library.

Shares of the time that the machine was busy with the row; the harness's own is left out.
"""

import signal
import subprocess
import time

import fresh_memory
from cpu_time import CpuTime
from load import run

_FREQUENCY = 499  # Hz on each core; no multiple of a timer's
_HARNESS = ("python3", "perf")
_IDLE = "swapper"
_VOLUMES = "nginx"
_GATEWAY = "mkv"
_CLIENTS = ("wrk", "curl", "bench_clients")

# By the beginning of the file's name; else "other libraries".
_LIBRARIES = {
    "[kernel": "kernel",
    "mkv": "own code",
    "libc.": "C library",
    "libstdc++": "C library",
    "libcrypto": "OpenSSL",
    "libssl": "OpenSSL",
    "libleveldb": "LevelDB",
    "libsnappy": "LevelDB",
    "libcurl": "libcurl",
    "libprotobuf": "protobuf",
}
COLUMNS = (
    "volumes",
    "client",
    *dict.fromkeys(_LIBRARIES.values()),
    "other libraries",
    "rest of the system",
    "idle",
)


def _column(command, library):
    if command == _VOLUMES:
        return "volumes"
    if command in _CLIENTS:
        return "client"
    if command != _GATEWAY:
        return "rest of the system"
    for beginning, name in _LIBRARIES.items():
        if library.startswith(beginning):
            return name
    return "other libraries"


def of(row, folder):
    """Runs `row` once more. The columns add up to 1 but for `idle`, which is a share of all time."""
    data = folder / "perf.data"
    record = ["perf", "record", "-q", "-a", "-e", "cpu-clock", "-F", str(_FREQUENCY), "-o", data]
    with subprocess.Popen(record, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as perf:
        time.sleep(0.5)  # it has begun by then
        fresh_memory.touch(row.fresh_mb)
        time_of_row = CpuTime()
        row.ours()
        idle = time_of_row.idle_share()
        perf.send_signal(signal.SIGINT)
        _, errors = perf.communicate()
    if not data.exists():
        raise RuntimeError(f"perf can not be used here (kernel.perf_event_paranoid?): {errors}")
    report = run(["perf", "report", "-i", data, "--stdio", "-q", "-t", ";", "-g", "none",
                  "-F", "sample,comm,dso"])
    samples = dict.fromkeys(COLUMNS, 0)
    for line in report.splitlines():
        if line.count(";") != 2:
            continue
        count, command, library = (field.strip() for field in line.split(";"))
        if command != _IDLE and command not in _HARNESS:
            samples[_column(command, library)] += int(count)
    shares = {name: count / sum(samples.values()) for name, count in samples.items()}
    shares["idle"] = idle
    return shares
