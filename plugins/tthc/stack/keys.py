"""What only this installation knows: made once, kept in one file that only its owner may read."""

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path


def _word() -> str:
    return secrets.token_urlsafe(18)


def _long() -> str:
    return secrets.token_urlsafe(72)


@dataclass(frozen=True, repr=False)
class Keys:
    """Passwords and keys of one installation; never printed, but for the two that people type."""

    postgres_password: str = field(default_factory=_word)
    airflow_database_password: str = field(default_factory=_word)
    warehouse_password: str = field(default_factory=_word)
    pages_password: str = field(default_factory=_word)
    fernet_key: str = field(
        default_factory=lambda: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    )
    jwt_secret: str = field(default_factory=_long)
    api_secret_key: str = field(default_factory=_long)
    secret_key: str = field(default_factory=_long)
    backup_key: str = field(default_factory=_long)
    city_client_id: str = field(default_factory=lambda: f"xa-{secrets.token_hex(4)}")
    city_client_secret: str = field(default_factory=_word)
    data_password: str = field(default_factory=_word)
    approver_password: str = field(default_factory=_word)


def names() -> list[str]:
    """Return the names of all keys."""
    return [entry.name for entry in fields(Keys)]


def load(path: Path) -> Keys:
    """Return the keys in ``path``; absent ones are made and written there, the others never change."""
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    keys = Keys(**{name: value for name, value in known.items() if name in names()})
    if asdict(keys) != known:
        write_private(path, json.dumps(asdict(keys), indent=1) + "\n")
    return keys


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.part")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        # An older draft may have had wider permissions than the mode asked for.
        os.fchmod(file.fileno(), 0o600)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
