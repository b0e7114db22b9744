"""Who gets in: every method, every way for a request to look like S3 or like the native API, and every
kind of credentials, against one table of expected statuses.

No path, query or header may turn a request that needs credentials into one that does not: whatever
the table expects, a request without the rights must leave its key as it was and learn nothing of it.
"""

import base64
import http.client
import itertools
import json
import os
import unittest
import urllib.parse

import clients
from cluster import ACCESS_KEY, REGION, SECRET_KEY, Cluster

clients.import_or_become("botocore")
from botocore.auth import HmacV1QueryAuth, S3SigV4Auth, S3SigV4QueryAuth  # noqa: E402
from botocore.awsrequest import AWSRequest  # noqa: E402
from botocore.credentials import Credentials  # noqa: E402

DOMAIN = "s3.test"
READS = ("GET", "HEAD")
WRITES = ("PUT", "DELETE", "UNLINK", "REBALANCE")
METHODS = (*READS, *WRITES, "POST", "PATCH", "OPTIONS", "COPY")

# Access key -> secret, access, buckets. The admin is the cluster's own.
KEYS = {
    "TEAMREADER": ("team-reader-secret", "read-only", ["team"]),
    "TEAMWRITER": ("team-writer-secret", "read-write", ["team"]),
    "OTHERREADER": ("other-reader-secret", "read-only", ["other"]),
    "OTHERWRITER": ("other-writer-secret", "read-write", ["other"]),
    "READER": ("reader-secret", "read-only", None),
}
ADMIN = (ACCESS_KEY, SECRET_KEY)

# In the short form each form and method meets one of the wrong credentials, in turns.
LONG = "MKV_COMPAT_LONG" in os.environ


def in_turns(forms, methods, wrong):
    """Forms and methods with each of `wrong`, or in the short form with one of them."""
    for number, (form, method) in enumerate(itertools.product(forms, methods)):
        yield form, method, wrong if LONG else (wrong[number % len(wrong)],)


class SomeCluster(Cluster):
    """One with a file of credentials."""

    def __enter__(self):
        super().__enter__()
        return self

    def command(self, *arguments):
        file = self._folder / "credentials.json"
        entries = [
            {"user": name.lower(), "access_key": name, "secret_key": secret, "access": access,
             **({} if buckets is None else {"buckets": buckets})}
            for name, (secret, access, buckets) in KEYS.items()
        ]
        file.write_text(json.dumps(entries))
        file.chmod(0o600)
        return super().command("-credentials", str(file), "-domain", DOMAIN, *arguments)


CLUSTER = SomeCluster()


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = dict((name.lower(), value) for name, value in response.getheaders())
        self.body = response.read()

    def reveals(self, text):
        return text.encode() in self.body or any(text in value for value in self.headers.values())


class Gateway:
    """One connection, that says what it is told to."""

    def __init__(self):
        self.netloc = urllib.parse.urlsplit(CLUSTER.url).netloc
        self._connection = None

    def ask(self, method, target, headers=(), body=b""):
        headers = dict(headers)
        for attempt in range(2):
            if self._connection is None:
                self._connection = http.client.HTTPConnection(self.netloc, timeout=60)
            try:
                self._connection.putrequest(method, target, skip_host=True,
                                            skip_accept_encoding=True)
                for name, value in {"Host": self.netloc, **headers}.items():
                    self._connection.putheader(name, value)
                if body or method in ("PUT", "POST"):
                    self._connection.putheader("Content-Length", str(len(body)))
                self._connection.endheaders(body)
                answer = Answer(self._connection.getresponse())
                if answer.headers.get("connection") == "close":
                    self._connection.close()
                    self._connection = None
                return answer
            except (http.client.HTTPException, OSError):
                self._connection.close()
                self._connection = None
                if attempt == 1:
                    raise
        raise AssertionError("unreachable")

    def as_admin(self, method, target, body=b""):
        return self.ask(method, target, basic(*ADMIN), body)


def basic(access_key, secret_key):
    text = base64.b64encode(f"{access_key}:{secret_key}".encode()).decode()
    return {"Authorization": "Basic " + text}


