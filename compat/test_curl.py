"""curl with --aws-sigv4: SigV4 by something that knows nothing else of S3."""

import hashlib
import unittest
import xml.etree.ElementTree

import clients
from cluster import ACCESS_KEY, SECRET_KEY, Cluster

CURL = clients.find("curl")
CLUSTER = Cluster()
_SIGV4 = ("--aws-sigv4", "aws:amz:us-east-1:s3", "--user")
_SIGNED = (*_SIGV4, f"{ACCESS_KEY}:{SECRET_KEY}")
_WITHOUT_BODY = ("--header", "x-amz-content-sha256: UNSIGNED-PAYLOAD")  # S3 asks for the header
_NAMESPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"


def curl(*arguments, signed=_SIGNED):
    """The status, and the body."""
    if "--upload-file" not in arguments:
        arguments = (*_WITHOUT_BODY, *arguments)
    said = clients.run(
        [CURL, "--silent", "--show-error", *signed,
         "--write-out", "\n%{http_code}", *arguments], CLUSTER.environment())
    body, status = said.rsplit(b"\n", 1)
    return int(status), body


def sent(content, signed_as=None):
    """Options for a body: curl 7.88 signs the hash of an upload only when it is told."""
    digest = hashlib.sha256(content if signed_as is None else signed_as).hexdigest()
    body = clients.write(CLUSTER.folder / "body", content)
    return ("--upload-file", body, "--header", f"x-amz-content-sha256: {digest}")


class Curl(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.url = CLUSTER.url + "/curl"
        status, _ = curl("--request", "PUT", cls.url)
        assert status == 200, status

    def test_puts_gets_and_deletes(self):
        url = self.url + "/a%20key"
        self.assertEqual(curl(*sent(b"by curl"), url), (200, b""))
        self.assertEqual(curl(url), (200, b"by curl"))
        self.assertEqual(curl("--range", "3-", url), (206, b"curl"))
        self.assertEqual(curl("--request", "DELETE", url), (204, b""))
        self.assertEqual(curl(url)[0], 404)

    def test_lists(self):
        curl(*sent(b"x"), self.url + "/listed")
        status, body = curl(self.url + "?list-type=2&prefix=list")
        self.assertEqual(status, 200)
        document = xml.etree.ElementTree.fromstring(body)
        keys = [key.text for key in document.iter(_NAMESPACE + "Key")]
        self.assertEqual(keys, ["listed"])

    def test_is_refused_a_body_that_was_not_signed(self):
        status, body = curl(*sent(b"what came", signed_as=b"the original"), self.url + "/swapped")
        self.assertEqual(status, 400)
        self.assertIn(b"<Code>XAmzContentSHA256Mismatch</Code>", body)
        self.assertEqual(curl(self.url + "/swapped")[0], 404)

    def test_is_refused_by_an_error_document(self):
        wrong = (*_SIGV4, f"{ACCESS_KEY}:wrong")
        for options, code in (({"signed": wrong}, "SignatureDoesNotMatch"), ({}, "NoSuchKey")):
            with self.subTest(code):
                _, body = curl(self.url + "/absent", **options)
                document = xml.etree.ElementTree.fromstring(body)
                self.assertEqual(document.tag, "Error")
                self.assertEqual(document.findtext("Code"), code)
                for element in ("Message", "Resource", "RequestId"):
                    self.assertTrue(document.findtext(element))


if __name__ == "__main__":
    clients.main(CLUSTER)
