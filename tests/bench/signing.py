"""SigV4, as much as the loads need; boto3 would take longer to sign than the server to answer."""

import datetime
import hashlib
import hmac
import urllib.parse

from cluster import ACCESS_KEY, REGION, SECRET_KEY


def _hmac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


class Signer:
    """For one host, as of when it was made: signs for some minutes."""

    def __init__(self, url):
        self._host = urllib.parse.urlsplit(url).netloc
        now = datetime.datetime.now(datetime.timezone.utc)
        self._time = now.strftime("%Y%m%dT%H%M%SZ")
        self._scope = f"{self._time[:8]}/{REGION}/s3/aws4_request"
        key = ("AWS4" + SECRET_KEY).encode()
        for part in self._scope.split("/"):
            key = _hmac(key, part)
        self._key = key

    def _sign(self, method, path, query, headers, payload):
        names = ";".join(sorted(headers))
        fields = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
        canonical = "\n".join((method, path, query, fields, names, payload))
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256\n{self._time}\n{self._scope}\n{digest}"
        return names, hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()

    def presign(self, method, path, headers=None, query=""):
        """The path with its signed query. `headers`: lower-case names, to be sent with it; `query`:
        parameters that sort behind X-Amz-, as lower-case ones do."""
        headers = {"host": self._host, **(headers or {})}
        signed = (
            "X-Amz-Algorithm=AWS4-HMAC-SHA256"
            f"&X-Amz-Credential={ACCESS_KEY}%2F{self._scope.replace('/', '%2F')}"
            f"&X-Amz-Date={self._time}&X-Amz-Expires=3600"
            f"&X-Amz-SignedHeaders={'%3B'.join(sorted(headers))}"
        )
        query = signed + ("&" + query if query else "")
        _, signature = self._sign(method, path, query, headers, "UNSIGNED-PAYLOAD")
        return f"{path}?{query}&X-Amz-Signature={signature}"

    def headers(self, method, path, payload="UNSIGNED-PAYLOAD", query="", headers=None):
        """What to send with the request: the given ones, the payload's hash and the signature."""
        headers = {**(headers or {}), "x-amz-content-sha256": payload, "x-amz-date": self._time}
        names, signature = self._sign(
            method, path, query, {**headers, "host": self._host}, payload
        )
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{self._scope}, "
            f"SignedHeaders={names}, Signature={signature}"
        )
        return [f"{name}: {value}" for name, value in headers.items()]
