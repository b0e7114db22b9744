"""Requests for one key that are under way together: is there one order of them that explains every
answer? (J. Wing, C. Gong, "Testing and Verifying Concurrent Objects", 1993.)

S3 and native clients change and read two keys at once, some of them slowly; then all orders that the
times allow are searched for one in which each answer is right. A seed is printed, MKV_SEED repeats it.
"""

import hashlib
import http.client
import os
import random
import re
import threading
import time
import unittest
import urllib.parse

import clients
from cluster import Cluster

CLUSTER = Cluster(signed=False, verbose=False, volumes=4)
SECONDS = 300 if os.environ.get("MKV_COMPAT_LONG") else 10
SEED = int(os.environ.get("MKV_SEED") or random.SystemRandom().randrange(1 << 32))
CLIENTS = 6
REQUESTS = 15  # of each client in an episode
SIZES = (16, 4096, 100_000, 3_000_000)  # on an event loop, on a worker, read while it is written
FEW = 2  # values of each size, so that ETags come back
S3 = {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
WRONG = "wrong"  # of an answer: it can not be given in this state
NONE = None  # of a key: there is no object; else (ETag, metadata, tags)


class Request:
    """One request with its answer; `step` is what it does to the state of its key."""

    def __init__(self, client, key, step, method, path, headers=S3, body=None, pause=0.0):
        self.text = f"{method} {path}"
        self.key = key
        self.began = time.monotonic()
        self.status, self.headers, self.body = client.exchange(method, path, headers, body, pause)
        self.ended = time.monotonic()
        # It may have been carried out, or not.
        self.uncertain = self.status is None or self.status >= 500
        if self.uncertain:
            self.ended = float("inf")
        self.reads = method == "GET"
        self._step = step

    def matters(self):
        return self.status != 409 and not (self.uncertain and self.reads)

    def step(self, state):
        return self._step(200 if self.uncertain else self.status, state, self)

    def __repr__(self):
        return f"{self.began:.4f} {self.ended:.4f} {self.status} {self.text}"


def condition_holds(condition, state):
    if condition is None:
        return True
    if condition == "*":
        return state is NONE
    return state is not NONE and state[0] == condition


def writes(condition, after):
    def step(status, state, _):
        holds = condition_holds(condition, state)
        if status in (200, 204):
            return after if holds else WRONG
        if status == 404:
            return state if state is NONE and condition not in (None, "*") else WRONG
        return state if status == 412 and not holds else WRONG
    return step


def needs_object(change):
    def step(status, state, request):
        if state is NONE:
            return state if status == 404 else WRONG
        return change(state, request) if status == 200 else WRONG
    return step


def creates(after):  # native: 403 when there is one
    def step(status, state, _):
        if status in (200, 201):
            return after if state is NONE else WRONG
        return state if status == 403 and state is not NONE else WRONG
    return step


def removes(status, state, _):  # native: 404 when there is none
    if status == 404:
        return state if state is NONE else WRONG
    return NONE if state is not NONE else WRONG


def explains(requests):
    """Whether some order does. The state is that before the first request: no object."""
    requests = sorted(requests, key=lambda request: request.began)
    needed = sum(1 << i for i, request in enumerate(requests) if not request.uncertain)
    seen, tries = set(), [(0, NONE)]
    while tries:
        done, state = tries.pop()
        if needed & ~done == 0:
            return True
        if (done, state) in seen:
            continue
        seen.add((done, state))
        # None that had begun after another one's answer comes before that one.
        first_end = min(request.ended for i, request in enumerate(requests)
                        if needed & ~done & 1 << i)
        for i, request in enumerate(requests):
            if request.began > first_end:
                break
            if done & 1 << i:
                continue
            after = request.step(state)
            if after != WRONG:
                tries.append((done | 1 << i, after))
    return False


class Client:
    def __init__(self, seed, values, keys):
        self._random = random.Random(seed)
        self._values = values
        self._keys = keys
        self._connection = None
        self._seen = []  # ETags
        self._ids = 0
        self._seed = seed
        self.requests = []
        self.torn = []

    def exchange(self, method, path, headers, body, pause):
        try:
            if self._connection is None:
                place = urllib.parse.urlsplit(CLUSTER.url)
                self._connection = http.client.HTTPConnection(place.hostname, place.port, timeout=60)
            self._connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in headers.items():
                self._connection.putheader(name, value)
            if method != "GET":
                self._connection.putheader("Content-Length", str(len(body or b"")))
            self._connection.endheaders()
            self._send(body, pause)
            answer = self._connection.getresponse()
            content = answer.read()
            if answer.will_close:
                self._connection = None
            return answer.status, answer.headers, content
        except (OSError, http.client.HTTPException):
            self._connection = None
            return None, {}, b""

    def _send(self, body, pause):
        half = len(body or b"") // 2
        try:
            self._connection.send((body or b"")[:half])
            time.sleep(pause)
            self._connection.send((body or b"")[half:])
        except OSError:
            pass  # refused before it was read: the answer is there

    def _id(self):
        self._ids += 1
        return f"{self._seed}-{self._ids}"

    def run(self):
        choices = ((self._put, 30), (self._delete, 8), (self.get, 25), (self._copy, 10), (self._tag, 9),
                   (self.get_tags, 8), (self._native_put, 6), (self._native_delete, 4))
        names, weights = zip(*choices)
        for _ in range(REQUESTS):
            key = self._random.choice(self._keys)
            request = self._random.choices(names, weights)[0](key)
            if request.matters():
                self.requests.append(request)

    def _value(self):
        value = self._random.choice(self._random.choices(self._values, (45, 35, 15, 5))[0])
        return value, hashlib.md5(value).hexdigest()

    def _pause(self):
        return self._random.choice((0.0, 0.0, 0.0, 0.005, 0.02, 0.1))

    def _condition(self, for_absent):
        chance = self._random.random()
        if chance < 0.35 and self._seen:
            etag = self._random.choice(self._seen[-3:])
            return etag, {"If-Match": f'"{etag}"'}
        if chance > 0.85 and for_absent:
            return "*", {"If-None-Match": "*"}
        return None, {}

    def _put(self, key):
        (value, etag), metadata = self._value(), self._id()
        condition, headers = self._condition(for_absent=True)
        request = Request(self, key, writes(condition, (etag, metadata, "")), "PUT", key,
                          {**S3, **headers, "x-amz-meta-id": metadata}, value, self._pause())
        if request.status == 200:
            self._seen.append(etag)
        return request

    def _delete(self, key):
        condition, headers = self._condition(for_absent=False)
        return Request(self, key, writes(condition, NONE), "DELETE", key, {**S3, **headers})

    def get(self, key):
        def check(state, request):
            got = request.headers["ETag"].strip('"'), request.headers.get("x-amz-meta-id", "")
            return state if state[:2] == got else WRONG
        request = Request(self, key, needs_object(check), "GET", key)
        if request.status == 200:
            etag = request.headers["ETag"].strip('"')
            self._seen.append(etag)
            if hashlib.md5(request.body).hexdigest() != etag:
                self.torn.append(request)
        return request

    def _copy(self, key):
        metadata = self._id()
        headers = {"x-amz-copy-source": key, "x-amz-metadata-directive": "REPLACE",
                   "x-amz-meta-id": metadata}
        return Request(self, key, needs_object(lambda state, _: (state[0], metadata, state[2])),
                       "PUT", key, {**S3, **headers})

    def _tag(self, key):
        tag = self._id()
        document = (f"<Tagging><TagSet><Tag><Key>t</Key><Value>{tag}</Value></Tag></TagSet></Tagging>")
        return Request(self, key, needs_object(lambda state, _: (*state[:2], tag)),
                       "PUT", f"{key}?tagging", S3, document.encode())

    def get_tags(self, key):
        def check(state, request):
            tags = re.findall(r"<Value>(.*?)</Value>", request.body.decode())
            return state if state[2] == "".join(tags) else WRONG
        return Request(self, key, needs_object(check), "GET", f"{key}?tagging")

    def _native_put(self, key):
        value, etag = self._value()
        return Request(self, key, creates((etag, "", "")), "PUT", key, {}, value, self._pause())

    def _native_delete(self, key):
        return Request(self, key, removes, "DELETE", key, {})


class OneOrder(unittest.TestCase):
    def episode(self, number, rng):
        values = [[rng.randbytes(size) for _ in range(FEW)] for size in SIZES]
        keys = [f"/ordered/{number}-{i}" for i in range(2)]
        group = [Client(rng.randrange(1 << 32), values, keys) for _ in range(CLIENTS)]
        threads = [threading.Thread(target=client.run) for client in group]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        last = Client(rng.randrange(1 << 32), values, keys)
        ends = [read(key) for key in keys for read in (last.get, last.get_tags)]
        self.assertEqual([request for client in [*group, last] for request in client.torn], [])
        requests = [request for client in group for request in client.requests] + ends
        self.assertEqual([request for request in requests if request.status is None], [])
        for key in keys:
            of_key = [request for request in requests if request.key == key and request.matters()]
            if not explains(of_key):
                lines = "\n".join(map(repr, sorted(of_key, key=lambda request: request.began)))
                self.fail(f"no order explains (MKV_SEED={SEED}):\n{lines}")

    def run_for(self, seconds, what):
        rng = random.Random(f"{SEED} {what}")
        end, number = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            self.episode(f"{what}-{number}", rng)
            number += 1
        print(f"seed {SEED}: {number} episodes, {what}")

    def test_explains_all_answers(self):
        self.assertEqual(Client(0, [], []).exchange("PUT", "/ordered", S3, None, 0)[0], 200)
        self.run_for(SECONDS / 2, "all-volumes")
        CLUSTER.stop("volume3")
        self.run_for(SECONDS / 2, "without-one")


if __name__ == "__main__":
    clients.main(CLUSTER)
