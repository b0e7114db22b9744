"""Where a row's CPU time goes: perf(1) over the whole machine while it runs, by process and library.

Shares of the time that the machine was busy with the row; the harness's own is left out.
"""

import signal
import subprocess
import time

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


def _cpu_time():
    """Of all cores: busy and idle, in ticks (proc_stat(5))."""
    with open("/proc/stat", encoding="ascii") as lines:
        times = [int(field) for field in lines.readline().split()[1:]]
    idle = times[3] + times[4]
    return sum(times[:8]) - idle, idle


def of(row, folder):
    """Runs `row` once more. The columns add up to 1 but for `idle`, which is a share of all time."""
    data = folder / "perf.data"
    record = ["perf", "record", "-q", "-a", "-e", "cpu-clock", "-F", str(_FREQUENCY), "-o", data]
    with subprocess.Popen(record, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as perf:
        time.sleep(0.5)  # it has begun by then
        busy_before, idle_before = _cpu_time()
        row.ours()
        busy_after, idle_after = _cpu_time()
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
    idle = idle_after - idle_before
    shares["idle"] = idle / (idle + busy_after - busy_before)
    return shares
