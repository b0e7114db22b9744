"""Three volumes and a gateway with an admin's key in a temporary folder, for one test file.

The program is $MKV_BINARY. Ports are chosen by the kernel, everything listens on the loopback
interface, and all processes are stopped and the folder removed when the `with` block ends, by
whatever way; they end with this process even when it is killed.
"""

import ctypes
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
ACCESS_KEY = "COMPATACCESSKEY"
SECRET_KEY = "compat/secret+key"  # characters that a client has to escape somewhere
REGION = "us-east-1"

_PATIENCE = 60  # seconds, for a process to start or end on a busy machine
_ATTEMPTS = 5  # a port that was free may be taken before it is bound
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def _free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def _end_with_parent():
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _volume_answers(url):
    try:
        with urllib.request.urlopen(url, timeout=1):
            return True
    except urllib.error.HTTPError as error:
        return error.headers.get("Server", "").startswith("nginx")
    except OSError:
        return False


def _gateway_answers(url):
    try:
        with urllib.request.urlopen(url + "/.mkv/health", timeout=1) as answer:
            return answer.status == 200
    except OSError:
        return False


class Cluster:
    """`with Cluster() as cluster:` serves at `cluster.url`; `cluster.folder` is the tests' own."""

    def __init__(self, *options):
        self._options = options
        self._processes = []
        self._folder = None

    def __enter__(self):
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="mkv-compat-"))
        self.folder = self._folder / "client"
        self.folder.mkdir()
        try:
            volumes = [self._start_volume(i) for i in range(3)]
            self.url = self._start_gateway(volumes)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        # The gateway first: what it has under way still needs the volumes.
        for process in reversed(self._processes):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def environment(self, **more):
        """For a client: the keys, no configuration of this machine's, no proxy."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
        return {
            **kept,
            "LC_ALL": "C.UTF-8",
            "HOME": str(self.folder),
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            **more,
        }

    def log(self):
        return (self._folder / "gateway.log").read_text(errors="replace")

    def times_logged(self, text, expected):
        """How often `text` is in the log, once it is there as often as expected or time is up: a
        request's line is written after its answer, so a client can be here before it."""
        deadline = time.monotonic() + 10
        while (times := self.log().count(text)) < expected and time.monotonic() < deadline:
            time.sleep(0.02)
        return times

    def _start_volume(self, number):
        def start(port):
            return self._start(
                f"volume{number}",
                [ROOT / "volume" / "volume", self._folder / f"volume{number}"],
                {"PORT": str(port), "LISTEN": "127.0.0.1", "SUBVOLUMES": "10", "WORKERS": "1"},
                lambda: _volume_answers(f"http://127.0.0.1:{port}/"),
            )

        return f"localhost:{self._on_free_port(start)}"

    def _start_gateway(self, volumes):
        def start(port):
            return self._start(
                "gateway",
                [
                    *(os.environ["MKV_BINARY"], "-address", "127.0.0.1", "-port", str(port)),
                    *("-volumes", ",".join(volumes), "-db", self._folder / "index"),
                    *("-replicas", "3", "-subvolumes", "10", "-v", *self._options, "server"),
                ],
                {"MKV_ACCESS_KEY": ACCESS_KEY, "MKV_SECRET_KEY": SECRET_KEY},
                lambda: _gateway_answers(f"http://127.0.0.1:{port}"),
            )

        return f"http://localhost:{self._on_free_port(start)}"

    def _on_free_port(self, start):
        for _ in range(_ATTEMPTS):
            port = _free_port()
            if start(port):
                return port
        raise RuntimeError("no process came up on any free port")

    def _start(self, name, command, environment, is_up):
        log = self._folder / f"{name}.log"
        with open(log, "ab") as output:
            process = subprocess.Popen(
                command,
                env={"PATH": os.environ["PATH"], **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                preexec_fn=_end_with_parent,
            )
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            if process.poll() is not None:
                print(f"{name} ended: {log.read_text(errors='replace')[-1000:]}")
                return False
            if is_up() and process.poll() is None:
                self._processes.append(process)
                return True
            time.sleep(0.02)
        process.kill()
        process.wait()
        raise RuntimeError(f"{name} is not up: {log.read_text(errors='replace')[-1000:]}")
