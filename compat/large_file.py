"""A file large enough to be uploaded in parts: 40 MB, or $MKV_COMPAT_LARGE bytes."""

import hashlib
import os
import random

SIZE = int(os.environ.get("MKV_COMPAT_LARGE", 40_000_000))
_PIECE = 1 << 20


def make(path, size=SIZE):
    """Writes it at `path`, the same bytes every time; returns the path."""
    source = random.Random(size)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as file:
        left = size
        while left > 0:
            piece = source.randbytes(min(left, _PIECE))
            file.write(piece)
            left -= len(piece)
    return path


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()
