"""``make secrets``: the settings and secrets of a compose installation, each written once.

Secrets are files that only their owner may read (0600), mounted into the containers that need them. Settings
that are no secret are lines of ``compose.env``. What is already there is never changed: an installation that
lost its archive key would have lost its archive.
"""

import argparse
import ipaddress
import os
import secrets
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tthc import settings
from tthc.errors import TthcError, UsageError
from tthc.stack import keys as key_file
from tthc.stack.screen import say

#: Containers run as whoever wrote the secrets; what root writes is given to this number, which has no name.
CONTAINER_UID = 10001
PROFILES = ("commune", "city")
#: What the certificate that we make for the demo is issued to; nothing but the demo starts with it.
EXAMPLE_ORGANIZATION = "TTHC chung thu mau"
EXAMPLE_HOST = "bao-cao.example.vn"
#: Secrets that only a person can know; the demo invents them.
GIVEN = {
    "city_client_id": "tên do thành phố cấp để lấy hồ sơ",
    "city_client_secret": "khóa do thành phố cấp để lấy hồ sơ",
    "tls_certificate": "chứng thư TLS của trang (PEM, cả chuỗi)",
    "tls_key": "khóa của chứng thư TLS (PEM)",
}
#: May stay empty: nobody is told by mail, or elsewhere, then.
OPTIONAL = {
    "mail_url": "máy chủ thư, dạng smtp://…",
    "alert_urls": "những nơi khác cũng được báo sự cố, URL của Apprise",
}


def folder() -> Path:
    """Return where settings and secrets of a compose installation are kept."""
    return settings.state() / "compose"


def made() -> dict[str, str]:
    """Return new values for every secret that nobody has to be asked for."""
    fresh = key_file.Keys()
    names = [name for name in key_file.names() if name not in GIVEN]
    redis = secrets.token_urlsafe(24)
    user, password = f"tthc{secrets.token_hex(4)}", secrets.token_urlsafe(30)
    return {
        **{name: getattr(fresh, name) for name in names},
        "redis_password": redis,
        "redis_conf": redis_conf(redis),
        "archive_user": user,
        "archive_password": password,
        "archive_credentials": archive_credentials(user, password),
    }


def redis_conf(password: str) -> str:
    """Return Redis's settings: nobody without the password, and what is queued survives a restart."""
    return f"requirepass {password}\nprotected-mode yes\nappendonly yes\ndir /data\n"


def archive_credentials(user: str, password: str) -> str:
    """Return the file in which S3 clients look for their name and key."""
    return f"[default]\naws_access_key_id = {user}\naws_secret_access_key = {password}\n"


def write(*, profile: str, host: str, demo: bool, values: Mapping[str, str]) -> list[str]:
    """Write what is not there yet; return the names of what was written.

    ``values`` are further lines of ``compose.env``. Secrets that a person must give are left out, but for the
    demo.
    """
    if profile not in PROFILES:
        raise UsageError(f"Không có hình thức {profile!r}; chọn một trong: {', '.join(PROFILES)}.")
    place = folder()
    place.mkdir(parents=True, exist_ok=True)
    place.chmod(0o700)
    written = []
    wanted = made() | dict.fromkeys(OPTIONAL, "")
    # Two files say again what others say, in the words of whoever reads them.
    told = {name: _text(place / "secrets" / name) or wanted[name] for name in wanted}
    wanted["redis_conf"] = redis_conf(told["redis_password"])
    wanted["archive_credentials"] = archive_credentials(told["archive_user"], told["archive_password"])
    if demo:
        fresh = key_file.Keys()
        certificate, key = example_certificate(host)
        wanted |= {
            "city_client_id": fresh.city_client_id,
            "city_client_secret": fresh.city_client_secret,
            "tls_certificate": certificate,
            "tls_key": key,
        }
        if (place / "secrets" / "tls_certificate").exists() or (place / "secrets" / "tls_key").exists():
            del wanted["tls_certificate"], wanted["tls_key"]
    for name, value in wanted.items():
        path = place / "secrets" / name
        if not path.exists():
            key_file.write_private(path, value)
            _give(path)
            written.append(name)
    (place / "secrets").chmod(0o700)
    _give(place / "secrets")
    environment = place / "compose.env"
    if not environment.exists():
        lines = compose_env(profile=profile, host=host, demo=demo) | dict(values)
        text = "".join(f"{name}={value}\n" for name, value in lines.items())
        key_file.write_private(environment, f"# Do `make secrets` ghi; sửa được, trừ TTHC_UID.\n{text}")
        written.append("compose.env")
    return written


