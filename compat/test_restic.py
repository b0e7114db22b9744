"""restic: a repository in a bucket - init, backup, check, restore, forget and prune."""

import clients

restic = clients.find("restic")

import shutil
import unittest

from cluster import Cluster

CLUSTER = Cluster()


def run(*arguments):
    environment = CLUSTER.environment(RESTIC_REPOSITORY=f"s3:{CLUSTER.url}/restic",
                                      RESTIC_PASSWORD="compat")
    return clients.run([restic, "--no-cache", *arguments], environment).decode()


class Repository(unittest.TestCase):
    def test_is_made_filled_checked_restored_and_pruned(self):
        source = CLUSTER.folder / "source"
        for i in range(200):
            clients.write(source / f"folder{i % 7}" / f"file {i} ü", f"{i}\n".encode() * i * 37)
        run("init")
        run("backup", str(source))
        clients.write(source / "later", b"later")
        shutil.rmtree(source / "folder3")
        run("backup", str(source))
        self.assertEqual(run("snapshots", "--json").count('"short_id"'), 2)
        run("check", "--read-data")

        target = CLUSTER.folder / "target"
        run("restore", "latest", "--target", str(target))
        self.assertEqual(clients.differences(source, f"{target}{source}"), "")

        run("forget", "--keep-last", "1", "--prune")
        self.assertEqual(run("snapshots", "--json").count('"short_id"'), 1)
        run("check", "--read-data")


if __name__ == "__main__":
    clients.main(CLUSTER)
