"""boto3: client and resource, file transfers, paginators, presigned URLs and forms."""

import clients

clients.import_or_become("boto3")

import hashlib
import io
import unittest
import urllib.error
import urllib.parse
import urllib.request

import boto3
import boto3.s3.transfer
import botocore
import botocore.config
import botocore.exceptions

import large_file
from cluster import ACCESS_KEY, REGION, SECRET_KEY, Cluster

CLUSTER = Cluster()
IS_NEWER = tuple(map(int, boto3.__version__.split(".")[:2])) >= (1, 36)
ONE_PART = boto3.s3.transfer.TransferConfig(multipart_threshold=1 << 30)
MANY_PARTS = boto3.s3.transfer.TransferConfig(multipart_threshold=8 << 20, max_concurrency=10)


def settings(**config):
    return {
        "endpoint_url": CLUSTER.url,
        "aws_access_key_id": ACCESS_KEY,
        "aws_secret_access_key": SECRET_KEY,
        "region_name": REGION,
        "config": botocore.config.Config(retries={"max_attempts": 1}, **config),
    }


def client(**config):
    return boto3.client("s3", **settings(**config))


def fetch(url, method="GET", data=None, headers=None):
    request = urllib.request.Request(url, data=data, method=method, headers=headers or {})
    with urllib.request.urlopen(request) as answer:
        return answer.read()


class Tests(unittest.TestCase):
    bucket = "tests"

    @classmethod
    def setUpClass(cls):
        cls.s3 = client()
        cls.s3.create_bucket(Bucket=cls.bucket)

    def put(self, key, body, **more):
        return self.s3.put_object(Bucket=self.bucket, Key=key, Body=body, **more)

    def get(self, key, **more):
        return self.s3.get_object(Bucket=self.bucket, Key=key, **more)

    def assert_refused(self, code, call, *arguments, **more):
        with self.assertRaises(botocore.exceptions.ClientError) as refused:
            call(*arguments, **more)
        self.assertEqual(refused.exception.response["Error"]["Code"], code)
        return refused.exception.response


