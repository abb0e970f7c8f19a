"""Nothing starts with a setting or a secret that would let somebody in, lose something or never work.

Each bad configuration is one change to a good one, and is refused for the reason that belongs to it, with
something to do about it.
"""

import os
import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tthc import settings
from tthc.compose import before_start, secret_files
from tthc.compose.before_start import Given

HOST = "bao-cao.xaanhung.gov.vn"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a city's installation that is ready to start: a real certificate, a real city."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TTHC_STATE", str(tmp_path_factory.mktemp("state")))
        patch.setenv("TTHC_COMMUNE", "11674")
        secret_files.write(
            profile="city", host=HOST, demo=False, values={"TTHC_CITY_URL": "https://mot-cua.haiphong.gov.vn"}
        )
        place = secret_files.folder()
    put(place / "secrets", "city_client_id", "xa-an-hung")
    put(place / "secrets", "city_client_secret", "9fKq-27Lw-xYt3-Pz")
    certify(place / "secrets")
    return place


class Installation:
    """A copy of the good installation that one test may spoil."""

    def __init__(self, place: Path) -> None:
        self.secrets = place / "secrets"
        self.values = settings.read_env_file(place / "compose.env")
        self.files: tuple[Path, ...] = (settings.root() / "docker-compose.yml",)

    def set(self, name: str, value: str) -> None:
        self.values[name] = value

    def put(self, name: str, value: str) -> None:
        put(self.secrets, name, value)

    def refusals(self) -> list[before_start.Refusal]:
        return before_start.refusals(Given(self.values, self.secrets, self.files))


@pytest.fixture
def good(written: Path, tmp_path: Path) -> Installation:
    shutil.copytree(written, tmp_path / "compose")
    return Installation(tmp_path / "compose")


def put(folder: Path, name: str, value: str) -> None:
    path = folder / name
    path.write_text(value)
    path.chmod(0o600)


