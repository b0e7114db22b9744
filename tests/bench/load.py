"""The clients: wrk for small requests, curl for large values, and the tools built beside this."""

import hashlib
import base64
import json
import os
import pathlib
import re
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ["MKV_BINARY"]).resolve().parent
THREADS = 2


def run(command, **more):
    result = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=False, **more
    )
    if result.returncode != 0:
        raise RuntimeError(f"{command[0]}: exit {result.returncode}\n{result.stdout[-2000:]}"
                           f"{result.stderr[-2000:]}")
    return result.stdout


def tool(name, *arguments):
    """One of ours, which prints JSON."""
    return json.loads(run([BUILD / name, *arguments]))


class Refused(RuntimeError):
    """Requests were answered otherwise than the row expects: it would measure something else."""


def wrk(url, paths, connections, seconds, method="GET", body=0, headers=(), refused=0,
        threads=THREADS):
    """The requests of the file `paths`; every one is (refused=1) or none is (0) answered 4xx or
    5xx."""
    output = run(
        ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s",
         "--latency", "-s", HERE / "wrk" / "requests.lua", url, "--", threads, paths, method, body,
         *headers]
    )
    result = json.loads(re.search(r"RESULT (.*)", output).group(1))
    if result["broken"] or result["refused"] != (result["requests"] if refused else 0):
        raise Refused(output)
    return result


def rate(result):
    return result["requests"] / result["microseconds"] * 1e6


def curl(*arguments):
    """Seconds of one curl, or of the requests of one, without the start of the process."""
    output = run(["curl", "-sS", "--fail", "--noproxy", "*", "-w", "%{time_total}\\n", *arguments])
    return sum(float(line) for line in output.split())


def together(commands):
    """Wall-clock seconds until all of these have ended well."""
    started = time.perf_counter()
    processes = [
        subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL)
        for command in commands
    ]
    statuses = [process.wait() for process in processes]
    seconds = time.perf_counter() - started
    if any(statuses):
        raise Refused(f"exit statuses {statuses} of {commands[0]} ...")
    return seconds


def upload(file, url):
    return ["curl", "-sS", "--fail", "--noproxy", "*", "-o", "/dev/null", "-T", file, url]


def blob_path(key, volume="", subvolumes=1):
    """Where the gateway puts a key, below the volume (docs/format.md)."""
    digest = hashlib.md5(key.encode()).hexdigest()
    path = f"/{digest[:2]}/{digest[2:4]}/{base64.b64encode(key.encode()).decode()}"
    if subvolumes == 1:
        return path
    score = hashlib.md5((key + volume).encode()).digest()
    return f"/sv{int.from_bytes(score[12:], 'big') % subvolumes:02X}{path}"


def write_lines(file, lines):
    pathlib.Path(file).write_text("".join(f"{line}\n" for line in lines))
    return file