class Objects(Tests):
    bucket = "objects"

    def test_come_back_as_they_went(self):
        for key, body in (("empty", b""), ("small", b"value"), ("a b/ü+%41&?#.x", bytes(9000)),
                          ("folder/", b""), ("//a//b/./../c", b"1"), ("中文/😀", b"2")):
            with self.subTest(key):
                etag = self.put(key, body)["ETag"]
                self.assertEqual(etag, f'"{hashlib.md5(body).hexdigest()}"')
                got = self.get(key)
                self.assertEqual((got["Body"].read(), got["ETag"]), (body, etag))
                self.s3.delete_object(Bucket=self.bucket, Key=key)
                self.assert_refused("NoSuchKey", self.get, key)

    def test_keep_headers_and_metadata(self):
        sent = {"ContentType": "text/x-test; charset=utf-8", "CacheControl": "max-age=60",
                "ContentDisposition": 'attachment; filename="x"', "ContentEncoding": "gzip",
                "ContentLanguage": "de", "Metadata": {"one": "1", "two": "with  spaces"}}
        self.put("described", b"x", **sent)
        head = self.s3.head_object(Bucket=self.bucket, Key="described")
        self.assertEqual({name: head[name] for name in sent}, sent)
        seen = self.get("described", ResponseContentType="text/plain", ResponseExpires="0")
        self.assertEqual(seen["ContentType"], "text/plain")
        self.assert_refused("MetadataTooLarge", self.put, "big", b"", Metadata={"m": "x" * 2048})

    def test_are_read_in_ranges_and_on_conditions(self):
        etag = self.put("ranges", b"0123456789")["ETag"]
        got = self.get("ranges", Range="bytes=3-5")
        self.assertEqual((got["Body"].read(), got["ContentRange"]), (b"345", "bytes 3-5/10"))
        self.assertEqual(self.get("ranges", Range="bytes=8-100")["Body"].read(), b"89")
        self.assert_refused("InvalidRange", self.get, "ranges", Range="bytes=10-")
        self.assert_refused("304", self.get, "ranges", IfNoneMatch=etag)
        self.assert_refused("PreconditionFailed", self.get, "ranges", IfMatch='"x"')

    def test_carry_checksums_that_are_checked(self):
        for algorithm in ("CRC32", "SHA1", "SHA256"):
            with self.subTest(algorithm):
                put = self.put("summed", b"summed", ChecksumAlgorithm=algorithm)
                got = self.get("summed", ChecksumMode="ENABLED")
                self.assertEqual(got["Body"].read(), b"summed")  # checked by boto3 as it reads
                name = f"Checksum{algorithm}"
                self.assertTrue(got[name])
                self.assertEqual(got[name], put[name])
        self.assert_refused("BadDigest", self.put, "summed", b"x", ChecksumCRC32="AAAAAA==")
        self.assert_refused("BadDigest", self.put, "summed", b"x",
                            ContentMD5="1B2M2Y8AsgTpgAmY7PhCfg==")
        self.assert_refused("InvalidDigest", self.put, "summed", b"x", ContentMD5="short")

    def test_are_written_on_conditions(self):
        if not IS_NEWER:
            self.skipTest("boto3 1.26 has no conditional writes")
        self.put("conditional", b"1", IfNoneMatch="*")
        self.assert_refused("PreconditionFailed", self.put, "conditional", b"2", IfNoneMatch="*")
        self.assert_refused("NoSuchKey", self.put, "absent", b"2", IfMatch='"x"')

    def test_are_copied_and_deleted(self):
        self.put("from ü+%", b"copied", Metadata={"kept": "yes"})
        self.s3.copy_object(Bucket=self.bucket, Key="to",
                            CopySource={"Bucket": self.bucket, "Key": "from ü+%"})
        got = self.get("to")
        self.assertEqual((got["Body"].read(), got["Metadata"]), (b"copied", {"kept": "yes"}))
        deleted = self.s3.delete_objects(Bucket=self.bucket, Delete={
            "Objects": [{"Key": "to"}, {"Key": "from ü+%"}, {"Key": "absent"}], "Quiet": True})
        self.assertNotIn("Deleted", deleted)
        self.assertNotIn("Errors", deleted)
        self.assert_refused("NoSuchKey", self.get, "to")

    def test_go_up_in_every_signed_form(self):
        for config in ({}, {"s3": {"payload_signing_enabled": True}},
                       {"s3": {"addressing_style": "path"}}, {"signature_version": "s3v4"}):
            with self.subTest(config):
                s3 = client(**config)
                s3.put_object(Bucket=self.bucket, Key="form", Body=b"form")
                s3.put_object(Bucket=self.bucket, Key="form", Body=io.BytesIO(b"stream"))
                got = s3.get_object(Bucket=self.bucket, Key="form")
                self.assertEqual(got["Body"].read(), b"stream")

    def test_answers_carry_a_request_id(self):
        answer = self.put("with-id", b"x")["ResponseMetadata"]
        self.assertTrue(answer["RequestId"])
        self.assertEqual(CLUSTER.times_logged(answer["RequestId"], 1), 1)


class Files(Tests):
    bucket = "files"

    def test_go_up_and_down(self):
        content = hashlib.sha256(b"seed").digest() * 400_000  # 12.8 MB, one part
        here = clients.write(CLUSTER.folder / "up.bin", content)
        self.s3.upload_file(str(here), self.bucket, "file", Config=ONE_PART,
                            ExtraArgs={"ContentType": "a/b", "Metadata": {"m": "1"}})
        there = CLUSTER.folder / "down.bin"
        self.s3.download_file(self.bucket, "file", str(there), Config=ONE_PART)
        self.assertEqual(there.read_bytes(), content)
        # Ranges in parallel, each under If-Match in newer releases.
        self.s3.download_file(self.bucket, "file", str(there))
        self.assertEqual(there.read_bytes(), content)
        self.s3.upload_fileobj(io.BytesIO(b"object"), self.bucket, "fileobj")
        target = io.BytesIO()
        self.s3.download_fileobj(self.bucket, "fileobj", target)
        self.assertEqual(target.getvalue(), b"object")
        self.s3.copy({"Bucket": self.bucket, "Key": "file"}, self.bucket, "copy", Config=ONE_PART)
        self.assertEqual(self.s3.head_object(Bucket=self.bucket, Key="copy")["Metadata"],
                         {"m": "1"})


