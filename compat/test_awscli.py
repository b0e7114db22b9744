"""aws-cli: the `s3` commands, and `s3api` for what those do not reach."""

import base64
import hashlib
import json
import os
import time
import unittest
import urllib.error
import urllib.request

import clients
import large_file
from cluster import Cluster

AWS = clients.find("aws")
clients.import_or_become("awscli.clidriver")

import awscli.clidriver  # of this run's generation, which is known only now
import awscli.handlers  # what it would otherwise import for each command

CLUSTER = Cluster()


def aws(*arguments, stdin=b"", **environment):
    command = [AWS, "--endpoint-url", CLUSTER.url, *arguments]
    # The import has set where its own data are.
    environment = CLUSTER.environment(AWS_DATA_PATH=os.environ["AWS_DATA_PATH"], **environment)
    return clients.run_forked(awscli.clidriver.main, command, environment, stdin)


def s3(*arguments, **more):
    return aws("s3", *arguments, **more).decode()


def s3api(*arguments, **more):
    text = aws("s3api", *arguments, **more)
    return json.loads(text) if text.strip() else {}


def path(name):
    return CLUSTER.folder / name


class Program(unittest.TestCase):
    def test_is_what_these_tests_have_imported(self):
        command = [AWS, "--endpoint-url", CLUSTER.url]
        environment = CLUSTER.environment()
        version = clients.run([*command, "--version"], environment).decode()
        self.assertTrue(version.startswith(f"aws-cli/{awscli.__version__} "), version)
        clients.run([*command, "s3", "mb", "s3://by-the-program"], environment)
        self.assertIn(" by-the-program\n", s3("ls"))


class Buckets(unittest.TestCase):
    def test_are_made_listed_and_removed(self):
        s3("mb", "s3://made-here")
        self.assertIn(" made-here\n", s3("ls"))
        with self.assertRaisesRegex(clients.Failed, "BucketAlreadyOwnedByYou"):
            s3("mb", "s3://made-here")
        s3("cp", "-", "s3://made-here/key", stdin=b"value")
        with self.assertRaisesRegex(clients.Failed, "BucketNotEmpty"):
            s3("rb", "s3://made-here")
        s3("rb", "--force", "s3://made-here")
        self.assertNotIn("made-here", s3("ls"))
        with self.assertRaisesRegex(clients.Failed, "NoSuchBucket"):
            s3("ls", "s3://made-here")

    def test_tell_their_region_and_versioning(self):
        s3("mb", "s3://described")
        self.assertEqual(s3api("get-bucket-location", "--bucket", "described"),
                         {"LocationConstraint": None})
        self.assertEqual(s3api("get-bucket-versioning", "--bucket", "described"), {})


