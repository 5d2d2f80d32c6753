"""The evidence about one device in one file.

In: files by name. Out: a zip archive with a manifest of their hashes; and back. Invariant: equal files give equal
bytes, on every machine: names ascend, times are fixed, nothing is compressed. An archive of a stranger is read only if
it is such a one, so it can neither unpack to more than it is nor name a place outside.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from typing import TYPE_CHECKING, Any, Final

from depinverify.canonical import canonical_json
from depinverify.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["FORMAT", "MANIFEST", "read_bundle", "write_bundle"]

FORMAT: Final = "depinverify-dispute-v1"
MANIFEST: Final = "bundle.json"
_NAME: Final = re.compile(r"[a-z0-9-]+(/[a-z0-9-]+)?\.(json|jsonl|toml)", re.ASCII)
#: The earliest time that a zip archive can name.
_FIXED_TIME: Final = (1980, 1, 1, 0, 0, 0)
_UNIX, _MODE = 3, 0o644 << 16
_MOST_BYTES: Final = 1 << 28
_MOST_FILES: Final = 64


def write_bundle(files: Mapping[str, bytes], about: Mapping[str, Any]) -> bytes:
    """The archive of files and a manifest.

    Args:
        files: Content by name.
        about: Further members of the manifest.
    """
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    manifest = canonical_json({"format": FORMAT, **about, "files": hashes})
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, content in sorted({**files, MANIFEST: manifest}.items()):
            info = zipfile.ZipInfo(name, _FIXED_TIME)
            info.create_system, info.external_attr = _UNIX, _MODE
            archive.writestr(info, content)
    return out.getvalue()


def read_bundle(path: Path) -> tuple[dict[str, bytes], dict[str, Any]]:
    """The files of an archive and its manifest.

    Raises:
        InputError: The file is no such archive, or a file in it is not what the manifest says.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise InputError(f"{path}: expected at most {_MOST_BYTES} bytes, found {path.stat().st_size}")
        with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
            files = {info.filename: _content(archive, info, path) for info in _members(archive, path)}
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise InputError(f"{path}: expected a bundle of `depinverify dispute make`: {error}") from None
    manifest = _manifest(files.pop(MANIFEST, b""), path)
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    for name in sorted(hashes.keys() | manifest["files"].keys()):
        if hashes.get(name) != manifest["files"].get(name):
            raise InputError(
                f"{path}: {name}: expected SHA-256 {manifest['files'].get(name)}, found {hashes.get(name)}"
            )
    return files, manifest


def _members(archive: zipfile.ZipFile, path: Path) -> list[zipfile.ZipInfo]:
    members = archive.infolist()
    names = [info.filename for info in members]
    if len(names) > _MOST_FILES or len(set(names)) != len(names):
        raise InputError(f"{path}: expected at most {_MOST_FILES} files, each once, found {len(names)}")
    return members


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> bytes:
    if not _NAME.fullmatch(info.filename):
        raise InputError(f"{path}: expected names such as observations/device.jsonl, found {info.filename!r}")
    if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1 or info.file_size != info.compress_size:
        raise InputError(f"{path}: {info.filename}: expected a file that is stored as it is")
    return archive.read(info)


def _manifest(content: bytes, path: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(content)
        is_one = manifest["format"] == FORMAT and isinstance(manifest["files"], dict)
    except (ValueError, KeyError, TypeError, RecursionError):
        is_one = False
    if not is_one:
        raise InputError(f"{path}: expected {MANIFEST} of the format {FORMAT}")
    return dict(manifest)
