"""rclone: a tree of real files there and back, and its other commands."""

import json
import unittest

import clients
import large_file
import tree
from cluster import ACCESS_KEY, REGION, SECRET_KEY, Cluster

RCLONE = clients.find("rclone")
CLUSTER = Cluster()


def rclone(*arguments, stdin=None):
    environment = CLUSTER.environment(
        RCLONE_CONFIG_MKV_TYPE="s3",
        RCLONE_CONFIG_MKV_PROVIDER="Other",
        RCLONE_CONFIG_MKV_ACCESS_KEY_ID=ACCESS_KEY,
        RCLONE_CONFIG_MKV_SECRET_ACCESS_KEY=SECRET_KEY,
        RCLONE_CONFIG_MKV_ENDPOINT=CLUSTER.url,
        RCLONE_CONFIG_MKV_REGION=REGION,
        RCLONE_S3_UPLOAD_CUTOFF="16M",
        RCLONE_LOW_LEVEL_RETRIES="1",
        RCLONE_RETRIES="1",
    )
    command = [RCLONE, "--config", "/dev/null", *arguments]
    return clients.run(command, environment, stdin=stdin).decode()


def transfers(*arguments):
    """Runs a command that moves files; how many it moved and deleted."""
    log = CLUSTER.folder / "rclone.log"
    log.unlink(missing_ok=True)
    rclone(*arguments, "--use-json-log", "--log-file", log, "--stats", "1h", "--log-level", "INFO")
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    stats = [entry["stats"] for entry in entries if "stats" in entry][-1]
    return stats["transfers"], stats["deletes"]


class ATree(unittest.TestCase):
    def test_comes_back_as_it_went(self):
        here, back = CLUSTER.folder / "tree", CLUSTER.folder / "back"
        count = tree.make(here)
        there = "mkv:tree/some folder"
        many = ("--transfers", "8", "--checkers", "16")
        self.assertEqual(transfers("sync", here, there, *many), (count, 0))

        with self.subTest("a second sync moves nothing"):
            self.assertEqual(transfers("sync", here, there, *many), (0, 0))
            self.assertEqual(transfers("sync", "--checksum", here, there, *many), (0, 0))
        with self.subTest("every file is there with its MD5"):
            rclone("check", here, there, *many)
        with self.subTest("what changed is moved, what is gone is deleted"):
            clients.write(here / "odd/binary", b"another length")
            (here / "odd/empty").unlink()
            self.assertEqual(transfers("sync", here, there, *many), (1, 1))

        transfers("sync", there, back, *many)
        self.assertEqual(clients.differences(here, back), "")
        with self.subTest("modification times are kept"):
            for name in ("odd/plus+and%percent%41", "odd/binary"):
                self.assertAlmostEqual((here / name).stat().st_mtime, (back / name).stat().st_mtime,
                                       places=6)
        with self.subTest("the whole of it is listed and purged"):
            listed = rclone("lsf", "-R", "--files-only", "--fast-list", there).count("\n")
            self.assertEqual(listed, count - 1)
            rclone("purge", "mkv:tree", *many)
            self.assertNotIn("tree/", rclone("lsf", "mkv:"))


class LargeFiles(unittest.TestCase):
    def test_go_up_across_and_down_in_parts(self):
        here = large_file.make(CLUSTER.folder / "large/file")
        rclone("copy", here, "mkv:large/there")
        rclone("check", here.parent, "mkv:large/there")
        rclone("--s3-copy-cutoff", "16M", "copyto", "mkv:large/there/file", "mkv:large/copied")
        rclone("copyto", "mkv:large/copied", CLUSTER.folder / "large-again")
        self.assertEqual(large_file.sha256(CLUSTER.folder / "large-again"), large_file.sha256(here))
        rclone("purge", "mkv:large")


class Commands(unittest.TestCase):
    def test_copy_list_and_delete(self):
        one = clients.write(CLUSTER.folder / "one", b"one")
        rclone("mkdir", "mkv:commands")
        rclone("copy", one, "mkv:commands/a ü+%/b")
        self.assertEqual(rclone("lsf", "mkv:commands"), "a ü+%/\n")
        self.assertEqual(rclone("ls", "mkv:commands"), "        3 a ü+%/b/one\n")
        self.assertEqual(rclone("cat", "mkv:commands/a ü+%/b/one"), "one")
        rclone("copyto", "mkv:commands/a ü+%/b/one", "mkv:commands/a ü+%/b/+ %")
        self.assertEqual(rclone("cat", "mkv:commands/a ü+%/b/+ %"), "one")
        rclone("deletefile", "mkv:commands/a ü+%/b/+ %")
        rclone("rcat", "mkv:commands/piped", stdin=b"piped")
        self.assertEqual(rclone("cat", "--offset", "2", "mkv:commands/piped"), "ped")
        rclone("copyto", "mkv:commands/piped", "mkv:commands/copied")
        rclone("moveto", "mkv:commands/copied", "mkv:commands/moved")
        rclone("touch", "--timestamp", "2001-02-03T04:05:06", "mkv:commands/moved")
        entries = {entry["Path"]: entry for entry in json.loads(rclone(
            "lsjson", "-R", "--files-only", "--hash", "mkv:commands"))}
        self.assertEqual(sorted(entries), ["a ü+%/b/one", "moved", "piped"])
        self.assertEqual(entries["moved"]["ModTime"][:19], "2001-02-03T04:05:06")
        self.assertEqual(entries["moved"]["Hashes"]["md5"], entries["piped"]["Hashes"]["md5"])
        rclone("delete", "mkv:commands")
        self.assertEqual(rclone("lsf", "mkv:commands"), "")
        rclone("rmdir", "mkv:commands")


if __name__ == "__main__":
    clients.main(CLUSTER)
