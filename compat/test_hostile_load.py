"""Thousands of clients that hold a connection and do next to nothing with it, beside an ordinary one.

10,000 that say nothing, 1,000 that send a byte a second, and 500 that ask for large answers and never
read them: the ordinary client's median latency stays under twice that of the quiet gateway, and the
gateway's memory stays bounded. Both medians are of one run, each the least of several rounds, so that a
busy machine makes both slow and not their ratio.
"""

import http.client
import os
import pathlib
import resource
import select
import socket
import statistics
import threading
import time
import unittest
import urllib.parse

import clients
from cluster import Cluster

LONG = "MKV_COMPAT_LONG" in os.environ
IDLE, SLOW, NEVER_READING = (10000, 1000, 500) if LONG else (1000, 100, 50)
REQUESTS = 300
ROUNDS = 5
MOST_RATIO = 2 if LONG else 5  # the short form runs beside other tests
MOST_BYTES = 300 << 20 if LONG else 150 << 20

_soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (_hard, _hard))
if _hard < IDLE + SLOW + NEVER_READING + 500:
    clients.skip(f"{_hard} open files are too few")

CLUSTER = Cluster("-max-connections", "15000", signed=False, verbose=False)


class HostileLoad(unittest.TestCase):
    def test_an_ordinary_client_hardly_notices(self):
        address = urllib.parse.urlsplit(CLUSTER.url)
        self.address = ("127.0.0.1", address.port)
        ordinary = http.client.HTTPConnection("127.0.0.1", address.port)
        ordinary.request("PUT", "/bucket/large", b"x" * (8 << 20))
        ordinary.getresponse().read()
        ordinary.request("PUT", "/bucket/key", b"value")
        ordinary.getresponse().read()

        quiet = self.median(ordinary)
        before = self.resident()
        stop = threading.Event()
        connections = [self.connect(b"") for _ in range(IDLE)]
        slow = [self.connect(b"GET /bucket/key HTTP/1.1\r\nHost: x\r\nX: ") for _ in range(SLOW)]
        connections += [
            self.connect(b"GET /bucket/large?x-id=GetObject HTTP/1.1\r\nHost: x\r\n\r\n",
                         receive_buffer=4096)
            for _ in range(NEVER_READING)
        ]
        sender = threading.Thread(target=self.drip, args=(slow, stop))
        sender.start()
        try:
            time.sleep(3)  # for all of them to be where they will stay
            busy = self.median(ordinary)
            held = self.resident()
        finally:
            stop.set()
            sender.join()
        alive = sum(self.is_open(connection) for connection in [*connections, *slow])
        print(f"median {quiet * 1e6:.0f} us, with the others {busy * 1e6:.0f} us; "
              f"{alive} connections held; resident {before >> 20} MB, then {held >> 20} MB",
              flush=True)
        self.assertGreater(alive, 0.95 * (IDLE + SLOW + NEVER_READING))
        self.assertLess(busy, MOST_RATIO * quiet)
        if not os.environ.get("MKV_SANITIZE"):  # a sanitizer has a memory of its own
            self.assertLess(held, MOST_BYTES)
        for connection in [*connections, *slow]:
            connection.close()
        self.median(ordinary)

    def connect(self, said, receive_buffer=None):
        connection = socket.socket()
        if receive_buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.connect(self.address)
        connection.sendall(said)
        return connection

    @staticmethod
    def drip(connections, stop):
        while not stop.wait(1):
            for connection in connections:
                try:
                    connection.send(b"x")
                except OSError:
                    pass

    @staticmethod
    def is_open(connection):
        readable = select.poll()
        readable.register(connection, select.POLLRDHUP | select.POLLHUP)
        return not readable.poll(0)

    @staticmethod
    def median(client):
        medians = []
        for _ in range(ROUNDS):
            times = []
            for _ in range(REQUESTS):
                begin = time.perf_counter()
                client.request("GET", "/bucket/key?x-id=GetObject")
                assert client.getresponse().read() == b"value"
                times.append(time.perf_counter() - begin)
            medians.append(statistics.median(times))
        return min(medians)

    @staticmethod
    def resident():
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                command = (entry / "cmdline").read_bytes()
                if (command.startswith(os.environ["MKV_BINARY"].encode() + b"\0")
                        and str(CLUSTER.index).encode() in command):
                    status = (entry / "status").read_text()
                    return int(status.split("VmRSS:")[1].split()[0]) << 10
            except (OSError, IndexError):
                continue
        raise AssertionError("the gateway is gone")


if __name__ == "__main__":
    clients.main(CLUSTER)
