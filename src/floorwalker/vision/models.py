"""Known networks: where they come from, whether they are here, whether they are whole."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tomllib
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import IO

from floorwalker.errors import InputError, WorkError
from floorwalker.runs import hash_file

LARGEST_MODEL_BYTES = 512 * 1024 * 1024
_BLOCK_BYTES = 1 << 16
_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class KnownModel:
    """One network of the manifest.

    Attributes:
        name: what people call it.
        file: its file name in the models folder.
        repository: where it is published, with the commit.
        path: its place there.
        url: address to download it from; None where there is none.
        licence: SPDX name.
        sha256: of the file.
        head: the family, as `vision.onnx.heads` names it.
        free_input: whether the input size may be chosen by the frames.
        note: what it is good for.
    """

    name: str
    file: str
    repository: str
    path: str
    licence: str
    sha256: str
    head: str
    free_input: bool
    note: str
    url: str | None = None


def known_models() -> tuple[KnownModel, ...]:
    """The manifest, in its order of preference."""
    text = resources.files("floorwalker.vision").joinpath("models.toml").read_text(encoding="utf-8")
    return tuple(KnownModel(**entry) for entry in tomllib.loads(text)["model"])


def find_model(name: str) -> KnownModel:
    """The network of this name.

    Raises:
        InputError: the manifest has none; the message lists those it has.
    """
    models = {model.name: model for model in known_models()}
    if name not in models:
        raise InputError(f"unknown network {name!r}; known are: {', '.join(models)}")
    return models[name]


def pulled_models(models_dir: Path) -> list[KnownModel]:
    """The manifest's networks that lie in a folder, in order of preference; their content is not checked."""
    return [model for model in known_models() if (models_dir / model.file).is_file()]


def pull_model(
    model: KnownModel,
    models_dir: Path,
    source: str | None = None,
    on_bytes: Callable[[int], None] | None = None,
) -> Path:
    """Copy or download a network into a folder; it appears there only when its sha256 is right.

    Args:
        model: which.
        models_dir: where to; made where it is missing.
        source: a path or an http(s) address; default: the manifest's address.
        on_bytes: called with the number of bytes of each block.

    Returns:
        The file.

    Raises:
        InputError: the source is missing or holds something else.
        WorkError: the network cannot be reached, or the disk is full.
    """
    target = models_dir / model.file
    partial = models_dir / f".{model.file}.{os.getpid()}.partial"
    where = source or model.url
    if where is None:
        raise InputError(f"{model.name} has no address to download from; use --from with the file's path")
    with contextlib.closing(_open_source(where)) as stream:
        try:
            models_dir.mkdir(parents=True, exist_ok=True)
            digest = _copy_bounded(stream, partial, where, on_bytes or (lambda count: None))
            if digest != model.sha256:
                raise InputError(
                    f"{where} is not {model.name}: expected sha256 {model.sha256}, got {digest}; nothing kept"
                )
            partial.replace(target)
        except (urllib.error.URLError, TimeoutError) as error:
            raise _unreachable(where, error) from error
        except OSError as error:
            raise WorkError(f"cannot write {target}: {error.strerror or error}") from error
        finally:
            partial.unlink(missing_ok=True)
    return target


def verify_model(model: KnownModel, models_dir: Path) -> bool:
    """Whether a pulled network is still the one of the manifest.

    Raises:
        InputError: it was not pulled.
    """
    path = models_dir / model.file
    if not path.is_file():
        raise InputError(f"{model.name} is not in {models_dir}; `floorwalker models pull {model.name}`")
    return hash_file(path) == model.sha256


def _open_source(where: str) -> IO[bytes]:
    if where.lower().startswith(("http://", "https://")):
        try:
            response: IO[bytes] = urllib.request.urlopen(where, timeout=_TIMEOUT_S)
        except (urllib.error.URLError, TimeoutError, ValueError, OSError) as error:
            raise _unreachable(where, error) from error
        return response
    path = Path(where)
    if not path.is_file():
        raise InputError(f"no such file to pull from: {where}")
    return path.open("rb")


def _unreachable(where: str, error: Exception) -> WorkError:
    reason = getattr(error, "reason", None) or error
    return WorkError(f"cannot reach {where} ({reason}); get the file another way and use --from PATH")


def _copy_bounded(stream: IO[bytes], partial: Path, where: str, on_bytes: Callable[[int], None]) -> str:
    digest, total = hashlib.sha256(), 0
    with partial.open("wb") as file:
        while block := stream.read(_BLOCK_BYTES):
            total += len(block)
            if total > LARGEST_MODEL_BYTES:
                raise InputError(f"{where} is larger than {LARGEST_MODEL_BYTES >> 20} MiB; nothing was kept")
            digest.update(block)
            file.write(block)
            on_bytes(len(block))
    return digest.hexdigest()
