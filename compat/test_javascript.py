"""The JavaScript SDK from npm (javascript/sdk.test.mjs).

Its packages, as javascript/package-lock.json has them, are installed below $MKV_COMPAT_BUILD once;
without a registry to install them from, the run is skipped.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import clients
import large_file
from cluster import ROOT, Cluster

SOURCES = ROOT / "compat" / "javascript"
BUILD = pathlib.Path(os.environ["MKV_COMPAT_BUILD"]) / "javascript"


def install():
    """The SDK and the scripts in BUILD; False when there is no npm registry to have it from."""
    lock = (SOURCES / "package-lock.json").read_text()
    installed = BUILD / "installed-lock.json"
    if not installed.exists() or installed.read_text() != lock:
        BUILD.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(SOURCES / name, BUILD)
        command = [clients.find("npm"), "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        if subprocess.run(command, cwd=BUILD, check=False).returncode != 0:
            return False
        installed.write_text(lock)
    # Beside its packages, where node looks for them.
    for script in SOURCES.glob("*.mjs"):
        shutil.copy(script, BUILD)
    return True


def sdk_version():
    package = json.loads((SOURCES / "package.json").read_text())
    return package["dependencies"]["@aws-sdk/lib-storage"]


def main():
    node = clients.find("node")
    if not install():
        clients.skip("npm could not install the SDK")
    with Cluster() as cluster:
        large = large_file.make(cluster.folder / "large")
        ended = subprocess.run([node, "--test", "sdk.test.mjs"], cwd=BUILD, check=False,
                               env=cluster.environment(MKV_URL=cluster.url,
                                                       MKV_LARGE_FILE=str(large)))
        if ended.returncode != 0:
            print("The end of the gateway's log:")
            print("\n".join(cluster.log().splitlines()[-40:]))
    sys.exit(ended.returncode)


if __name__ == "__main__":
    main()
