"""Large files, up and down, by every client that cuts them into parts by itself.

With $MKV_COMPAT_LONG 200 MB and 2 GB, else one of the size that large_file.py has. The gateway has less
memory for parts than the larger file needs, so that they lie in memory and on volumes. What each
transfer took is printed, and the most memory that the gateway had.
"""

import os
import pathlib
import subprocess
import sys
import time
import unittest

import clients
import large_file
import test_javascript
from cluster import ACCESS_KEY, REGION, SECRET_KEY, Cluster

SIZES = (200_000_000, 2_000_000_000) if "MKV_COMPAT_LONG" in os.environ else (large_file.SIZE,)
PARTS_MIB = 1024 if "MKV_COMPAT_LONG" in os.environ else 32  # -multipart-memory
BESIDES_MIB = 128  # of the gateway's memory, beside the parts
HERE = pathlib.Path(__file__).resolve().parent
BUCKET = "large"


def need(program):
    found = clients.find_anywhere(program)
    if found is None:
        raise unittest.SkipTest(f"this machine has no {program}")
    return found


def need_of_generation(program):
    found = clients.path_of(program)
    if found is None:
        raise unittest.SkipTest(f"this machine has no {program} ({clients.generation()})")
    return found


def of_one_generation(test):
    return unittest.skipIf(clients.generation() == "newer", "tested once")(test)


def version(*command):
    ended = subprocess.run(command, capture_output=True, check=False)
    return (ended.stdout + ended.stderr).decode().splitlines()[0]


class AwsCli:
    def __init__(self, cluster):
        self._cluster = cluster
        self._aws = need_of_generation("aws")
        self.name = version(self._aws, "--version").split()[0] + " s3 cp"

    def _cp(self, one, other):
        clients.run([self._aws, "--endpoint-url", self._cluster.url, "s3", "cp", "--no-progress",
                     one, other], self._cluster.environment(), timeout=None)

    def up(self, path, key):
        self._cp(path, f"s3://{BUCKET}/{key}")

    def down(self, key, path):
        self._cp(f"s3://{BUCKET}/{key}", path)


class Boto3:
    def __init__(self, cluster):
        self._cluster = cluster
        self._python = need_of_generation("python3")
        has_it = subprocess.run([self._python, "-c", "import boto3"], capture_output=True, check=False)
        if has_it.returncode != 0:
            raise unittest.SkipTest(f"{self._python} has no boto3")
        told = version(self._python, "-c", "import boto3; print(boto3.__version__)")
        self.name = f"boto3/{told} upload_file"

    def _transfer(self, *arguments):
        clients.run([self._python, HERE / "large_boto3.py", self._cluster.url, BUCKET, *arguments],
                    self._cluster.environment(), timeout=None)

    def up(self, path, key):
        self._transfer("up", path, key)

    def down(self, key, path):
        self._transfer("down", key, path)


class Rclone:
    def __init__(self, cluster):
        self._cluster = cluster
        self._rclone = need("rclone")
        self.name = version(self._rclone, "version").replace(" ", "/") + " copy"

    def _copyto(self, one, other):
        environment = self._cluster.environment(
            RCLONE_CONFIG_MKV_TYPE="s3",
            RCLONE_CONFIG_MKV_PROVIDER="Other",
            RCLONE_CONFIG_MKV_ACCESS_KEY_ID=ACCESS_KEY,
            RCLONE_CONFIG_MKV_SECRET_ACCESS_KEY=SECRET_KEY,
            RCLONE_CONFIG_MKV_ENDPOINT=self._cluster.url,
            RCLONE_CONFIG_MKV_REGION=REGION,
            RCLONE_S3_UPLOAD_CUTOFF="16M",
        )
        clients.run([self._rclone, "--config", "/dev/null", "copyto", one, other], environment,
                    timeout=None)

    def up(self, path, key):
        self._copyto(path, f"mkv:{BUCKET}/{key}")

    def down(self, key, path):
        self._copyto(f"mkv:{BUCKET}/{key}", path)


class S3cmd:
    def __init__(self, cluster):
        self._cluster = cluster
        self._s3cmd = need("s3cmd")
        self.name = version(self._s3cmd, "--version").replace(" version ", "/") + " put"

    def _run(self, *arguments):
        host = self._cluster.url.removeprefix("http://")
        clients.run([self._s3cmd, "--config", "/dev/null", "--no-ssl", "--host", host,
                     "--host-bucket", host, "--access_key", ACCESS_KEY, "--secret_key", SECRET_KEY,
                     "--region", REGION, "--no-progress", *arguments], self._cluster.environment(),
                    timeout=None)

    def up(self, path, key):
        self._run("put", path, f"s3://{BUCKET}/{key}")

    def down(self, key, path):
        self._run("get", "--force", f"s3://{BUCKET}/{key}", path)


class JavaScript:
    def __init__(self, cluster):
        self._cluster = cluster
        self._node = need("node")
        need("npm")
        if not test_javascript.install():
            raise unittest.SkipTest("npm could not install the SDK")
        self.name = f"lib-storage/{test_javascript.sdk_version()} Upload"

    def _transfer(self, *arguments):
        clients.run([self._node, "large.mjs", BUCKET, *arguments],
                    self._cluster.environment(MKV_URL=self._cluster.url), cwd=test_javascript.BUILD,
                    timeout=None)

    def up(self, path, key):
        self._transfer("up", path, key)

    def down(self, key, path):
        self._transfer("down", key, path)


def most_memory_mib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) >> 10
    raise RuntimeError("the kernel does not tell the most memory of a process")


def seconds(work):
    begin = time.monotonic()
    work()
    return time.monotonic() - begin


class LargeFiles(unittest.TestCase):
    def move(self, make_client):
        # A gateway of its own, for what it remembers is the most memory that it ever had.
        with Cluster("-multipart-memory", f"{PARTS_MIB}M", "-garbage-delay", "0s",
                     "-implicit-buckets", verbose=False) as cluster:
            client = make_client(cluster)
            for size in SIZES:
                with self.subTest(client=client.name, size=size):
                    self.move_one(cluster, client, size)

    def move_one(self, cluster, client, size):
        here = large_file.make(cluster.folder / f"here-{size}", size)
        there = cluster.folder / f"there-{size}"
        expected = large_file.sha256(here)
        key = f"file-{size}"
        up = seconds(lambda: client.up(here, key))
        here.unlink()  # both and three replicas are more than some machines have room for
        down = seconds(lambda: client.down(key, there))
        most = most_memory_mib(cluster.pid())
        print(f"{client.name}: {size // 1_000_000} MB up in {up:.1f} s, down in {down:.1f} s; "
              f"the gateway had {most} MiB at most", flush=True)
        self.assertEqual(large_file.sha256(there), expected)
        there.unlink()
        self.assertLess(most, PARTS_MIB + BESIDES_MIB)

    def test_by_awscli(self):
        self.move(AwsCli)

    def test_by_boto3(self):
        self.move(Boto3)

    @of_one_generation
    def test_by_rclone(self):
        self.move(Rclone)

    @of_one_generation
    def test_by_s3cmd(self):
        self.move(S3cmd)

    @of_one_generation
    def test_by_the_javascript_sdk(self):
        self.move(JavaScript)


if __name__ == "__main__":
    result = unittest.main(argv=sys.argv[:1], verbosity=2, exit=False).result
    if result.wasSuccessful() and len(result.skipped) == result.testsRun:
        clients.skip(result.skipped[0][1])
    sys.exit(0 if result.wasSuccessful() else 1)
