"""s3fs: a bucket mounted as a folder. Skipped where there is no FUSE, or it may not be used."""

import clients

s3fs = clients.find("s3fs")

import os
import pathlib
import subprocess
import time
import unittest

from cluster import ACCESS_KEY, SECRET_KEY, Cluster

CLUSTER = Cluster()
_PATIENCE = 60  # seconds, for a mount to appear on a busy machine


def skip_without_fuse():
    try:
        os.close(os.open("/dev/fuse", os.O_RDWR))
    except OSError as error:
        clients.skip(f"FUSE can not be used here: {error}")


class Mount:
    """A bucket, mounted while the `with` block runs."""

    def __init__(self, bucket):
        self.bucket = bucket
        self.folder = CLUSTER.folder / "mounted"

    def __enter__(self):
        self.folder.mkdir(exist_ok=True)
        keys = clients.write(CLUSTER.folder / "s3fs-keys", f"{ACCESS_KEY}:{SECRET_KEY}\n".encode())
        keys.chmod(0o600)
        log = open(CLUSTER.folder / "s3fs.log", "ab")
        # In the foreground, so that it is ours to stop.
        self.process = subprocess.Popen(
            [s3fs, self.bucket, str(self.folder), "-f", "-o", f"url={CLUSTER.url}",
             "-o", "use_path_request_style", "-o", f"passwd_file={keys}", "-o", "sigv4",
             "-o", "stat_cache_expire=1"],
            env=CLUSTER.environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        deadline = time.monotonic() + _PATIENCE
        while not os.path.ismount(self.folder):
            said = (CLUSTER.folder / "s3fs.log").read_text(errors="replace")
            if self.process.poll() is not None:
                if "fuse: mount failed" in said or "Operation not permitted" in said:
                    raise unittest.SkipTest("this machine does not let FUSE mount")
                raise clients.Failed(f"s3fs ended: {said}")
            if time.monotonic() > deadline:
                self.process.kill()
                raise clients.Failed(f"s3fs does not mount: {said}")
            time.sleep(0.05)
        return self.folder

    def __exit__(self, *_):
        subprocess.run(["fusermount", "-u", str(self.folder)], check=False)
        try:
            self.process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Folder(unittest.TestCase):
    def test_takes_and_gives_files(self):
        clients.run(["curl", "-sf", "-X", "PUT", "--aws-sigv4", "aws:amz:us-east-1:s3", "--user",
                     f"{ACCESS_KEY}:{SECRET_KEY}", "-H", "x-amz-content-sha256: UNSIGNED-PAYLOAD",
                     f"{CLUSTER.url}/mounted"], CLUSTER.environment())
        content = {f"folder/file +{i} ü": os.urandom(1000 * i) for i in range(8)}
        with Mount("mounted") as folder:
            for name, data in content.items():
                clients.write(folder / name, data)
            (folder / "folder" / "file +1 ü").rename(folder / "renamed")
            (folder / "folder" / "file +2 ü").unlink()
            with open(folder / "folder" / "file +3 ü", "ab") as file:
                file.write(b"appended")
        content["renamed"] = content.pop("folder/file +1 ü")
        del content["folder/file +2 ü"]
        content["folder/file +3 ü"] += b"appended"
        with Mount("mounted") as folder:
            seen = {str(path.relative_to(folder)): path.read_bytes()
                    for path in pathlib.Path(folder).rglob("*") if path.is_file()}
            self.assertEqual(seen, content)


if __name__ == "__main__":
    skip_without_fuse()
    clients.main(CLUSTER)