def sign(how, access_key, secret_key, method, target, headers, body):
    """The target and the headers of the request, signed by botocore."""
    host = headers.get("Host", CLUSTER.url.split("//")[1])
    request = AWSRequest(method=method, url=f"http://{host}{target}", headers=headers,
                         data=body if how == "v4" else None)
    credentials = Credentials(access_key, secret_key)
    if how == "v4":
        S3SigV4Auth(credentials, "s3", REGION).add_auth(request)
    elif how == "presigned":
        S3SigV4QueryAuth(credentials, "s3", REGION, expires=60).add_auth(request)
    elif how == "expired":
        HmacV1QueryAuth(credentials, expires=-5).add_auth(request)
    elif how == "v2":
        HmacV1QueryAuth(credentials, expires=60).add_auth(request)
    signed = urllib.parse.urlsplit(request.url)
    return (signed.path + ("?" + signed.query if signed.query else ""),
            {name: str(value) for name, value in request.headers.items()})


class Form:
    """One way for a request to say what it wants. {key} stands for the key of the case, in /team."""

    def __init__(self, name, target="/team/{key}", headers=(), s3=lambda method: False,
                 lists=lambda method: False):
        self.name = name
        self.target = target
        self.headers = dict(headers)
        self._s3 = s3
        self.lists = lists

    def is_s3(self, method):
        return method == "OPTIONS" or self._s3(method)


def always(_):
    return True


def only_get(method):
    return method == "GET"


def all_but_get(method):
    return method != "GET"


OBJECT_FORMS = (  # plain requests for one object
    Form("plain"),
    Form("empty query", "/team/{key}?"),
    Form("encoded path", "/%74eam/%6B{rest}"),
    Form("a header of SDKs", headers={"amz-sdk-invocation-id": "1"}, s3=always),
    Form("an x-amz header", headers={"X-AMZ-meta-a": "b"}, s3=always),
    Form("x-id", "/team/{key}?x-id=Any", s3=always),
    Form("encoded x-id", "/team/{key}?%78%2Did=Any", s3=always),
    Form("bucket in the host", "/{key}", {"Host": "team." + DOMAIN}, s3=always),
    Form("bucket in the host with a port", "/{key}", {"Host": f"TEAM.{DOMAIN}:80"}, s3=always),
)
OTHER_FORMS = (
    Form("a query of its own", "/team/{key}?unknown", lists=only_get),
    Form("an S3 name with a value that is native", "/team/{key}?list=acl", lists=only_get),
    Form("native listing", "/team/?list", lists=only_get),
    Form("native listing of all", "/?list", lists=only_get),
    Form("native listing with start", "/?list&start=/team/", lists=only_get),
    Form("native listing of the unlinked", "/?unlinked&limit=5", lists=only_get),
    Form("native listing with an S3 name", "/team/?list&uploads", s3=all_but_get, lists=only_get),
    Form("native listing with a signature's name", "/team/?list&X-Amz-Signature=1", s3=always),
    Form("native listing with V2's", "/team/?list&%53ignature=1", s3=always),
    *(Form("sub-resource " + name, f"/team/{{key}}?{name}", s3=always)
      for name in ("acl", "tagging", "uploads", "uploadId=1&partNumber=1", "versionId=null",
                   "partNumber=1", "%61cl", "attributes", "acl&list", "x=1&acl=")),
    *(Form("bucket's " + name, f"/team?{name}", s3=always)
      for name in ("list-type=2", "location", "delete", "versioning", "cors", "policy")),
    Form("a form", headers={"Content-Type": "Multipart/Form-Data; boundary=b"},
         s3=lambda method: method == "POST"),
    Form("SigV4 in a header, made up", s3=always,
         headers={"Authorization": "AWS4-HMAC-SHA256 Credential=x"}),
    Form("SigV2 in a header", s3=always, headers={"Authorization": f"AWS {ACCESS_KEY}:sig"}),
    Form("another scheme", headers={"Authorization": "Bearer " + SECRET_KEY}),
    Form("two slashes", "//team/{key}"),
    Form("dots", "/other/../team/{key}"),
)

NOBODY = ("none", None)
BASIC_WRONG = (("basic", (ACCESS_KEY, "wrong")), ("basic", ("NOBODY", SECRET_KEY)),
               ("basic", (ACCESS_KEY, "")), ("basic", ("", "")),
               ("basic", (ACCESS_KEY, SECRET_KEY + "x")), ("basic", ("TEAMREADER", SECRET_KEY)))