def compose_env(*, profile: str, host: str, demo: bool) -> dict[str, str]:
    """Return the settings of an installation that are no secret."""
    is_city = profile == "city"
    profiles = [profile, *(["archive"] if is_city else []), *(["demo"] if demo else [])]
    city = {"TTHC_CITY_URL": "http://demo-city:8090"} if demo else {"TTHC_CITY_URL": ""}
    archive = {"TTHC_ARCHIVE": "/var/lib/tthc/archive", "TTHC_ARCHIVE_ENDPOINT": ""}
    if is_city:
        archive = {"TTHC_ARCHIVE": "s3://tthc-archive", "TTHC_ARCHIVE_ENDPOINT": "http://archive:9000"}
    return {
        "COMPOSE_PROJECT_NAME": "tthc",
        "COMPOSE_PROFILES": ",".join(profiles),
        "TTHC_UID": str(CONTAINER_UID if os.geteuid() == 0 else os.geteuid()),
        "TTHC_SECRETS": str(folder() / "secrets"),
        "TTHC_COMMUNE": settings.optional("TTHC_COMMUNE", "11674"),
        "TTHC_HOST": host,
        "TTHC_HTTPS_PORT": "443",
        "TTHC_WAREHOUSE_HOST": "warehouse-db" if is_city else "metadata-db",
        "TTHC_EXECUTOR": "CeleryExecutor" if is_city else "LocalExecutor",
        **archive,
        **city,
        "TTHC_CITY_DIALECT": "share",
    }


def example_certificate(host: str) -> tuple[str, str]:
    """Return (certificate, key) in PEM for the demo: signed by itself, named as an example, good for a month."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, EXAMPLE_ORGANIZATION),
            x509.NameAttribute(NameOID.COMMON_NAME, host[:64]),
        ]
    )
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([_general_name(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return certificate.public_bytes(pem).decode(), private.decode()


def main(arguments: list[str]) -> int:
    """``python -m tthc.compose.secret_files``, called by ``make secrets``; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="make secrets",
        description="Ghi cài đặt và bí mật của bản cài bằng compose, mỗi thứ một lần.",
        epilog="Đổi secret_key: đừng tự sửa tệp, mất kho lưu; chạy tthc key rotate (docs/operations.md, Đổi khóa).",
    )
    parser.add_argument("--profile", choices=PROFILES, default="commune", help="một xã, hay cả thành phố")
    parser.add_argument("--host", default="localhost", help="tên máy mà người dùng gõ vào trình duyệt")
    parser.add_argument("--demo", action="store_true", help="kèm thành phố giả lập và chứng thư mẫu")
    parser.add_argument(
        "--set", action="append", default=[], metavar="TÊN=GIÁ_TRỊ", help="thêm vào compose.env"
    )
    chosen = parser.parse_args(arguments)
    try:
        values = dict(pair.split("=", 1) for pair in chosen.set if "=" in pair)
        written = write(profile=chosen.profile, host=chosen.host, demo=chosen.demo, values=values)
    except TthcError as error:
        say(f"LỖI: {error}")
        return error.exit_code
    say(f"Đã ghi {len(written)} mục vào {folder()}." if written else f"Mọi thứ đã có ở {folder()}.")
    for name, purpose in GIVEN.items():
        if not (folder() / "secrets" / name).exists():
            say(f"Còn thiếu {folder() / 'secrets' / name}: {purpose}. Đặt tệp vào đó (chmod 600).")
    return 0


def _general_name(host: str):
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip() if path.exists() else ""


def _give(path: Path) -> None:
    if os.geteuid() == 0:
        os.chown(path, CONTAINER_UID, 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
