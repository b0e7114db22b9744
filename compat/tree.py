"""A folder of real files, with names and sizes that trip clients and servers up."""

import os
import pathlib
import shutil

import clients

_SOURCES = ("/usr/include", "/usr/share/doc")  # wherever a C++ compiler is installed
_LARGEST = 1 << 20
_FILES = 2000
_ODD = {
    "empty": b"",
    "empty too/.keep": b"",
    ".leading dot": b"1",
    "..two dots/...three": b"2",
    " leading and trailing ": b"3",
    "plus+and%percent%41": b"4",
    "question?hash#amp&equals=": b"5",
    "quotes'\"`and$dollar": b"6",
    "back\\slash;semicolon:colon": b"7",
    "<angle>[square]{curly}(round)": b"8",
    "ünï/ñandú/中文/😀": b"9",
    "decomposed u\u0308": b"10",
    "at@tilde~caret^pipe|star*": b"11",
    "new\nline\ttab": b"12",
    "x" * 200: b"13",
    "a/b/c/d/e/f/g/h": b"14",
    "binary": bytes(range(256)) * 5000,
}


def make(folder):
    """Fills `folder` with about 2,000 regular files; returns how many."""
    count = 0
    for source in _SOURCES:
        for path in _regular_files(pathlib.Path(source)):
            if count == _FILES - len(_ODD):
                break
            target = folder / path.relative_to("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)
            count += 1
    for name, content in _ODD.items():
        clients.write(folder / "odd" / name, content)
    return count + len(_ODD)


def _regular_files(folder):
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = pathlib.Path(parent) / name
            if path.is_file() and not path.is_symlink() and path.stat().st_size <= _LARGEST:
                yield path
