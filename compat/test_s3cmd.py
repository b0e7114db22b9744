"""s3cmd: its own client code, older than every SDK."""

import unittest

import clients
import large_file
from cluster import ACCESS_KEY, SECRET_KEY, Cluster

S3CMD = clients.find("s3cmd")
CLUSTER = Cluster()


def s3cmd(*arguments, stdin=None):
    host = CLUSTER.url.removeprefix("http://")
    command = [
        S3CMD, "--config", "/dev/null", "--no-ssl", "--host", host, "--host-bucket", host,
        "--access_key", ACCESS_KEY, "--secret_key", SECRET_KEY, "--region", "us-east-1",
        "--no-progress", *arguments,
    ]
    return clients.run(command, CLUSTER.environment(), stdin=stdin).decode()


class S3cmd(unittest.TestCase):
    def test_makes_fills_syncs_and_removes_a_bucket(self):
        s3cmd("mb", "s3://s3cmd")
        self.assertIn("s3://s3cmd\n", s3cmd("ls"))
        folder = CLUSTER.folder / "folder"
        for name in ("one", "sub/two ü+%", "sub/empty"):
            clients.write(folder / name, b"" if name == "sub/empty" else name.encode())

        self.assertIn("upload:", s3cmd("sync", f"{folder}/", "s3://s3cmd/t/"))
        self.assertNotIn("upload:", s3cmd("sync", f"{folder}/", "s3://s3cmd/t/"))
        back = CLUSTER.folder / "back"
        back.mkdir()
        s3cmd("sync", "s3://s3cmd/t/", f"{back}/")
        self.assertEqual(clients.differences(folder, back), "")

        s3cmd("put", "--add-header", "Cache-Control: max-age=5", "--mime-type", "text/x-test",
              folder / "one", "s3://s3cmd/put")
        told = s3cmd("info", "s3://s3cmd/put")
        self.assertIn("text/x-test", told)
        self.assertIn("f97c5d29941bfb1b2fdab0874906ab82", told)  # md5("one")
        self.assertEqual(s3cmd("get", "--quiet", "s3://s3cmd/put", "-"), "one")
        s3cmd("cp", "s3://s3cmd/put", "s3://s3cmd/copied")
        s3cmd("mv", "s3://s3cmd/copied", "s3://s3cmd/moved")
        s3cmd("modify", "--add-header", "x-amz-meta-new: 1", "s3://s3cmd/moved")
        self.assertIn("x-amz-meta-new", s3cmd("info", "s3://s3cmd/moved"))
        s3cmd("cp", "s3://s3cmd/moved", "s3://s3cmd/a b+c")
        s3cmd("cp", "s3://s3cmd/a b+c", "s3://s3cmd/a+b c")
        self.assertEqual(s3cmd("get", "--quiet", "s3://s3cmd/a+b c", "-"), "one")
        self.assertIn("s3://s3cmd/moved", s3cmd("la"))
        self.assertRegex(s3cmd("du", "s3://s3cmd/t/"), r"^ *15 +3 objects ")

        with self.assertRaisesRegex(clients.Failed, "NoSuchKey|Not Found|not exist"):
            s3cmd("get", "s3://s3cmd/absent", CLUSTER.folder / "absent")
        s3cmd("del", "--recursive", "--force", "s3://s3cmd")
        s3cmd("rb", "s3://s3cmd")
        self.assertNotIn("s3://s3cmd", s3cmd("ls"))

    def test_large_files_go_up_and_down_in_parts(self):
        s3cmd("mb", "s3://large")
        here, there = large_file.make(CLUSTER.folder / "large"), CLUSTER.folder / "large-again"
        s3cmd("put", here, "s3://large/file")  # 15 MB a part
        self.assertIn("s3://large/file", s3cmd("ls", "s3://large"))
        s3cmd("get", "s3://large/file", there)
        self.assertEqual(large_file.sha256(there), large_file.sha256(here))
        s3cmd("put", "--multipart-chunk-size-mb", "5", "-", "s3://large/piped",
              stdin=here.read_bytes()[:12_000_000])
        self.assertRegex(s3cmd("ls", "s3://large/piped"), " 12000000 ")
        s3cmd("rb", "--recursive", "--force", "s3://large")


if __name__ == "__main__":
    clients.main(CLUSTER)