class Objects(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        s3("mb", "s3://objects")

    def test_go_up_across_and_down(self):
        up = clients.write(path("up/a + b %41 ü.bin"), bytes(range(256)) * 4096)
        s3("cp", up, "s3://objects/copied/")
        s3("cp", "s3://objects/copied/a + b %41 ü.bin", "s3://objects/again ü+.bin")
        s3("cp", "s3://objects/again ü+.bin", path("down.bin"))
        self.assertEqual(path("down.bin").read_bytes(), up.read_bytes())
        self.assertIn("a + b %41 ü.bin", s3("ls", "s3://objects/copied/"))

    def test_go_through_pipes(self):
        s3("cp", "-", "s3://objects/piped", stdin=b"from a pipe")
        self.assertEqual(s3("cp", "s3://objects/piped", "-"), "from a pipe")

    def test_move_and_are_removed(self):
        here = clients.write(path("moving"), b"moving")
        s3("mv", here, "s3://objects/moved/1")
        self.assertFalse(here.exists())
        s3("mv", "s3://objects/moved/1", "s3://objects/moved/2")
        self.assertRegex(s3("ls", "--recursive", "s3://objects/moved/"),
                         r"^\S+ \S+ +6 moved/2\n$")
        s3("rm", "s3://objects/moved/2")
        with self.assertRaises(clients.Failed):
            s3("ls", "s3://objects/moved/")

    def test_are_read_through_presigned_links_until_they_expire(self):
        s3("cp", "-", "s3://objects/linked ü", stdin=b"linked")
        link = s3("presign", "--expires-in", "60", "s3://objects/linked ü").strip()
        with urllib.request.urlopen(link) as answer:
            self.assertEqual(answer.read(), b"linked")
        self.assert_refused(link.replace("/linked", "/other"), b"SignatureDoesNotMatch")
        link = s3("presign", "--expires-in", "1", "s3://objects/linked ü").strip()
        time.sleep(2.5)
        self.assert_refused(link, b"AccessDenied")

    def assert_refused(self, link, code):
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(link)
        with refused.exception as answer:
            self.assertEqual(answer.code, 403)
            self.assertIn(code, answer.read())


class Settings(unittest.TestCase):
    def test_open_an_object_to_all_and_close_it(self):
        s3("mb", "s3://settings")
        s3("cp", "-", "s3://settings/key", "--acl", "public-read", stdin=b"for all")
        plain = f"{CLUSTER.url}/settings/key"
        with urllib.request.urlopen(plain) as answer:
            self.assertEqual(answer.read(), b"for all")
        where = ("--bucket", "settings", "--key", "key")
        s3api("put-object-acl", *where, "--acl", "private")
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(plain)
        with refused.exception as answer:
            self.assertEqual(answer.code, 401)
        s3api("put-object-acl", *where, "--grant-read",
              "uri=http://acs.amazonaws.com/groups/global/AllUsers")
        self.assertEqual(aws("s3", "cp", "s3://settings/key", "-", "--no-sign-request"),
                         b"for all")
        s3api("put-object-tagging", *where, "--tagging", "TagSet=[{Key=a,Value=1}]")
        self.assertEqual(s3api("get-object-tagging", *where)["TagSet"],
                         [{"Key": "a", "Value": "1"}])
        rules = {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]}
        s3api("put-bucket-cors", "--bucket", "settings", "--cors-configuration", json.dumps(rules))
        self.assertEqual(s3api("get-bucket-cors", "--bucket", "settings"), rules)
        versions = s3api("list-object-versions", "--bucket", "settings")["Versions"]
        self.assertEqual([(version["Key"], version["VersionId"]) for version in versions],
                         [("key", "null")])
        with self.assertRaisesRegex(clients.Failed, "NoSuchBucketPolicy"):
            s3api("get-bucket-policy", "--bucket", "settings")