SIGNED_WRONG = tuple(
    (how, keys) for how in ("v4", "presigned", "v2")
    for keys in ((ACCESS_KEY, "wrong"), ("NOBODY", SECRET_KEY), ("TEAMREADER", SECRET_KEY))
) + (("expired", ADMIN),)


def right(how, name):
    return (how, ADMIN if name == "admin" else (name, KEYS[name][0]))


class Access(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.gateway = Gateway()
        cls.numbers = itertools.count(1)
        for key in ("/other/hidden", "/outside", "/team/first"):
            assert cls.gateway.as_admin("PUT", key, b"of others").status == 201
        cls.cases = 0

    def case(self, form, method, credentials):
        """Sends it for a new key of its own: the answer, what the key holds, what is left of it."""
        how, keys = credentials
        key = f"k{next(self.numbers)}"
        value = f"the value of {key}"
        there = method != "PUT"
        if there:
            self.assertEqual(
                self.gateway.as_admin("PUT", "/team/" + key, value.encode()).status, 201)
        body = b"written" if method == "PUT" else b""
        target = form.target.format(key=key, rest=key[1:])
        headers = dict(form.headers)
        if how == "basic":
            headers.update(basic(*keys))
        elif how != "none":
            target, headers = sign(how, *keys, method, target, headers, body)
        answer = self.gateway.ask(method, target, headers, body)
        after = self.gateway.as_admin("GET", "/team/" + key)
        unchanged = after.status == (302 if there else 404)
        type(self).cases += 1
        return answer, value, unchanged

    def told(self, form, method, credentials, answer):
        how, keys = credentials
        return f"{method} {form.name}, {how} {keys and keys[0]}: {answer.status} {answer.body[:300]}"

    def refused(self, form, method, credentials, statuses):
        answer, value, unchanged = self.case(form, method, credentials)
        told = self.told(form, method, credentials, answer)
        self.assertIn(answer.status, statuses, told)
        self.assertFalse(answer.reveals(value), told)
        self.assertFalse(answer.reveals("md5="), told)  # a signed link
        self.assertTrue(unchanged, told)
        return answer

    def test_without_or_with_wrong_credentials_nothing_is_done_or_told(self):
        forms = (*OBJECT_FORMS, *OTHER_FORMS)
        for form, method, wrong in in_turns(forms, METHODS, BASIC_WRONG):
            for credentials in (NOBODY, *wrong):
                if credentials[0] == "basic" and "Authorization" in form.headers:
                    continue
                if not form.is_s3(method):
                    answer = self.refused(form, method, credentials, (401,))
                    self.assertTrue(answer.headers["www-authenticate"].startswith("Basic "))
                elif credentials[0] == "basic" or "Authorization" in form.headers:
                    # No scheme of S3's, or no signature; answered before anything is looked up.
                    self.refused(form, method, credentials, (400, 403))
                else:
                    # What is no operation of S3's can be answered before it is asked who sent it:
                    # 412 for a POST to a bucket that is no form.
                    expected = {400, 403, 405, *((412,) if method == "POST" else ()), 501}
                    if form in OBJECT_FORMS and method in ("GET", "HEAD", "PUT", "DELETE"):
                        expected = {403}
                    self.refused(form, method, credentials, expected)
        for form, method, wrong in in_turns(forms, METHODS, SIGNED_WRONG):
            if "Authorization" in form.headers or "ignature" in form.target:
                continue
            for credentials in wrong:
                # A preflight request without an origin is told so, whoever sends it.
                self.refused(form, method, credentials,
                             (400, 403) if method == "OPTIONS" else (403,))

    def test_native_rights(self):
        done = {"GET": 302, "HEAD": 302, "PUT": 201, "DELETE": 204, "UNLINK": 204, "REBALANCE": 204}
        for form, method in itertools.product(OBJECT_FORMS, METHODS):
            if form.is_s3(method):
                continue
            for name in ("TEAMREADER", "TEAMWRITER", "OTHERREADER", "OTHERWRITER", "READER",
                         "admin"):
                may_read = not name.startswith("OTHER")
                may_write = name in ("TEAMWRITER", "admin")
                credentials = right("basic", name)
                if not (may_read if method in READS else may_write):
                    self.refused(form, method, credentials, (403,))
                    continue
                answer, _, _ = self.case(form, method, credentials)
                self.assertEqual(answer.status, done.get(method, 405),
                                 self.told(form, method, credentials, answer))

    def test_s3_rights(self):
        done = {"GET": 200, "HEAD": 200, "PUT": 200, "DELETE": 204}
        for form, method, how in itertools.product(OBJECT_FORMS, done, ("v4", "presigned", "v2")):
            if how != "v4" and any(name.lower().startswith("x-amz-") for name in form.headers):
                continue  # V2 signs them otherwise, and presigned ones are refused unless signed
            if how == "v2" and "Host" in form.headers:
                continue  # botocore's V2 knows no bucket in the host
            if form.name.startswith("encoded"):
                continue  # what is signed is the request as it would be encoded, which is another
            for name in ("TEAMREADER", "TEAMWRITER", "OTHERREADER", "OTHERWRITER", "READER",
                         "admin"):
                may_read = not name.startswith("OTHER")
                may_write = name in ("TEAMWRITER", "admin")
                credentials = right(how, name)
                if not (may_read if method in READS else may_write):
                    self.refused(form, method, credentials, (403,))
                    continue
                answer, _, _ = self.case(form, method, credentials)
                self.assertEqual(answer.status, done[method],
                                 self.told(form, method, credentials, answer))

    def test_other_s3_requests_need_rights_too(self):
        for form, method in itertools.product(OTHER_FORMS, METHODS):
            if "Authorization" in form.headers or "ignature" in form.target:
                continue
            # Where the path is not in /team at all, it may be done.
            elsewhere = (200, 204, 404) if form.target.startswith(("/?", "/other", "//")) else ()
            for name in ("OTHERREADER", "OTHERWRITER"):
                self.refused(form, method, right("v4", name),
                             (400, 403, 405, *((412,) if method == "POST" else ()), 501,
                              *elsewhere))

    def test_native_listings_show_what_may_be_read(self):
        self.gateway.as_admin("PUT", "/team/listed", b"x")
        self.gateway.as_admin("PUT", "/other/unlinked", b"x")
        self.gateway.as_admin("UNLINK", "/other/unlinked")
        seen = {name: ("/team/listed" in keys, "/other/hidden" in keys, "/outside" in keys)
                for name, keys in self.listings("/?list")}
        self.assertEqual(seen, {
            "TEAMREADER": (True, False, False), "TEAMWRITER": (True, False, False),
            "OTHERREADER": (False, True, False), "OTHERWRITER": (False, True, False),
            "READER": (True, True, True), "admin": (True, True, True)})
        for target in ("/?list&start=/other/hidden", "/other/?list", "/o?list", "/?list&start=/o",
                       "/team/../other/?list", "/?list&limit=1&start=/other", "/%6Fther/?list"):
            for name, keys in self.listings(target):
                if name.startswith("TEAM"):
                    self.assertEqual([key for key in keys if not key.startswith("/team/")], [],
                                     target)
        for name, keys in self.listings("/?unlinked"):
            self.assertEqual("/other/unlinked" in keys, not name.startswith("TEAM"), name)

    def listings(self, target):
        """What each key is shown, and `next` with it."""
        for name in (*KEYS, "admin"):
            answer = self.gateway.ask("GET", target, basic(*right("", name)[1]))
            self.assertEqual(answer.status, 200, target)
            listing = json.loads(answer.body)
            yield name, [*listing["keys"], *([listing["next"]] if listing["next"] else [])]

    def test_s3_listings_show_what_may_be_read(self):
        def buckets(name):
            target, headers = sign("v4", *right("", name)[1], "GET", "/", {}, b"")
            return self.gateway.ask("GET", target, headers).body

        self.gateway.as_admin("PUT", "/team/listed", b"x")
        for name in (*KEYS, "admin"):
            shown = buckets(name)
            self.assertEqual(b"<Name>team</Name>" in shown, not name.startswith("OTHER"), name)
            self.assertEqual(b"<Name>other</Name>" in shown, not name.startswith("TEAM"), name)
            self.assertNotIn(b".mkv", shown)
            for start in ("", "&start-after=hid", "&prefix=hid"):
                target, headers = sign("v4", *right("", name)[1], "GET",
                                       "/other?list-type=2" + start, {}, b"")
                answer = self.gateway.ask("GET", target, headers)
                may = not name.startswith("TEAM")
                self.assertEqual(answer.status, 200 if may else 403)
                self.assertEqual(answer.reveals("hidden"), may)

    def test_a_copy_reads_only_what_its_caller_may_read(self):
        for source in ("other/hidden", "/other/hidden", "%6Fther/hidden", "/team/../other/hidden",
                       "outside", "/outside", ".mkv/bucket/team", "/.mkv/bucket/team"):
            headers = {"x-amz-copy-source": source}
            key = f"/team/copy{next(self.numbers)}"
            target, signed = sign("v4", *right("", "TEAMWRITER")[1], "PUT", key, headers, b"")
            answer = self.gateway.ask("PUT", target, signed)
            self.assertIn(answer.status, (400, 403, 404), source)
            self.assertEqual(self.gateway.as_admin("GET", key).status, 404, source)
            if "other" in source and ".." not in source:
                self.assertEqual(answer.status, 403, source)
        # And writes only where he may write.
        self.gateway.as_admin("PUT", "/team/source", b"x")
        target, signed = sign("v4", *right("", "TEAMREADER")[1], "PUT", "/team/target",
                              {"x-amz-copy-source": "/team/source"}, b"")
        self.assertEqual(self.gateway.ask("PUT", target, signed).status, 403)
        # A presigned PUT can not be made a copy by whoever was given it.
        target, _ = sign("presigned", *ADMIN, "PUT", "/team/taken", {}, b"")
        answer = self.gateway.ask("PUT", target, {"x-amz-copy-source": "/other/hidden"})
        self.assertEqual(answer.status, 403)

    def test_admin_calls_need_an_admin(self):
        calls = ("/.mkv/rebalance", "/.mkv/forget?volume=nowhere:1", "/%2Emkv/rebalance",
                 "/.mkv/unknown", "/.mkv/bucket/team")
        for target in calls:
            for credentials in (NOBODY, *BASIC_WRONG):
                headers = basic(*credentials[1]) if credentials[1] else {}
                for method in METHODS:
                    answer = self.gateway.ask(method, target, headers)
                    expected = 401 if method != "OPTIONS" else answer.status
                    self.assertEqual(answer.status, expected, (method, target))
                    self.assertNotIn(answer.status, (200, 201, 204, 302), (method, target))
            for name in KEYS:
                answer = self.gateway.ask("POST", target, basic(name, KEYS[name][0]))
                self.assertEqual(answer.status, 403, (name, target))
            for name, method in itertools.product((*KEYS, "admin"), METHODS):
                answer = self.gateway.ask(method, target, basic(*right("", name)[1]))
                if method == "POST" and name == "admin":
                    self.assertEqual(answer.status, 200 if target in calls[:3] else 404, target)
                else:
                    self.assertIn(answer.status, (400, 403, 404, 405, 501), (name, method, target))
        # As S3 they are no bucket's.
        for name, method, target in itertools.product(
                (*KEYS, "admin"), ("GET", "HEAD", "PUT", "DELETE", "POST"),
                ("/.mkv/rebalance", "/.mkv/bucket/team", "/.mkv", "/.mkv?list-type=2",
                 "/%2Emkv/bucket/team")):
            signed, headers = sign("v4", *right("", name)[1], method, target, {}, b"")
            answer = self.gateway.ask(method, signed, headers)
            self.assertIn(answer.status, (400, 403, 404, 405, 412, 501), (name, method, target))
            self.assertFalse(answer.reveals("owner"), (name, method, target))

    def test_health_is_for_anyone_and_tells_nothing(self):
        for method in READS:
            for headers in ({}, basic(ACCESS_KEY, "wrong")):
                answer = self.gateway.ask(method, "/.mkv/health", headers)
                self.assertEqual(answer.status, 200)
                self.assertIn(answer.body, (b"ok\n", b""))

    @classmethod
    def tearDownClass(cls):
        print(f"{cls.cases} requests of the matrix", flush=True)


if __name__ == "__main__":
    clients.main(CLUSTER)