def certify(folder: Path, *, host: str = HOST, days: int = 90, begins: int = -1, bits: int = 2048) -> None:
    """Put a certificate of an office into a folder."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(65537, bits)
    name = x509.Name([x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "UBND xã An Hưng")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now + timedelta(days=begins))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    put(folder, "tls_certificate", made.public_bytes(serialization.Encoding.PEM).decode())
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    put(folder, "tls_key", key.private_bytes(*form).decode())


def test_what_make_secrets_wrote_starts_once_people_gave_their_part(good: Installation) -> None:
    assert good.refusals() == []
    assert good.values["COMPOSE_PROFILES"] == "city,archive"


def test_a_demonstration_starts_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTHC_STATE", str(tmp_path))
    for profile in secret_files.PROFILES:
        monkeypatch.setenv("TTHC_STATE", str(tmp_path / profile))
        secret_files.write(profile=profile, host="localhost", demo=True, values={})
        assert before_start.refusals(before_start.given()) == []


def own_ports(service: str):
    def spoil(it: Installation) -> None:
        path = it.secrets.parent / "docker-compose.override.yml"
        path.write_text(f'services:\n  {service}:\n    ports: ["5432:5432"]\n')
        it.files = (*it.files, path)

    return spoil


def example_certificate(it: Installation) -> None:
    certificate, key = secret_files.example_certificate(HOST)
    it.put("tls_certificate", certificate)
    it.put("tls_key", key)


BAD = {
    "nothing was set up": ("settings_exist", lambda it: it.values.clear()),
    "no secrets at all": ("secrets_exist", lambda it: shutil.rmtree(it.secrets)),
    "a password is missing": ("secret_exists", lambda it: (it.secrets / "warehouse_password").unlink()),
    "an empty password": ("secret_is_not_empty", lambda it: it.put("postgres_password", "")),
    "a password of blanks": ("secret_is_not_empty", lambda it: it.put("redis_password", "  \n")),
    "a short password": ("secret_is_long", lambda it: it.put("warehouse_password", "Gq7-xK2p")),
    "a short archive key": ("secret_is_long", lambda it: it.put("secret_key", "khoa-ngan-7Qx2")),
    "a short signing key": ("secret_is_long", lambda it: it.put("jwt_secret", "aZ3-" * 12)),
    "Airflow's usual password": ("secret_is_no_example", lambda it: it.put("data_password", "airflow-airflow")),
    "Postgres' usual password": ("secret_is_no_example", lambda it: it.put("postgres_password", "postgres-password")),
    "the archive's usual password": (
        "archive_credentials_are_own",
        lambda it: it.put("archive_credentials", secret_files.archive_credentials("minioadmin", "minioadmin")),
    ),
    "the example of .env.example": ("secret_is_no_example", lambda it: it.put("city_client_secret", "chuoi-bi-mat")),
    "one letter many times": ("secret_is_no_example", lambda it: it.put("approver_password", "aaaaaaaaaaaabbbb")),
    "one password for two": (
        "secret_is_unlike_others",
        lambda it: it.put("approver_password", (it.secrets / "data_password").read_text()),
    ),
    "a secret that others read": ("secret_is_private", lambda it: (it.secrets / "secret_key").chmod(0o644)),
    "a key that is no Fernet key": ("fernet_key_is_a_key", lambda it: it.put("fernet_key", "Zm9vYmFy" * 6)),
    "the Fernet key of the manual": (
        "fernet_key_is_own",
        lambda it: it.put("fernet_key", "81HqDtbqAywKSOumSha3BhWNOdQ26slT6K0YaZeZyPs="),
    ),
    "a queue without password": ("redis_asks_password", lambda it: it.put("redis_conf", "protected-mode no\n")),
    "a queue locked otherwise": ("redis_password_agrees", lambda it: it.put("redis_password", "x9K2-mQ71-pLw0-Tr5z")),
    "no certificate": ("secret_exists", lambda it: (it.secrets / "tls_certificate").unlink()),
    "a certificate that is none": ("certificate_is_read", lambda it: it.put("tls_certificate", "-----BEGIN")),
    "the example certificate": ("certificate_is_no_example", example_certificate),
    "an old certificate": ("certificate_lasts", lambda it: certify(it.secrets, days=3)),
    "a certificate of tomorrow": ("certificate_has_begun", lambda it: certify(it.secrets, begins=1)),
    "a certificate for another host": ("certificate_names_host", lambda it: certify(it.secrets, host="khac.gov.vn")),
    "a weak certificate": ("certificate_is_strong", lambda it: certify(it.secrets, bits=1024)),
    "another certificate's key": (
        "certificate_fits_key",
        lambda it: it.put("tls_key", secret_files.example_certificate(HOST)[1]),
    ),
    "no host": ("host_is_named", lambda it: it.set("TTHC_HOST", "localhost")),
    "everyone an administrator": (
        "login_is_closed",
        lambda it: it.set("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS", "true"),
    ),
    "another door keeper": (
        "login_is_closed",
        lambda it: it.set("AIRFLOW__CORE__AUTH_MANAGER", "airflow…SimpleAuthManager"),
    ),
    "a role for whoever comes": ("login_is_closed", lambda it: it.set("AIRFLOW__FAB__AUTH_ROLE_PUBLIC", "Viewer")),
    "settings shown on a page": ("login_is_closed", lambda it: it.set("AIRFLOW__API__EXPOSE_CONFIG", "True")),
    "no form": ("profile_is_one", lambda it: it.set("COMPOSE_PROFILES", "demo")),
    "both forms": ("profile_is_one", lambda it: it.set("COMPOSE_PROFILES", "commune,city")),
    "a queue that nobody empties": ("executor_fits_profile", lambda it: it.set("COMPOSE_PROFILES", "commune")),
    "containers run as root": ("user_is_not_root", lambda it: it.set("TTHC_UID", "0")),
    "a commune that is no code": ("commune_is_a_code", lambda it: it.set("TTHC_COMMUNE", "An Hưng")),
    "each worker its own archive": ("archive_is_shared", lambda it: it.set("TTHC_ARCHIVE", "/var/lib/tthc/archive")),
    "an archive in the open": (
        "archive_is_reached_safely",
        lambda it: it.set("TTHC_ARCHIVE_ENDPOINT", "http://s3.haiphong.gov.vn"),
    ),
    "an archive unlocked": ("archive_credentials_are_read", lambda it: it.put("archive_credentials", "[default]\n")),
    "no city": ("city_is_named", lambda it: it.set("TTHC_CITY_URL", "")),
    "the demo city for real": ("city_is_real", lambda it: it.set("TTHC_CITY_URL", "http://demo-city:8090")),
    "the city of the manual": ("city_is_no_example", lambda it: it.set("TTHC_CITY_URL", "https://mot-cua.example.vn")),
    "a city in the open": ("city_is_reached_safely", lambda it: it.set("TTHC_CITY_URL", "http://mot-cua.gov.vn")),
    "mail in the open": (
        "mail_is_sent_safely",
        lambda it: it.put("mail_url", "smtp://kho:x9K2mQ71@thu.gov.vn:25/?security=none"),
    ),
    "an image of any version": (
        "image_is_pinned",
        lambda it: it.set("TTHC_POSTGRES_IMAGE", "docker.io/library/postgres:latest"),
    ),
    "a database on the host": ("only_the_proxy_is_published", own_ports("warehouse-db")),
    "the queue on the host": ("only_the_proxy_is_published", own_ports("broker")),
}  # fmt: skip


@pytest.mark.parametrize("why", BAD)
def test_a_bad_configuration_is_refused_with_its_reason(good: Installation, why: str) -> None:
    name, spoil = BAD[why]
    kept = {path.name: path.read_text() for path in good.secrets.iterdir()}
    spoil(good)
    found = good.refusals()
    assert name in {refusal.name for refusal in found}, found
    assert all(refusal.problem and refusal.where and refusal.mend for refusal in found)
    # What is told may be copied into a letter: it holds no secret, neither the good one nor the bad.
    told = " ".join(f"{refusal.where} {refusal.problem} {refusal.mend}" for refusal in found)
    present = [path.read_text().strip() for path in good.secrets.iterdir()] if good.secrets.is_dir() else []
    assert not [value for value in (*kept.values(), *present) if len(value) > 11 and value in told]


def test_there_are_enough_bad_configurations_and_every_reason_is_among_them() -> None:
    source = (
        Path(before_start.__file__).read_text()
        + Path(before_start.__file__).with_name("certificates.py").read_text()
    )
    assert len(BAD) >= 25
    never = {"certificate_key_is_read", "compose_file_is_read"}
    named = set(re.findall(r'(?:Refusal\(\s*|yield )"([a-z_]+)"', source))
    assert len(named) > 25
    assert named - {name for name, _ in BAD.values()} <= never


def test_secrets_are_written_once_and_only_for_their_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTHC_STATE", str(tmp_path))
    assert "jwt_secret" in secret_files.write(profile="commune", host=HOST, demo=False, values={})
    before = {path.name: path.read_text() for path in (tmp_path / "compose" / "secrets").iterdir()}
    assert secret_files.write(profile="city", host="khac.gov.vn", demo=False, values={}) == []
    after = {path: path.read_text() for path in (tmp_path / "compose" / "secrets").iterdir()}
    assert {path.name: text for path, text in after.items()} == before
    assert {oct(path.stat().st_mode & 0o777) for path in after} == {"0o600"}
    owner = secret_files.CONTAINER_UID if os.geteuid() == 0 else os.geteuid()
    assert {path.stat().st_uid for path in after} == {owner}


def test_a_lost_password_of_the_queue_is_written_again_as_the_queue_knows_it(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("TTHC_STATE", str(tmp_path))
    secret_files.write(profile="city", host="localhost", demo=True, values={})
    (tmp_path / "compose" / "secrets" / "redis_conf").unlink()
    secret_files.write(profile="city", host="localhost", demo=True, values={})
    assert before_start.refusals(before_start.given()) == []