class LargeFiles(unittest.TestCase):
    def test_go_up_across_and_down_in_parts(self):
        s3("mb", "s3://large")
        here = large_file.make(path("large.bin"))
        s3("cp", here, "s3://large/here")
        s3("cp", "s3://large/here", "s3://large/there")
        s3("cp", "s3://large/there", path("large-again.bin"))
        self.assertEqual(large_file.sha256(path("large-again.bin")), large_file.sha256(here))
        head = s3api("head-object", "--bucket", "large", "--key", "here", "--part-number", "2")
        self.assertEqual(head["PartsCount"], -(-large_file.SIZE // (8 << 20)))
        self.assertEqual(s3api("list-multipart-uploads", "--bucket", "large").get("Uploads"), None)
        # A pipe, whose length is not known.
        s3("cp", "-", "s3://large/piped", stdin=here.read_bytes()[:20_000_000])
        self.assertRegex(s3("ls", "s3://large/piped"), " 20000000 piped")
        s3("rb", "--force", "s3://large")


class Sync(unittest.TestCase):
    def test_goes_on_after_empty_files(self):
        s3("mb", "s3://empties")
        for i in range(40):
            clients.write(path("empties") / str(i), b"" if i % 2 else b"value")
        # What the server does to a connection shows as requests that time out.
        s3("sync", path("empties"), "s3://empties", "--cli-read-timeout", "20")
        self.assertEqual(s3("ls", "s3://empties").count("\n"), 40)
        self.assertEqual(CLUSTER.times_logged(" PUT /empties/", 40), 40, "requests were repeated")

    def test_moves_what_changed_alone(self):
        s3("mb", "s3://synced")
        tree = path("tree")
        for name in ("a", "b/c", "b/empty", "b/.hidden", "b/with space", "ü/ñ+%"):
            clients.write(tree / name, b"" if "empty" in name else name.encode() * 100)
            # Written in the second of its upload, a file is newer than that, whose time is a whole
            # second, and goes up again: with S3, too.
            os.utime(tree / name, (time.time() - 60,) * 2)
        s3("sync", tree, "s3://synced/t")
        self.assertEqual(s3("sync", tree, "s3://synced/t"), "")
        clients.write(tree / "b/c", b"changed")
        (tree / "a").unlink()
        changes = s3("sync", "--delete", tree, "s3://synced/t")
        self.assertEqual(sorted(line.split()[0] for line in changes.splitlines()
                                if "Completed" not in line), ["delete:", "upload:"])
        s3("sync", "s3://synced/t", path("tree-again"))
        self.assertEqual(clients.differences(tree, path("tree-again")), "")
        s3("rm", "--recursive", "--quiet", "s3://synced/")
        s3("rb", "s3://synced")

    def test_downloads_nothing_twice_by_exact_timestamps(self):
        s3("mb", "s3://timed")
        for i in range(5):
            clients.write(path("timed") / str(i), b"value")
        s3("sync", path("timed"), "s3://timed")
        sync = ("sync", "--exact-timestamps", "s3://timed", path("timed-again"))
        self.assertEqual(s3(*sync).count("download: "), 5)
        self.assertEqual(s3(*sync), "")
        s3("rb", "--force", "s3://timed")


class Api(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        s3("mb", "s3://api")

    @staticmethod
    def put(key, content, *more):
        body = clients.write(path("api-body"), content)
        return s3api("put-object", "--bucket", "api", "--key", key, "--body", body, *more)

    @staticmethod
    def get(key, *more):
        s3api("get-object", "--bucket", "api", "--key", key, *more, path("api-got"))
        return path("api-got").read_bytes()

    @staticmethod
    def head(key, *more):
        return s3api("head-object", "--bucket", "api", "--key", key, *more)

    def test_reads_ranges_and_on_conditions(self):
        etag = self.put("read", b"0123456789")["ETag"]
        self.assertEqual(self.get("read", "--range", "bytes=2-4"), b"234")
        self.assertEqual(self.get("read", "--range", "bytes=-3"), b"789")
        with self.assertRaisesRegex(clients.Failed, "InvalidRange"):
            self.get("read", "--range", "bytes=10-")
        self.assertEqual(self.get("read", "--if-match", etag), b"0123456789")
        with self.assertRaisesRegex(clients.Failed, "PreconditionFailed"):
            self.get("read", "--if-match", '"other"')
        with self.assertRaisesRegex(clients.Failed, "304"):
            self.get("read", "--if-none-match", etag)
        written = self.head("read")["LastModified"]
        with self.assertRaisesRegex(clients.Failed, "304"):
            self.head("read", "--if-modified-since", written)
        # S3 passes over a date that is still to come.
        self.assertEqual(self.head("read", "--if-modified-since", "2100-01-01T00:00:00Z")["ETag"],
                         etag)

    def test_writes_on_conditions(self):
        if clients.generation() == "debian":
            self.skipTest("aws-cli 2.9 has no conditional writes")
        etag = self.put("write", b"first", "--if-none-match", "*")["ETag"]
        with self.assertRaisesRegex(clients.Failed, "PreconditionFailed"):
            self.put("write", b"second", "--if-none-match", "*")
        self.put("write", b"second", "--if-match", etag)
        with self.assertRaisesRegex(clients.Failed, "PreconditionFailed"):
            self.put("write", b"third", "--if-match", etag)
        self.assertEqual(self.get("write"), b"second")

    def test_keeps_headers_metadata_and_checksums(self):
        self.put("described", b"described", "--content-type", "text/x-test",
                 "--cache-control", "max-age=60", "--content-disposition", "attachment",
                 "--content-language", "de", "--metadata", "Colour=blue,n=1",
                 "--checksum-algorithm", "SHA256")
        head = self.head("described", "--checksum-mode", "ENABLED")
        self.assertEqual(head["ContentType"], "text/x-test")
        self.assertEqual(head["CacheControl"], "max-age=60")
        self.assertEqual(head["ContentDisposition"], "attachment")
        self.assertEqual(head["ContentLanguage"], "de")
        self.assertEqual(head["Metadata"], {"colour": "blue", "n": "1"})
        sha256 = hashlib.sha256(b"described").digest()
        self.assertEqual(base64.b64decode(head["ChecksumSHA256"]), sha256)
        self.assertEqual(self.get("described", "--checksum-mode", "ENABLED"), b"described")
        with self.assertRaisesRegex(clients.Failed, "BadDigest"):
            self.put("described", b"other", "--checksum-crc32", "AAAAAA==")
        with self.assertRaisesRegex(clients.Failed, "BadDigest"):
            self.put("described", b"other", "--content-md5", "1B2M2Y8AsgTpgAmY7PhCfg==")
        self.assertEqual(self.get("described"), b"described")
        attributes = s3api("get-object-attributes", "--bucket", "api", "--key", "described",
                           "--object-attributes", "ETag", "ObjectSize", "Checksum")
        self.assertEqual(attributes["ObjectSize"], 9)

    def test_copies_with_the_same_or_other_metadata(self):
        self.put("source ü+%", b"copied", "--metadata", "kept=yes")
        source = "api/source ü+%"
        s3api("copy-object", "--bucket", "api", "--key", "copy", "--copy-source", source)
        self.assertEqual(self.head("copy")["Metadata"], {"kept": "yes"})
        s3api("copy-object", "--bucket", "api", "--key", "copy", "--copy-source", "api/copy",
              "--metadata-directive", "REPLACE", "--metadata", "new=1", "--content-type", "a/b")
        head = self.head("copy")
        self.assertEqual((head["Metadata"], head["ContentType"]), ({"new": "1"}, "a/b"))
        self.assertEqual(self.get("copy"), b"copied")
        with self.assertRaisesRegex(clients.Failed, "InvalidRequest"):
            s3api("copy-object", "--bucket", "api", "--key", "copy", "--copy-source", "api/copy")
        s3("cp", "s3://api/copy", "s3://api/copy", "--storage-class", "STANDARD")
        self.assertEqual(self.head("copy")["Metadata"], {"new": "1"})
        with self.assertRaisesRegex(clients.Failed, "PreconditionFailed"):
            s3api("copy-object", "--bucket", "api", "--key", "copy", "--copy-source", source,
                  "--copy-source-if-match", '"other"')

    def test_lists_in_pages_and_deletes_many(self):
        s3("mb", "s3://listed")
        names = [f"{folder}/{i}" for folder in "abc" for i in range(3)] + ["last"]
        for name in names:
            clients.write(path("listed") / name, name.encode())
        s3("sync", "--quiet", path("listed"), "s3://listed")
        for command in ("list-objects", "list-objects-v2"):
            paged = s3api(command, "--bucket", "listed", "--page-size", "2")
            self.assertEqual([entry["Key"] for entry in paged["Contents"]], names)
            folders = s3api(command, "--bucket", "listed", "--delimiter", "/", "--page-size", "1")
            self.assertEqual([entry["Prefix"] for entry in folders["CommonPrefixes"]],
                             ["a/", "b/", "c/"])
            self.assertEqual([entry["Key"] for entry in folders["Contents"]], ["last"])
        after = s3api("list-objects-v2", "--bucket", "listed", "--start-after", "c/1",
                      "--fetch-owner")
        self.assertEqual([entry["Key"] for entry in after["Contents"]], ["c/2", "last"])
        self.assertIn("Owner", after["Contents"][0])
        doomed = [{"Key": name} for name in [*names, "was never there"]]
        deleted = s3api("delete-objects", "--bucket", "listed",
                        "--delete", json.dumps({"Objects": doomed}))
        self.assertEqual(len(deleted["Deleted"]), len(doomed))
        self.assertNotIn("Errors", deleted)
        self.assertNotIn("Contents", s3api("list-objects-v2", "--bucket", "listed"))

    def test_tells_what_is_wrong(self):
        with self.assertRaisesRegex(clients.Failed, "NoSuchKey"):
            self.get("missing")
        with self.assertRaisesRegex(clients.Failed, "404"):
            self.head("missing")
        with self.assertRaisesRegex(clients.Failed, "InvalidAccessKeyId"):
            s3api("list-buckets", AWS_ACCESS_KEY_ID="NOBODY")
        with self.assertRaisesRegex(clients.Failed, "SignatureDoesNotMatch"):
            s3api("list-buckets", AWS_SECRET_ACCESS_KEY="wrong")
        with self.assertRaisesRegex(clients.Failed, "NotImplemented"):
            s3api("put-bucket-request-payment", "--bucket", "api",
                  "--request-payment-configuration", "Payer=Requester")


if __name__ == "__main__":
    clients.main(CLUSTER)
