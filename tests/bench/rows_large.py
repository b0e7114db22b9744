"""Values whose bytes are the cost."""

import base64
import hashlib
import os
import re
import time
import zlib

import nginx
from cluster import Cluster, accepts
from load import (
    BUILD,
    Refused,
    blob_path,
    curl,
    rate,
    run,
    together,
    upload,
    wrk,
    write_lines,
)
from measure import Row
from rows_small import make_bucket
from signing import Signer

MB = 1 << 20
_SOCKETS_MB = 64  # what sockets and processes take beside the values, with room to spare


def make_file(folder, size):
    file = folder / f"value-{size}"
    if not file.exists():
        with open(file, "wb") as output:
            for _ in range(size // MB):
                output.write(os.urandom(MB))
    return file


class _Uploads:
    """PUTs through the gateway and straight to the volumes; each removes what it wrote."""

    def __init__(self, cluster, replicas=3):
        self._cluster = cluster
        self._volumes = cluster.volumes[:replicas]

    def ours(self, file, clients=1, repeats=1):
        keys = [f"/large-{i}" for i in range(clients)]
        seconds = 0
        for _ in range(repeats):
            seconds += together(upload(file, self._cluster.url + key) for key in keys)
            self._remove(self._cluster.url + key for key in keys)
        return seconds / repeats

    def straight(self, file, clients=1, repeats=1):
        urls = [
            f"http://{volume}{blob_path(f'/straight-{i}', volume, 10)}"
            for i in range(clients)
            for volume in self._volumes
        ]
        seconds = 0
        for _ in range(repeats):
            seconds += together(upload(file, url) for url in urls)
            self._remove(urls)
        return seconds / repeats

    def _remove(self, urls):
        for url in urls:
            curl("-X", "DELETE", "-o", "/dev/null", url)


def large_put(settings):
    with Cluster(signed=False, verbose=False, volume_workers="auto") as cluster:
        uploads = _Uploads(cluster)
        rows = [(64, 1, settings.repeats), (16 if settings.quick else 64, 8, 1)]
        if not settings.quick:
            rows.append((1024, 1, 1))
        for megabytes, clients, repeats in rows:
            file = make_file(settings.folder, megabytes * MB)
            size = "1 GB" if megabytes == 1024 else f"{megabytes} MB"
            yield Row(
                f"PUT {size}, {clients} client" + "s" * (clients > 1),
                f"curl -T, native, {clients} at once, 3 replicas",
                f"{3 * clients} parallel curls to the volumes",
                "s",
                lambda: uploads.ours(file, clients, repeats),
                lambda: uploads.straight(file, clients, repeats),
                1.2,
                3 * clients * megabytes + _SOCKETS_MB,
            )


def _chunked_body(folder, file):
    """aws-chunked as the SDKs send it: 1 MiB chunks, unsigned, and the CRC32 in a trailer."""
    body = folder / "chunked"
    crc = 0
    with open(file, "rb") as source, open(body, "wb") as output:
        while chunk := source.read(MB):
            crc = zlib.crc32(chunk, crc)
            output.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
        digest = base64.b64encode(crc.to_bytes(4, "big")).decode()
        output.write(f"0\r\nx-amz-checksum-crc32:{digest}\r\n\r\n".encode())
    return body


def s3_large_put(settings):
    repeats = settings.repeats
    file = make_file(settings.folder, 64 * MB)
    payload = hashlib.sha256(file.read_bytes()).hexdigest()
    with Cluster("-garbage-delay", "0s", verbose=False, volume_workers="auto") as cluster:
        make_bucket(cluster)
        uploads = _Uploads(cluster)
        body = _chunked_body(settings.folder, file)

        def put(sent, hashed, headers):
            seconds = 0
            for _ in range(repeats):
                lines = Signer(cluster.url).headers("PUT", "/bench/large", hashed, "", headers)
                words = [word for line in lines for word in ("-H", line)]
                seconds += together([[*upload(sent, f"{cluster.url}/bench/large"), *words]])
                lines = Signer(cluster.url).headers("DELETE", "/bench/large")
                words = [word for line in lines for word in ("-H", line)]
                curl("-X", "DELETE", *words, f"{cluster.url}/bench/large")
            return seconds / repeats

        trailer = {
            "content-encoding": "aws-chunked",
            "x-amz-decoded-content-length": str(64 * MB),
            "x-amz-trailer": "x-amz-checksum-crc32",
        }
        for name, sent, hashed, headers in (
            ("S3 PutObject 64 MB, signed payload", file, payload, {}),
            (
                "S3 PutObject 64 MB, trailer CRC",
                body,
                "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
                trailer,
            ),
        ):
            yield Row(
                name,
                "curl -T, header signed, " + ("CRC32 in a trailer" if headers else "SHA-256 sent"),
                "3 parallel curls to the volumes",
                "s",
                lambda: put(sent, hashed, headers),
                lambda: uploads.straight(file, 1, repeats),
                1.4,
                3 * 64 + _SOCKETS_MB,
            )


def s3_get(settings):
    sizes = {"4 KB": (4096, 1000), "1 MB": (MB, 64), "64 MB": (64 * MB, 1)}
    with Cluster(verbose=False, volumes=1, replicas=1, volume_workers="auto") as cluster:
        make_bucket(cluster)
        proxy = nginx.proxy(cluster, cluster.volumes[0])
        signer = Signer(cluster.url)
        files = {}
        for name, (size, count) in sizes.items():
            keys = [f"/bench/{size}-{i}" for i in range(count)]
            source = cluster.folder / f"{size}"
            source.write_bytes(os.urandom(size))
            words = []
            for key in keys:
                words += ["-T", source, cluster.url + signer.presign("PUT", key), "-o", "/dev/null"]
            curl(*words)
            files[name] = (
                write_lines(cluster.folder / f"s{size}", (signer.presign("GET", k) for k in keys)),
                write_lines(
                    cluster.folder / f"p{size}",
                    (blob_path(k, cluster.volumes[0], 10) for k in keys),
                ),
            )

        def one_client(url, paths):
            words = []
            for _ in range(10):
                words += ["-o", "/dev/null", url + paths.read_text().strip()]
            return 10 * 64 / curl(*words)

        yield Row(
            "S3 GetObject 64 MB, 1 client",
            "curl, presigned, ten one after another (MB)",
            "nginx proxy_pass to the same volume",
            "/s",
            lambda: one_client(cluster.url, files["64 MB"][0]),
            lambda: one_client(proxy, files["64 MB"][1]),
            1.0,
        )
        for name, connections, target in (("1 MB", 16, 1.0), ("4 KB", 32, 0.75)):
            ours, theirs = files[name]
            yield Row(
                f"S3 GetObject {name}, {connections} clients",
                f"wrk -t2 -c{connections}, presigned, {sizes[name][1]} keys in turn",
                "nginx proxy_pass to the same volume",
                "/s",
                lambda: rate(wrk(cluster.url, ours, connections, settings.seconds)),
                lambda: rate(wrk(proxy, theirs, connections, settings.seconds)),
                target,
            )


class _Multipart:
    """1 GB in parts of 16 MB, ten at once, by one curl."""

    KEY = "/bench/multipart"
    PART = 16 * MB

    def __init__(self, settings, cluster, size):
        self._url = cluster.url
        self._count = size // self.PART
        self._part = make_file(settings.folder, self.PART)
        self._md5 = hashlib.md5(self._part.read_bytes()).hexdigest()

    def send_parts(self, url_of):
        words = ["-Z", "--parallel-max", "10"]
        for number in range(1, self._count + 1):
            words += ["-T", self._part, "-o", "/dev/null", url_of(number)]
        return together([["curl", "-sS", "--fail", "--no-progress-meter", "--noproxy", "*", *words]])

    def upload(self):
        """Seconds for the parts and Complete."""
        signer = Signer(self._url)
        answer = self._request("POST", "uploads=")
        upload = re.search("<UploadId>(.*)</UploadId>", answer).group(1)
        seconds = self.send_parts(
            lambda n: self._url
            + signer.presign("PUT", self.KEY, query=f"partNumber={n}&uploadId={upload}")
        )
        parts = "".join(
            f"<Part><PartNumber>{n}</PartNumber><ETag>{self._md5}</ETag></Part>"
            for n in range(1, self._count + 1)
        )
        started = time.perf_counter()
        answer = self._request(
            "POST",
            f"uploadId={upload}",
            f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>",
        )
        seconds += time.perf_counter() - started
        if "<ETag>" not in answer:
            raise Refused(answer)
        self._request("DELETE", "")
        return seconds

    def _request(self, method, query, body=""):
        lines = Signer(self._url).headers(method, self.KEY, query=query)
        words = [word for line in lines for word in ("-H", line)]
        if body:
            words += ["--data-binary", body, "-H", "Content-Type: application/xml"]
        target = self._url + self.KEY + ("?" + query if query else "")
        return run(["curl", "-sS", "--fail", "--noproxy", "*", "-X", method, *words, target])


def multipart(settings):
    size = (64 if settings.quick else 1024) * MB
    text = "64 MB" if settings.quick else "1 GB"
    file = make_file(settings.folder, size)
    memory = ("-multipart-memory", "2G", "-garbage-delay", "0s")
    with Cluster(*memory, verbose=False, volume_workers="auto") as cluster:
        make_bucket(cluster)
        parts = _Multipart(settings, cluster, size)
        sink = cluster.start_on_free_port(
            "sink", lambda port: [BUILD / "bench_sink", str(port)], accepts
        )

        def straight():
            """The bytes into memory, and a single PUT."""
            seconds = parts.send_parts(lambda n: f"http://127.0.0.1:{sink}/part{n}")
            lines = Signer(cluster.url).headers("PUT", "/bench/single")
            words = [word for line in lines for word in ("-H", line)]
            seconds += together([[*upload(file, f"{cluster.url}/bench/single"), *words]])
            lines = Signer(cluster.url).headers("DELETE", "/bench/single")
            words = [word for line in lines for word in ("-H", line)]
            curl("-X", "DELETE", *words, f"{cluster.url}/bench/single")
            return seconds

        yield Row(
            f"multipart {text}, 10 parts at once",
            "curl -Z --parallel-max 10, parts of 16 MB, and Complete",
            "the parts to a server that only keeps them, and one PUT",
            "s",
            parts.upload,
            straight,
            1.1,
            4 * size // MB + _SOCKETS_MB,  # the parts in memory, and three replicas
        )


GROUPS = [large_put, s3_large_put, s3_get, multipart]