class Multipart(Tests):
    bucket = "multipart"

    def begin(self, key, **more):
        return self.s3.create_multipart_upload(Bucket=self.bucket, Key=key, **more)["UploadId"]

    def test_large_files_go_up_down_and_across(self):
        here = large_file.make(CLUSTER.folder / "large.bin")
        there = CLUSTER.folder / "large-again.bin"
        self.s3.upload_file(str(here), self.bucket, "large", Config=MANY_PARTS,
                            ExtraArgs={"ContentType": "a/b", "Metadata": {"m": "1"}})
        self.s3.download_file(self.bucket, "large", str(there), Config=MANY_PARTS)
        self.assertEqual(large_file.sha256(there), large_file.sha256(here))
        head = self.s3.head_object(Bucket=self.bucket, Key="large")
        self.assertEqual((head["ContentType"], head["Metadata"]), ("a/b", {"m": "1"}))
        parts = -(-here.stat().st_size // (8 << 20))
        self.assertTrue(head["ETag"].endswith(f'-{parts}"'), head["ETag"])
        # By UploadPartCopy, in ranges.
        self.s3.copy({"Bucket": self.bucket, "Key": "large"}, self.bucket, "copy",
                     Config=MANY_PARTS)
        self.s3.download_file(self.bucket, "copy", str(there), Config=MANY_PARTS)
        self.assertEqual(large_file.sha256(there), large_file.sha256(here))

    def test_objects_have_parts_and_checksums(self):
        content = bytes(range(256)) * (24 << 10)  # 6 MiB
        for algorithm in ("CRC32", "SHA256"):
            with self.subTest(algorithm):
                upload = self.begin("parts", ChecksumAlgorithm=algorithm)
                parts = []
                for number, piece in enumerate((content, b"the end"), 1):
                    sent = self.s3.upload_part(
                        Bucket=self.bucket, Key="parts", UploadId=upload, PartNumber=number,
                        Body=piece, ChecksumAlgorithm=algorithm)
                    name = f"Checksum{algorithm}"
                    parts.append({"PartNumber": number, "ETag": sent["ETag"], name: sent[name]})
                done = [self.s3.complete_multipart_upload(
                    Bucket=self.bucket, Key="parts", UploadId=upload,
                    MultipartUpload={"Parts": parts}) for _ in range(2)]
                self.assertEqual(done[0]["ETag"], done[1]["ETag"])
                self.assertTrue(done[0][name].endswith("-2"), done[0])
                whole = self.get("parts", ChecksumMode="ENABLED")
                self.assertEqual(whole["Body"].read(), content + b"the end")
                last = self.get("parts", PartNumber=2, ChecksumMode="ENABLED")
                self.assertEqual((last["Body"].read(), last["PartsCount"]), (b"the end", 2))
                told = self.s3.get_object_attributes(Bucket=self.bucket, Key="parts",
                                                     ObjectAttributes=["ObjectParts", "Checksum"])
                self.assertEqual([part["Size"] for part in told["ObjectParts"]["Parts"]],
                                 [len(content), 7])

    def test_uploads_are_listed_and_aborted(self):
        uploads = [self.begin(key) for key in ("u/1", "u/2", "u/3")]
        for number in (1, 2, 3):
            self.s3.upload_part(Bucket=self.bucket, Key="u/3", UploadId=uploads[2],
                                PartNumber=number, Body=b"part")
        listed = [upload["UploadId"]
                  for page in self.s3.get_paginator("list_multipart_uploads").paginate(
                      Bucket=self.bucket, Prefix="u/", PaginationConfig={"PageSize": 1})
                  for upload in page.get("Uploads", [])]
        self.assertEqual(listed, uploads)
        parts = [part["PartNumber"]
                 for page in self.s3.get_paginator("list_parts").paginate(
                     Bucket=self.bucket, Key="u/3", UploadId=uploads[2],
                     PaginationConfig={"PageSize": 2})
                 for part in page["Parts"]]
        self.assertEqual(parts, [1, 2, 3])
        for key, upload in zip(("u/1", "u/2", "u/3"), uploads):
            self.s3.abort_multipart_upload(Bucket=self.bucket, Key=key, UploadId=upload)
            self.assert_refused("NoSuchUpload", self.s3.list_parts, Bucket=self.bucket, Key=key,
                                UploadId=upload)

    def test_parts_go_up_by_link(self):
        upload = self.begin("linked")
        where = {"Bucket": self.bucket, "Key": "linked", "UploadId": upload}
        for version in ("s3", "s3v4"):
            link = client(signature_version=version).generate_presigned_url(
                "upload_part", {**where, "PartNumber": 1})
            # An empty type keeps urllib from sending its own, which SigV2 would have to have signed.
            fetch(link, "PUT", version.encode(), {"Content-Type": ""})
        etag = self.s3.list_parts(**where)["Parts"][0]["ETag"]
        self.s3.complete_multipart_upload(
            **where, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]})
        self.assertEqual(self.get("linked")["Body"].read(), b"s3v4")


