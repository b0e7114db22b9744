"""Volumes and a gateway in a temporary folder, for one test file or one row of the benchmark.

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
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
ACCESS_KEY = "COMPATACCESSKEY"
SECRET_KEY = "compat/secret+key"  # characters that a client has to escape somewhere
REGION = "us-east-1"

_PATIENCE = 60  # seconds, for a process to start or end on a busy machine
_LONGEST_SOCKET = 107  # bytes of its path: unix(7)
_ATTEMPTS = 5  # a port that was free may be taken before it is bound
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def _free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def _end_with_parent():
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def accepts(url):
    """Whether anybody listens there."""
    place = urllib.parse.urlsplit(url)
    try:
        with socket.create_connection((place.hostname, place.port), timeout=1):
            return True
    except OSError:
        return False


def volume_answers(url):
    try:
        with urllib.request.urlopen(url, timeout=1):
            return True
    except urllib.error.HTTPError as error:
        return error.headers.get("Server", "").startswith("nginx")
    except OSError:
        return False


def _make_certificate(folder):
    """An authority of its own in `authority.pem`; `server.pem` and `server.key` signed by it."""
    config = folder / "openssl.cnf"
    config.write_text("[req]\ndistinguished_name = name\n[name]\n")

    def openssl(name, subject, *options):
        subprocess.run(
            ["openssl", "req", "-x509", "-config", config, "-nodes", "-days", "2",
             "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", f"/CN={subject}",
             "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem", *options],
            check=True, capture_output=True)

    openssl("authority", "compat authority", "-addext", "basicConstraints=critical,CA:TRUE",
            "-addext", "keyUsage=keyCertSign,cRLSign")
    openssl("server", "compat server", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
            "-CA", folder / "authority.pem", "-CAkey", folder / "authority.key")


def _gateway_answers(url, context=None):
    try:
        with urllib.request.urlopen(url + "/.mkv/health", timeout=1, context=context) as answer:
            return answer.status == 200
    except OSError:
        return False


def _socket(folder, port):
    return folder / "sockets" / f"localhost:{port}.sock"


def volumes_have_sockets(folder=None):
    """Of a cluster in `folder`, or in one that is still to be made."""
    folder = folder or pathlib.Path(tempfile.gettempdir()) / "mkv-cluster-12345678"
    return Cluster.sockets and len(str(_socket(folder, 65535))) <= _LONGEST_SOCKET


class Cluster:
    """`with Cluster() as cluster:` serves at `cluster.url`; `cluster.folder` is the tests' own.

    `options` are the gateway's. With `signed` it has one admin, whose keys are above; without, it
    is open to all; `verbose` logs every request. `cluster.volumes` are the volumes' names. With
    `tls` the gateway serves over TLS, and `cluster.authority` is the file of whom to trust.
    """

    # It reaches the volumes by Unix sockets, as `./mkv up` does, where the path allows it.
    sockets = True

    def __init__(self, *options, volumes=3, replicas=3, subvolumes=10, volume_workers="1",
                 signed=True, verbose=True, index=None, tls=False):
        self._options = ["-v", *options] if verbose else list(options)
        self._volume_count = volumes
        self._replicas = replicas
        self._subvolumes = subvolumes
        self._volume_workers = volume_workers
        self._signed = signed
        self._index = index
        self._tls = tls
        self._processes = {}
        self._folder = None

    def __enter__(self):
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="mkv-cluster-"))
        self.folder = self._folder / "client"
        self.folder.mkdir()
        (self._folder / "sockets").mkdir()
        self._sockets = volumes_have_sockets(self._folder)
        self.index = pathlib.Path(self._index or self._folder / "index")
        try:
            if self._tls:
                _make_certificate(self._folder)
                self.authority = self._folder / "authority.pem"
            self.volumes = [self._start_volume(i) for i in range(self._volume_count)]
            self.url = self.start_gateway()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        # The gateway first: what it has under way still needs the volumes.
        for name in reversed(list(self._processes)):
            self.stop(name)
        shutil.rmtree(self._folder, ignore_errors=True)

    def stop(self, name):
        process = self._processes.pop(name)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def pid(self, name="gateway"):
        return self._processes[name].pid

    def volume_folder(self, number):
        return self._folder / f"volume{number}"

    def command(self, *more):
        """The program with this cluster's volumes and index."""
        return [
            *(os.environ["MKV_BINARY"], "-volumes", ",".join(self.volumes), "-db", self.index),
            *("-replicas", str(self._replicas), "-subvolumes", str(self._subvolumes)),
            *(("-volumes-sockets", self._folder / "sockets") if self._sockets else ()), *more,
        ]

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
        settings = {
            "LISTEN": "127.0.0.1",
            "SUBVOLUMES": str(self._subvolumes),
            "WORKERS": self._volume_workers,
        }
        port = self.start_on_free_port(
            f"volume{number}",
            lambda port: [ROOT / "volume" / "volume", self.volume_folder(number)],
            volume_answers,
            lambda port: {
                "PORT": str(port), "SOCKET": str(_socket(self._folder, port)) if self._sockets else "",
                **settings
            },
        )
        return f"localhost:{port}"

    def start_gateway(self):
        keys = {"MKV_ACCESS_KEY": ACCESS_KEY, "MKV_SECRET_KEY": SECRET_KEY} if self._signed else {}
        tls = ("-cert", self._folder / "server.pem", "-key", self._folder / "server.key")
        context = ssl.create_default_context(cafile=self.authority) if self._tls else None
        scheme = "https" if self._tls else "http"
        port = self.start_on_free_port(
            "gateway",
            lambda port: self.command(
                "-address", "127.0.0.1", "-port", str(port), *(tls if self._tls else ()),
                *self._options, "server"
            ),
            lambda url: _gateway_answers(scheme + url.removeprefix("http"), context),
            lambda port: keys,
        )
        return f"{scheme}://localhost:{port}"

    def start_on_free_port(self, name, command, answers, environment=lambda port: {}):
        """Starts `command(port)`, to be stopped with the rest; returns the port once
        `answers(url)`."""
        for _ in range(_ATTEMPTS):
            port = _free_port()
            url = f"http://127.0.0.1:{port}"
            if self._start(name, command(port), environment(port), lambda: answers(url)):
                return port
        raise RuntimeError(f"{name} came up on no free port")

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
                self._processes[name] = process
                return True
            time.sleep(0.02)
        process.kill()
        process.wait()
        raise RuntimeError(f"{name} is not up: {log.read_text(errors='replace')[-1000:]}")
