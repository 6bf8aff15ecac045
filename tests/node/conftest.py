"""One node for all tests, with the light overlay on it, installed as k8s/README.md installs it and run as Terraform runs
`executor = "spintainer"`: Spin's image with the application in it.
"""
from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent / "iac")]


@pytest.fixture(scope="session")
def node():
    from node import NodeCluster

    # Of the disk, not of a tmpfs: overlayfs needs it, and a restart keeps it.
    cluster = NodeCluster(Path(os.environ["ATELIER_NODE_FOLDER"]))
    try:
        cluster.start()
        cluster._wait(cluster.ready, "the node", 120)
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture(scope="session")
def light(node):
    from light import Light

    begun = time.monotonic()
    app = Light(node)
    app.install()
    app.seconds_to_install = time.monotonic() - begun
    return app