class Listings(Tests):
    bucket = "listings"
    keys = sorted([f"{folder}/{i:02}" for folder in ("a", "b ü+%", "c&<>") for i in range(7)] +
                  ["top\x01", "zeta 😀", "~"], key=str.encode)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for key in cls.keys:
            cls.s3.put_object(Bucket=cls.bucket, Key=key, Body=key.encode())

    def pages(self, operation, size, **more):
        paginator = self.s3.get_paginator(operation)
        return list(paginator.paginate(Bucket=self.bucket, PaginationConfig={"PageSize": size},
                                       **more))

    def test_show_every_key_once_in_order(self):
        for operation in ("list_objects", "list_objects_v2"):
            for size in (1, 2, 7, 1000):
                with self.subTest(operation, size=size):
                    entries = [entry for page in self.pages(operation, size)
                               for entry in page.get("Contents", [])]
                    self.assertEqual([entry["Key"] for entry in entries], self.keys)
                    self.assertEqual([entry["Size"] for entry in entries],
                                     [len(key.encode()) for key in self.keys])

    def test_fold_folders(self):
        for operation in ("list_objects", "list_objects_v2"):
            pages = self.pages(operation, 2, Delimiter="/")
            self.assertEqual([folder["Prefix"] for page in pages
                              for folder in page.get("CommonPrefixes", [])],
                             ["a/", "b ü+%/", "c&<>/"])

    def test_begin_with_a_prefix(self):
        pages = self.pages("list_objects_v2", 3, Prefix="b ü+%/")
        self.assertEqual(sum(page["KeyCount"] for page in pages), 7)


class Resources(Tests):
    bucket = "resources"

    def test_work(self):
        s3 = boto3.resource("s3", **settings())
        self.assertIn(self.bucket, [bucket.name for bucket in s3.buckets.all()])
        bucket = s3.Bucket(self.bucket)
        bucket.put_object(Key="a/1", Body=b"one")
        thing = s3.Object(self.bucket, "a/2")
        thing.put(Body=b"two")
        self.assertEqual((thing.content_length, thing.get()["Body"].read()), (3, b"two"))
        self.assertEqual([summary.key for summary in bucket.objects.filter(Prefix="a/")],
                         ["a/1", "a/2"])
        bucket.objects.all().delete()
        self.assertEqual(list(bucket.objects.all()), [])
        bucket.delete()
        bucket.wait_until_not_exists()


