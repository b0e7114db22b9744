"""The clients over TLS: a server certificate that an authority of the tests' own has signed."""

import json
import os
import unittest

import clients
from cluster import ACCESS_KEY, REGION, SECRET_KEY, Cluster

clients.import_or_become("boto3")
import boto3  # noqa: E402
from botocore.config import Config  # noqa: E402
from botocore.exceptions import SSLError  # noqa: E402

AWS = clients.find("aws")
CURL = clients.find("curl")
CLUSTER = Cluster(tls=True)
_LARGE = os.urandom(1 << 20) * 20  # bytes: larger than what is collected, many TLS records


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.s3 = cls.client(CLUSTER.authority)
        cls.s3.create_bucket(Bucket="tls")

    @staticmethod
    def client(authority):
        return boto3.client(
            "s3", endpoint_url=CLUSTER.url, region_name=REGION, aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY, verify=str(authority) if authority else True,
            config=Config(retries={"max_attempts": 0}))

    def test_boto3(self):
        for key, content in (("small", b"small"), ("empty", b""), ("large", _LARGE)):
            self.s3.put_object(Bucket="tls", Key=key, Body=content)
            self.assertEqual(self.s3.get_object(Bucket="tls", Key=key)["Body"].read(), content)
        part = self.s3.get_object(Bucket="tls", Key="large", Range="bytes=1000000-9000000")
        self.assertEqual(part["Body"].read(), _LARGE[1000000:9000001])
        self.s3.copy_object(Bucket="tls", Key="copy", CopySource="tls/large")
        self.assertEqual(self.s3.head_object(Bucket="tls", Key="copy")["ContentLength"],
                         len(_LARGE))

    def test_boto3_trusts_nobody_by_itself(self):
        with self.assertRaises(SSLError):
            self.client(None).list_buckets()

    def test_aws_cli(self):
        def aws(*arguments):
            return clients.run([AWS, "--endpoint-url", CLUSTER.url, "--ca-bundle",
                                CLUSTER.authority, *arguments], CLUSTER.environment())

        there = clients.write(CLUSTER.folder / "there", _LARGE[: 5 << 20])
        aws("s3", "cp", there, "s3://tls/cli")
        back = CLUSTER.folder / "back"
        aws("s3", "cp", "s3://tls/cli", back)
        self.assertEqual(back.read_bytes(), there.read_bytes())
        listed = json.loads(aws("s3api", "list-objects-v2", "--bucket", "tls", "--prefix", "cli"))
        self.assertEqual([entry["Key"] for entry in listed["Contents"]], ["cli"])

    def test_curl(self):
        def curl(*arguments):
            return clients.run([CURL, "--silent", "--show-error", "--fail", "--cacert",
                                CLUSTER.authority, "--user", f"{ACCESS_KEY}:{SECRET_KEY}",
                                *arguments], CLUSTER.environment())

        file = clients.write(CLUSTER.folder / "file", _LARGE)
        curl("--upload-file", file, CLUSTER.url + "/curl/native")
        self.assertEqual(curl("--location", CLUSTER.url + "/curl/native"), _LARGE)
        signed = ("--aws-sigv4", f"aws:amz:{REGION}:s3", "--header",
                  "x-amz-content-sha256: UNSIGNED-PAYLOAD")
        self.assertEqual(curl(*signed, CLUSTER.url + "/curl/native"), _LARGE)
        for version in ("--tls-max", "1.2"), ("--tlsv1.3",):
            self.assertIn(b"curl/native", curl(*version, CLUSTER.url + "/?list"))


if __name__ == "__main__":
    clients.main(CLUSTER)
