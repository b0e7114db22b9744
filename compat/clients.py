"""Finds the clients, in the generation that a test was started for, and runs them.

A test file runs as `python3 test_CLIENT.py [debian|newer]`: with what Debian packages, or with a
newer release where this machine has one in front of it in $PATH (pip, pyenv, pipx). It exits with
0 when all tests passed, with 77 when there is no such client to test.
"""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
import unittest

_SKIPPED = 77  # SKIP_RETURN_CODE in CMakeLists.txt
_DEBIAN = ("/usr/bin", "/bin")
_TIMEOUT = 120  # seconds for one run of a client, on a busy machine


def generation():
    return sys.argv[1] if len(sys.argv) > 1 else "debian"


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(_SKIPPED)


def path_of(name):
    """The path of the program in this run's generation; None where there is none."""
    path = os.environ["PATH"].split(os.pathsep)
    if generation() == "debian":
        path = _DEBIAN
    else:
        path = [folder for folder in path if folder.rstrip("/") not in _DEBIAN]
    return shutil.which(name, path=os.pathsep.join(path))


def find(name):
    """As path_of(); ends the run where there is none."""
    found = path_of(name)
    if found is None:
        skip(f"this machine has no {name} ({generation()})")
    return found


def find_anywhere(name):
    """The path of the program in any generation, Debian's first; None where there is none."""
    return shutil.which(name, path=os.pathsep.join((*_DEBIAN, os.environ["PATH"])))


def import_or_become(module):
    """Goes on in the Python of this run's generation that has `module`."""
    python = find("python3")
    has_it = subprocess.run([python, "-c", f"import {module}"], capture_output=True, check=False)
    if has_it.returncode != 0:
        skip(f"{python} has no {module}")
    if os.environ.get("MKV_COMPAT_PYTHON") != python:
        os.environ["MKV_COMPAT_PYTHON"] = python
        os.execv(python, [python, *sys.argv])


class Failed(Exception):
    """A client that ended with another status than 0; the text is all it said."""


def run(command, environment, stdin=None, cwd=None, timeout=_TIMEOUT):
    """Runs a client; returns what it wrote to standard output, as bytes. Throws Failed."""
    ended = subprocess.run(
        [str(argument) for argument in command],
        env=environment,
        input=stdin if stdin is not None else b"",
        capture_output=True,
        timeout=timeout,
        cwd=cwd,
        check=False,
    )
    if ended.returncode != 0:
        said = (ended.stdout + ended.stderr).decode(errors="replace")
        raise Failed(f"{command} ended with {ended.returncode}:\n{said}")
    return ended.stdout


def run_forked(main, command, environment, stdin=b""):
    """As run(), for a client written in Python whose `main` this process has imported: of its second
    of CPU time for each command most is Python's start, which a fork of this process does without."""
    reader, writer = os.pipe()
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        child = os.fork()
        if child == 0:
            os.close(writer)
            _be_client(main, command, environment, (reader, output.fileno(), errors.fileno()))
        os.close(reader)
        # A pipe, as a shell gives it: the client does not know the length.
        feeder = threading.Thread(target=_feed, args=(writer, stdin))
        feeder.start()
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        feeder.join()
        for file in (output, errors):
            file.seek(0)
        said = output.read()
        if status != 0:
            text = (said + errors.read()).decode(errors="replace")
            raise Failed(f"{command} ended with {status}:\n{text}")
        return said


def _feed(pipe, content):
    try:
        with open(pipe, "wb") as writer:
            writer.write(content)
    except BrokenPipeError:
        pass  # the client has what it wants


def _be_client(main, command, environment, streams):
    status = 1
    try:
        signal.alarm(_TIMEOUT)  # which ends it, as nobody catches it
        os.environ.clear()
        os.environ.update(environment)
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        sys.stdin, sys.stdout, sys.stderr = (
            open(number, mode, encoding="utf-8") for number, mode in enumerate("rww"))
        sys.argv = [str(argument) for argument in command]
        status = main()
    except SystemExit as ended:
        status = ended.code
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status if isinstance(status, int) else int(status is not None))


def differences(one, other):
    """What `diff -r` says of two folders; empty when they hold the same files."""
    ended = subprocess.run(
        ["diff", "-r", "--brief", str(one), str(other)], capture_output=True, check=False
    )
    return (ended.stdout + ended.stderr).decode(errors="replace")


def main(cluster):
    """Runs the tests of the calling file in `cluster`, and shows its log when one failed."""
    os.environ["no_proxy"] = "localhost,127.0.0.1"
    with cluster:
        result = unittest.main(module="__main__", argv=sys.argv[:1], verbosity=2, exit=False,
                               warnings="ignore").result
        if not result.wasSuccessful():
            print("The end of the gateway's log:")
            print("\n".join(cluster.log().splitlines()[-40:]))
    if result.wasSuccessful() and len(result.skipped) == result.testsRun:
        skip(result.skipped[0][1])
    sys.exit(0 if result.wasSuccessful() else 1)


def write(path, content):
    """Writes a file, and the folders that it lies in."""
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