class PresignedUrls(Tests):
    bucket = "presigned"

    def test_read_and_write_by_either_signature(self):
        for version, mark in ((None, "Signature="), ("s3", "&Signature="),
                              ("s3v4", "X-Amz-Signature=")):
            with self.subTest(version):
                s3 = client(signature_version=version) if version else client()
                where = {"Bucket": self.bucket, "Key": "a ü+%/b"}
                put = s3.generate_presigned_url(
                    "put_object", {**where, "ContentType": "text/x-put"}, ExpiresIn=60)
                self.assertIn(mark, put)
                fetch(put, "PUT", b"by link", {"Content-Type": "text/x-put"})
                get = s3.generate_presigned_url(
                    "get_object", {**where, "ResponseContentType": "text/x-seen"}, ExpiresIn=60)
                with urllib.request.urlopen(get) as answer:
                    self.assertEqual(answer.read(), b"by link")
                    self.assertEqual(answer.headers["Content-Type"], "text/x-seen")
                for wrong in (get.replace("/b?", "/c?"), get.replace("text", "test")):
                    with self.assertRaises(urllib.error.HTTPError) as refused:
                        fetch(wrong)
                    with refused.exception as answer:
                        self.assertIn(b"<Code>SignatureDoesNotMatch</Code>", answer.read())

    def test_say_what_headers_would(self):
        for version in ("s3", "s3v4"):
            with self.subTest(version):
                s3 = client(signature_version=version)
                where = {"Bucket": self.bucket, "Key": f"described-{version}"}
                put = s3.generate_presigned_url("put_object", {
                    **where, "ContentType": "text/x-put", "ACL": "public-read",
                    "Metadata": {"m": "1"}, "Tagging": "a=1&b=2"})
                # In the query with Version 2; signed headers, to be sent, with Version 4.
                headers = {} if version == "s3" else {
                    "x-amz-acl": "public-read", "x-amz-meta-m": "1", "x-amz-tagging": "a=1&b=2"}
                fetch(put, "PUT", b"described", {"Content-Type": "text/x-put", **headers})
                head = s3.generate_presigned_url("head_object", where)
                request = urllib.request.Request(head, method="HEAD")
                with urllib.request.urlopen(request) as answer:
                    self.assertEqual(answer.headers["x-amz-meta-m"], "1")
                    self.assertEqual(answer.headers["x-amz-tagging-count"], "2")
                # Public: by its plain URL.
                plain = f"{CLUSTER.url}/{self.bucket}/described-{version}"
                self.assertEqual(fetch(plain), b"described")

    def test_carry_an_upload_in_parts(self):
        parts = [b"1" * (5 << 20), b"2"]
        for version in ("s3", "s3v4"):
            with self.subTest(version):
                s3 = client(signature_version=version)
                where = {"Bucket": self.bucket, "Key": f"parts-{version}"}
                # boto3 1.26 signs `?uploads?uploads` with Version 2.
                creator = s3 if IS_NEWER else client(signature_version="s3v4")
                create = creator.generate_presigned_url("create_multipart_upload", where)
                created = fetch(create, "POST").decode()
                upload = created.split("<UploadId>")[1].split("</UploadId>")[0]
                body = "<CompleteMultipartUpload>"
                for number, part in enumerate(parts, 1):
                    put = s3.generate_presigned_url("upload_part", {
                        **where, "UploadId": upload, "PartNumber": number})
                    request = urllib.request.Request(put, data=part, method="PUT",
                                                     headers={"Content-Type": ""})
                    with urllib.request.urlopen(request) as answer:
                        body += (f"<Part><PartNumber>{number}</PartNumber>"
                                 f"<ETag>{answer.headers['ETag']}</ETag></Part>")
                complete = s3.generate_presigned_url("complete_multipart_upload",
                                                     {**where, "UploadId": upload})
                answer = fetch(complete, "POST", f"{body}</CompleteMultipartUpload>".encode(),
                               {"Content-Type": ""})
                self.assertIn(b"-2&quot;" if b"&quot;" in answer else b'-2"', answer)
                self.assertEqual(self.s3.get_object(**where)["Body"].read(), b"".join(parts))
                listed = s3.generate_presigned_url("list_parts", {**where, "UploadId": upload})
                with self.assertRaises(urllib.error.HTTPError) as refused:
                    fetch(listed)
                with refused.exception as answer:
                    self.assertIn(b"<Code>NoSuchUpload</Code>", answer.read())

    def test_default_to_sigv2(self):
        url = client().generate_presigned_url("get_object", {"Bucket": self.bucket, "Key": "k"})
        self.assertIn("AWSAccessKeyId", urllib.parse.parse_qs(urllib.parse.urlsplit(url).query))

    def test_can_not_be_turned_into_another_request(self):
        url = client(signature_version="s3v4").generate_presigned_url(
            "put_object", {"Bucket": self.bucket, "Key": "target"})
        for headers in ({"x-amz-copy-source": "/presigned/secret"}, {"x-amz-meta-m": "1"}):
            with self.assertRaises(urllib.error.HTTPError) as refused:
                fetch(url, "PUT", b"", headers)
            with refused.exception as answer:
                self.assertIn(b"<Code>AccessDenied</Code>", answer.read())


