"""Values whose bytes are the cost."""

import base64
import hashlib
import os
import zlib

import nginx
from cluster import Cluster
from load import blob_path, curl, rate, together, upload, wrk, write_lines
from measure import Row
from rows_small import make_bucket
from signing import Signer

MB = 1 << 20


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
        rows = [(64, 1, 5), (64, 8, 1)] + ([] if settings.quick else [(1024, 1, 1)])
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
    repeats = 5
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


GROUPS = [large_put, s3_large_put, s3_get]
