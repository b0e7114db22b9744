"""What the gateway needs of the machine: an ordinary user, and one folder to write to."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest
import urllib.request

import clients
from cluster import ROOT, Cluster

_NOBODY = 65534
# Calls that change something, or may, by the flags that are looked at below.
_CALLS = ("open,openat,creat,mkdir,mkdirat,rmdir,unlink,unlinkat,rename,renameat,renameat2,link,"
          "linkat,symlink,symlinkat,truncate,chmod,fchmodat,chown,fchownat,mknod,mknodat,setxattr")


class Watched(Cluster):
    """Its gateway runs as nobody, and strace(1) watches it."""

    def __enter__(self):
        if shutil.which("strace") is None or os.getuid() != 0:
            # Of a process that forbids core files nobody but root can see what it names.
            clients.skip("strace, run by root, is needed")
        return super().__enter__()

    def command(self, *more):
        # For nobody to reach it, wherever the tree lies.
        binary = shutil.copy(os.environ["MKV_BINARY"], self._folder)
        os.chown(self._folder, _NOBODY, _NOBODY)
        self._folder.chmod(0o700)
        as_nobody = ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"]
        self.trace = self._folder / "trace"
        # -D: the process that is started, and told to stop, is the gateway.
        return ["strace", "-D", "-f", "-qq", "-o", self.trace, "-e", f"trace={_CALLS}", *as_nobody,
                binary, *super().command(*more)[1:]]


CLUSTER = Watched(signed=False)


class Confinement(unittest.TestCase):
    def test_an_ordinary_user_runs_it_and_it_writes_to_its_index_alone(self):
        def ask(method, key, body=None):
            request = urllib.request.Request(CLUSTER.url + key, data=body, method=method)
            with urllib.request.urlopen(request) as answer:
                return answer.read()

        for number in range(20):
            ask("PUT", f"/bucket/key{number}", b"value" * 1000 * (1 + 200 * (number % 2)))
        self.assertEqual(ask("GET", "/bucket/key0"), b"value" * 1000)
        self.assertIn(b"/bucket/key7", ask("GET", "/?list"))
        ask("DELETE", "/bucket/key1")
        for pid in self.gateway_processes():
            status = pathlib.Path(f"/proc/{pid}/status").read_text()
            self.assertNotRegex(status, r"(?m)^Uid:.*\b0\b")
            self.assertRegex(status, r"(?m)^CapEff:\s+0+$")

        written = set()
        for line in CLUSTER.trace.read_text(errors="replace").splitlines():
            call = re.match(r"\d+\s+(\w+)\((.*)", line)
            if not call or " = -1 " in line:
                continue
            if call[1] in ("open", "openat") and not re.search("O_(WRONLY|RDWR|CREAT)", line):
                continue
            written.update(re.findall(r'"((?:[^"\\]|\\.)*)"', call[2]))
        if "thread" in os.environ.get("MKV_SANITIZE", ""):  # a file of the sanitizer's own
            written = {path for path in written if not path.startswith("/tmp/tsan.rodata.")}
        index = str(CLUSTER.index)
        self.assertTrue(any(path.startswith(index) for path in written), written)
        self.assertEqual({path for path in written if not path.startswith(index)} - {"/dev/null"},
                         set())

    @staticmethod
    def gateway_processes():
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                command = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if command[0].endswith(b"/mkv") and str(CLUSTER.index).encode() in command:
                yield entry.name

    def test_its_unit_files_are_right_and_leave_it_little(self):
        if shutil.which("systemd-analyze") is None:
            self.skipTest("this machine has no systemd-analyze")
        with tempfile.TemporaryDirectory() as folder:
            for unit in (ROOT / "docs" / "systemd").glob("*.service"):
                # The programs of this tree instead of those installed, and a user that there is.
                text = unit.read_text().replace("/opt/mkv/build/release/mkv",
                                                os.environ["MKV_BINARY"])
                text = text.replace("/opt/mkv/", f"{ROOT}/").replace("=mkv\n", "=daemon\n", 1)
                text = text.replace("Group=mkv\n", "Group=daemon\n")
                copy = pathlib.Path(folder) / unit.name
                copy.write_text(text)
                for check in (["verify", "--man=no"],
                              ["security", "--offline=yes", "--threshold=20", "--no-pager"]):
                    ended = subprocess.run(["systemd-analyze", *check, copy], text=True,
                                           capture_output=True, check=False)
                    self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)
                    if check[0] == "verify":
                        self.assertEqual(ended.stderr, "")


if __name__ == "__main__":
    clients.main(CLUSTER)