class Settings(Tests):
    bucket = "settings"

    def test_of_tags(self):
        tags = [{"Key": "one", "Value": "1"}, {"Key": "ü b", "Value": ""}]
        self.put("tagged", b"x", Tagging="one=1&%C3%BC+b=")
        where = {"Bucket": self.bucket, "Key": "tagged"}
        self.assertEqual(self.s3.get_object_tagging(**where)["TagSet"], tags)
        self.assertEqual(self.get("tagged")["TagCount"], 2)
        self.s3.put_object_tagging(**where, Tagging={"TagSet": tags[:1]})
        self.assertEqual(self.s3.get_object_tagging(**where)["TagSet"], tags[:1])
        self.s3.delete_object_tagging(**where)
        self.assertEqual(self.s3.get_object_tagging(**where)["TagSet"], [])
        self.assert_refused("BadRequest", self.s3.put_object_tagging, **where, Tagging={
            "TagSet": [{"Key": str(i), "Value": ""} for i in range(11)]})
        self.assert_refused("NoSuchTagSet", self.s3.get_bucket_tagging, Bucket=self.bucket)
        self.s3.put_bucket_tagging(Bucket=self.bucket, Tagging={"TagSet": tags})
        self.assertEqual(self.s3.get_bucket_tagging(Bucket=self.bucket)["TagSet"], tags)
        self.s3.delete_bucket_tagging(Bucket=self.bucket)

    def test_of_an_object_in_parts_leave_it_what_it_is(self):
        where = {"Bucket": self.bucket, "Key": "parts"}
        upload = {**where, "UploadId": self.s3.create_multipart_upload(
            **where, ACL="public-read", Tagging="a=1", Metadata={"m": "1"})["UploadId"]}
        parts = [{"PartNumber": number, "ETag": self.s3.upload_part(
            **upload, PartNumber=number, Body=body)["ETag"]}
            for number, body in ((1, b"1" * (5 << 20)), (2, b"2"))]
        etag = self.s3.complete_multipart_upload(
            **upload, MultipartUpload={"Parts": parts})["ETag"]
        self.assertEqual(self.s3.get_object_tagging(**where)["TagSet"],
                         [{"Key": "a", "Value": "1"}])
        self.s3.put_object_tagging(**where, Tagging={"TagSet": [{"Key": "b", "Value": "2"}]})
        head = self.s3.head_object(**where, PartNumber=2)
        self.assertEqual((head["ETag"], head["ContentLength"], head["Metadata"]),
                         (etag, 1, {"m": "1"}))
        plain = fetch(f"{CLUSTER.url}/{self.bucket}/parts")
        self.assertEqual(plain, b"1" * (5 << 20) + b"2")

    def test_of_acls(self):
        self.put("key", b"value")
        where = {"Bucket": self.bucket, "Key": "key"}
        acl = boto3.resource("s3", **settings()).ObjectAcl(self.bucket, "key")
        self.assertEqual([grant["Permission"] for grant in acl.grants], ["FULL_CONTROL"])
        self.s3.put_object_acl(**where, ACL="public-read")
        public = self.s3.get_object_acl(**where)
        self.assertEqual([(grant["Grantee"]["Type"], grant["Permission"])
                          for grant in public["Grants"]],
                         [("CanonicalUser", "FULL_CONTROL"), ("Group", "READ")])
        self.s3.put_object_acl(**where, ACL="private")
        self.s3.put_object_acl(**where, AccessControlPolicy={
            "Owner": public["Owner"], "Grants": public["Grants"]})
        self.assertEqual(fetch(f"{CLUSTER.url}/{self.bucket}/key"), b"value")
        self.s3.put_bucket_acl(Bucket=self.bucket, ACL="public-read")
        nobody = boto3.client("s3", **{**settings(signature_version=botocore.UNSIGNED)})
        self.assertIn("key", [entry["Key"] for entry in
                              nobody.list_objects_v2(Bucket=self.bucket)["Contents"]])
        self.assertEqual(nobody.get_object(**where)["Body"].read(), b"value")
        self.assert_refused("AccessDenied", nobody.put_object, **where, Body=b"")

    def test_of_cors(self):
        rules = [{"ID": "one", "AllowedOrigins": ["http://*.example"], "AllowedMethods": ["PUT"],
                  "AllowedHeaders": ["*"], "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 60},
                 {"AllowedOrigins": ["*"], "AllowedMethods": ["GET", "HEAD"]}]
        self.s3.put_bucket_cors(Bucket=self.bucket, CORSConfiguration={"CORSRules": rules})
        self.assertEqual(self.s3.get_bucket_cors(Bucket=self.bucket)["CORSRules"], rules)
        self.s3.delete_bucket_cors(Bucket=self.bucket)
        self.assert_refused("NoSuchCORSConfiguration", self.s3.get_bucket_cors, Bucket=self.bucket)

    def test_that_are_not_there(self):
        for operation, code in (
                ("policy", "NoSuchBucketPolicy"), ("policy_status", "NoSuchBucketPolicy"),
                ("lifecycle_configuration", "NoSuchLifecycleConfiguration"),
                ("encryption", "ServerSideEncryptionConfigurationNotFoundError"),
                ("ownership_controls", "OwnershipControlsNotFoundError"),
                ("replication", "ReplicationConfigurationNotFoundError"),
                ("website", "NoSuchWebsiteConfiguration")):
            self.assert_refused(code, getattr(self.s3, f"get_bucket_{operation}"),
                                Bucket=self.bucket)
        self.assert_refused("NoSuchPublicAccessBlockConfiguration",
                            self.s3.get_public_access_block, Bucket=self.bucket)
        self.assert_refused("ObjectLockConfigurationNotFoundError",
                            self.s3.get_object_lock_configuration, Bucket=self.bucket)
        payer = self.s3.get_bucket_request_payment(Bucket=self.bucket)["Payer"]
        self.assertEqual(payer, "BucketOwner")
        for operation in ("logging", "notification_configuration", "accelerate_configuration",
                          "versioning"):
            answer = getattr(self.s3, f"get_bucket_{operation}")(Bucket=self.bucket)
            answer.pop("ResponseMetadata")
            self.assertEqual(answer, {})

    def test_of_versions(self):
        for i in range(5):
            self.put(f"versions/{i}", b"x")
        pages = self.s3.get_paginator("list_object_versions").paginate(
            Bucket=self.bucket, Prefix="versions/", PaginationConfig={"PageSize": 2})
        versions = [version for page in pages for version in page["Versions"]]
        self.assertEqual([(version["Key"], version["VersionId"], version["IsLatest"])
                          for version in versions],
                         [(f"versions/{i}", "null", True) for i in range(5)])
        bucket = boto3.resource("s3", **settings()).Bucket(self.bucket)
        bucket.object_versions.filter(Prefix="versions/").delete()
        self.assertEqual(list(bucket.objects.filter(Prefix="versions/")), [])


class Errors(Tests):
    bucket = "errors"

    def test_have_their_codes(self):
        self.assert_refused("BucketAlreadyOwnedByYou", self.s3.create_bucket, Bucket="errors")
        self.assert_refused("NoSuchBucket", self.s3.list_objects_v2, Bucket="absent")
        self.assert_refused("404", self.s3.head_bucket, Bucket="absent")
        self.assert_refused("NoSuchBucket", self.s3.put_object, Bucket="absent", Key="k", Body=b"")
        self.assert_refused("KeyTooLongError", self.put, "k" * 1025, b"")
        self.put("k" * 1024, b"")
        for call in (self.get, lambda key, **more: self.s3.delete_object(
                Bucket=self.bucket, Key=key, **more)):
            self.assert_refused("InvalidArgument", call, "k" * 1024, VersionId="another")
            self.assert_refused("NoSuchVersion", call, "k" * 1024, VersionId="v" * 32)
        self.get("k" * 1024, VersionId="null")
        refused = self.assert_refused(
            "NotImplemented", self.s3.put_bucket_request_payment, Bucket=self.bucket,
            RequestPaymentConfiguration={"Payer": "Requester"})
        self.assertEqual(refused["ResponseMetadata"]["HTTPStatusCode"], 501)


class AnotherRegion(unittest.TestCase):
    def test_is_found_out_by_the_client_whatever_it_asks_first(self):
        with Cluster("-region", "eu-west-1") as cluster:
            def client_of(region):
                return boto3.client("s3", **{**settings(), "endpoint_url": cluster.url,
                                             "region_name": region})

            client_of("eu-west-1").create_bucket(
                Bucket="there", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
            client_of("us-east-1").put_object(Bucket="there", Key="k", Body=b"value")
            client_of("us-east-1").head_object(Bucket="there", Key="k")
            client_of("us-east-1").head_bucket(Bucket="there")
            got = io.BytesIO()
            client_of("us-east-1").download_fileobj("there", "k", got)
            self.assertEqual(got.getvalue(), b"value")


if __name__ == "__main__":
    clients.main(CLUSTER)
