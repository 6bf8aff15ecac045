"""Images as a registry has them, made without Docker: layers are tars of files from here, pushed over the registry's API."""
from __future__ import annotations

import gzip
import hashlib
import io
import json
import platform
import tarfile
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
# Of a Debian root: nothing of it is run.
LEFT_OUT = ("./usr/share/doc", "./usr/share/man", "./usr/share/locale", "./usr/share/info", "./var/cache", "./var/lib/apt", "./usr/lib/x86_64-linux-gnu/dri")


@dataclass
class Layer:
    """`data` is compressed; a registry knows it by its own digest, an image's configuration by that of the tar."""

    data: bytes
    unpacked: str

    @classmethod
    def of(cls, tar: bytes) -> Layer:
        return cls(gzip.compress(tar, 1, mtime=0), sha256(tar))

    @classmethod
    def files(cls, files: dict[str, bytes | Path], executable: tuple[str, ...] = (), folders: dict[str, int] | None = None) -> Layer:
        """Of root's, readable by all, but for the folders, of the user that stands beside them; the same files give the same layer."""
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as tar:
            for name, user in (folders or {}).items():
                entry = tarfile.TarInfo(name)
                entry.type, entry.mode, entry.uid = tarfile.DIRTYPE, 0o755, user
                tar.addfile(entry)
            for name, content in sorted(files.items()):
                content = content.read_bytes() if isinstance(content, Path) else content
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = len(content), 0o755 if name in executable else 0o644
                tar.addfile(entry, io.BytesIO(content))
        return cls.of(out.getvalue())

    @classmethod
    def tree(cls, root: Path) -> Layer:
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as tar:
            # Devices are the container's own.
            tar.add(root, arcname=".", filter=lambda entry: None if entry.isdev() or entry.name.startswith(LEFT_OUT) else entry)
        return cls.of(out.getvalue())

    def save(self, file: Path) -> None:
        file.write_bytes(self.unpacked.encode() + b"\n" + self.data)

    @classmethod
    def load(cls, file: Path) -> Layer:
        unpacked, _, data = file.read_bytes().partition(b"\n")
        return cls(data, unpacked.decode())


def sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


class Registry:
    def __init__(self, address: str) -> None:
        self.address = address

    def push(self, name: str, tag: str, layers: list[Layer], **config: object) -> str:
        """Returns the reference by digest. `config` is the image's: Entrypoint, Env, User."""
        architecture = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
        described = json.dumps({"architecture": architecture, "os": "linux", "config": config, "rootfs": {"type": "layers", "diff_ids": [layer.unpacked for layer in layers]}}).encode()
        manifest = json.dumps({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self.blob(name, described, "application/vnd.oci.image.config.v1+json"),
            "layers": [self.blob(name, layer.data, "application/vnd.oci.image.layer.v1.tar+gzip") for layer in layers],
        }).encode()
        self.ask("PUT", f"/v2/{name}/manifests/{tag}", manifest, MANIFEST)
        return f"{self.address}/{name}@{sha256(manifest)}"

    def blob(self, name: str, data: bytes, kind: str) -> dict:
        digest = sha256(data)
        place = self.ask("POST", f"/v2/{name}/blobs/uploads/", b"").headers["location"]
        path = urllib.parse.urlsplit(place)
        self.ask("PUT", f"{path.path}?{path.query}&digest={urllib.parse.quote(digest)}", data, "application/octet-stream")
        return {"mediaType": kind, "digest": digest, "size": len(data)}

    def ask(self, method: str, path: str, data: bytes, content: str = "application/octet-stream"):
        request = urllib.request.Request(f"http://{self.address}{path}", data, {"content-type": content}, method=method)
        with urllib.request.urlopen(request, timeout=120) as reply:
            reply.read()
            return reply
