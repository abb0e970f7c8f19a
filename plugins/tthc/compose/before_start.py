"""``tthc doctor --before-start``: what a compose installation must not start with.

Each refusal says what is wrong, where, and the command that mends it; never a secret. The same questions are
asked on the host (``make up``) and by the first container, on which all others wait, so that starting by hand
asks them too.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tthc import settings
from tthc.compose import secret_files
from tthc.compose.certificates import certificate_problems
from tthc.errors import UsageError

SECRETS = "bí mật"
#: Fewest characters of each secret; what is not here may be of any length.
LEAST = {
    "postgres_password": 16,
    "airflow_database_password": 16,
    "warehouse_password": 16,
    "pages_password": 16,
    "redis_password": 16,
    "archive_password": 16,
    "data_password": 12,
    "approver_password": 12,
    "api_secret_key": 32,
    "jwt_secret": 64,
    "secret_key": 32,
    "backup_key": 32,
    "city_client_secret": 8,
}
#: What images, manuals and this repository use as examples, and what people try first.
EXAMPLES = (
    "airflow", "postgres", "password", "changeme", "change-me", "minioadmin", "admin", "123456", "qwerty", "secret",
    "mat-khau", "matkhau", "chuoi-bi-mat", "bi-mat", "khoa-chi-dung-de-thu", "example", "temporary_key", "root",
)  # fmt: skip
EXAMPLE_FERNET_KEYS = frozenset(
    {"81HqDtbqAywKSOumSha3BhWNOdQ26slT6K0YaZeZyPs=", "46BKJoQYlPPOexq0OhDZnIlNepKFf87WFwLbfzqDDho="}
)
OWN_HOSTS = {"archive", "demo-city"}
OPEN_LOGIN = {
    "AIRFLOW__CORE__AUTH_MANAGER": "thay bộ giữ cửa đã chọn",
    "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "cho mọi người vào làm quản trị",
    "AIRFLOW__FAB__AUTH_ROLE_PUBLIC": "cho người chưa đăng nhập một vai",
    "AIRFLOW__FAB__CONFIG_FILE": "thay các quy định đăng nhập",
    "AIRFLOW__FAB__CUSTOM_ROLES": "thay quyền của các vai",
    "AIRFLOW__API__EXPOSE_CONFIG": "cho xem cấu hình, cả mật khẩu",
}


@dataclass(frozen=True)
class Refusal:
    """One reason not to start: ``mend`` is the command, or the thing to do, that takes it away."""

    name: str
    where: str
    problem: str
    mend: str


@dataclass(frozen=True)
class Given:
    """What is going to be started: settings, the folder with secrets, the compose files (none in a container)."""

    values: Mapping[str, str]
    secrets: Path
    files: tuple[Path, ...] = ()

    def value(self, name: str) -> str:
        """Return a setting, "" when it is absent."""
        return self.values.get(name, "").strip()

    def secret(self, name: str) -> str:
        """Return a secret, "" when it is absent or cannot be read."""
        try:
            return (self.secrets / name).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return ""

    @property
    def profiles(self) -> set[str]:
        """The profiles that will be started."""
        return set(filter(None, (part.strip() for part in self.value("COMPOSE_PROFILES").split(","))))

    @property
    def is_demo(self) -> bool:
        """Whether this is a demonstration: with the stand-in city and the example certificate."""
        return "demo" in self.profiles


def given() -> Given:
    """Return what this place would start: ``compose.env`` and the secrets beside it, or a container's own."""
    mounted = Path("/run/secrets")
    if os.environ.get("TTHC_IN_CONTAINER"):
        return Given(os.environ, mounted)
    place = secret_files.folder()
    values = settings.read_env_file(place / "compose.env")
    files = tuple(
        path
        for name in ("docker-compose.yml", "docker-compose.override.yml", "compose.override.yml")
        if (path := settings.root() / name).exists()
    )
    # What is exported in the shell wins over the file when compose reads them.
    exported = {name: value for name, value in os.environ.items() if name in values or name in OPEN_LOGIN}
    return Given({**values, **exported}, Path(values.get("TTHC_SECRETS") or place / "secrets"), files)


def refusals(given: Given) -> list[Refusal]:
    """Return every reason not to start, in the order in which they are best mended."""
    if not given.value("COMPOSE_PROFILES"):
        return [
            Refusal(
                "settings_exist",
                "compose.env",
                "chưa có cài đặt nào (thiếu COMPOSE_PROFILES)",
                "make secrets ARGS='--profile commune --host TÊN-MÁY'",
            )
        ]
    asked: tuple[Callable[[Given], Iterator[Refusal]], ...] = (
        _shape, _secrets, _keys, _redis, _archive, _city, _login, _certificate, _mail, _images, _ports,
    )  # fmt: skip
    return [refusal for question in asked for refusal in question(given)]


def _shape(given: Given) -> Iterator[Refusal]:
    """One of the two forms, the executor that belongs to it, somebody who is not root."""
    forms = given.profiles & set(secret_files.PROFILES)
    if len(forms) != 1 or given.profiles - {*secret_files.PROFILES, "archive", "demo"}:
        yield Refusal(
            "profile_is_one",
            "compose.env, COMPOSE_PROFILES",
            "phải có đúng một trong commune, city (thêm được archive, demo)",
            "sửa thành COMPOSE_PROFILES=commune hoặc COMPOSE_PROFILES=city,archive",
        )
    executor = {"commune": "LocalExecutor", "city": "CeleryExecutor"}.get(next(iter(forms), ""))
    if executor and given.value("TTHC_EXECUTOR") != executor:
        yield Refusal(
            "executor_fits_profile",
            "compose.env, TTHC_EXECUTOR",
            "không hợp với COMPOSE_PROFILES: việc sẽ xếp hàng mãi mà không ai làm",
            f"sửa thành TTHC_EXECUTOR={executor}",
        )
    uid = given.value("TTHC_UID")
    if not uid.isdecimal() or int(uid) == 0:
        yield Refusal(
            "user_is_not_root",
            "compose.env, TTHC_UID",
            "các thành phần sẽ chạy bằng root, hoặc không rõ bằng ai",
            f"sửa thành TTHC_UID={os.geteuid() or secret_files.CONTAINER_UID}",
        )
    try:
        with settings.using({"TTHC_COMMUNE": given.value("TTHC_COMMUNE")}):
            settings.in_force()
    except UsageError as error:
        yield Refusal(
            "commune_is_a_code",
            "compose.env, TTHC_COMMUNE",
            str(error).removesuffix("."),
            "sửa thành mã đơn vị hành chính của xã, ví dụ TTHC_COMMUNE=11674; nhiều xã: cách nhau dấu phẩy, hoặc all",
        )


def _secrets(given: Given) -> Iterator[Refusal]:
    """Every secret is there, only its owner's, long enough, nobody's example, and like no other."""
    if not given.secrets.is_dir():
        yield Refusal("secrets_exist", str(given.secrets), "chưa có thư mục bí mật", "make secrets")
        return
    seen: dict[str, str] = {}
    for name in (*secret_files.made(), *secret_files.GIVEN, *secret_files.OPTIONAL):
        path, mend = given.secrets / name, _mend(given.secrets / name, name)
        if not path.exists():
            yield Refusal("secret_exists", f"{SECRETS} {name}", "không có tệp này", mend)
            continue
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield Refusal(
                "secret_is_private",
                f"{SECRETS} {name}",
                "người khác trên máy đọc hoặc ghi được tệp này",
                f"chmod 600 {path}",
            )
        value = given.secret(name)
        if not value:
            if name not in secret_files.OPTIONAL:
                yield Refusal("secret_is_not_empty", f"{SECRETS} {name}", "trống (hoặc không đọc được)", mend)
            continue
        if name not in LEAST:
            continue
        if len(value) < LEAST[name]:
            problem = f"chỉ có {len(value)} ký tự, cần từ {LEAST[name]}"
            yield Refusal("secret_is_long", f"{SECRETS} {name}", problem, mend)
        elif _is_guessable(value):
            yield Refusal("secret_is_no_example", f"{SECRETS} {name}", "là giá trị mẫu, hoặc dễ đoán", mend)
        if value in seen:
            problem = f"giống hệt {seen[value]}: lộ một là lộ cả hai"
            yield Refusal("secret_is_unlike_others", f"{SECRETS} {name}", problem, mend)
        seen.setdefault(value, name)


def _keys(given: Given) -> Iterator[Refusal]:
    """Airflow can use its key for connections, and nobody else knows it."""
    import base64

    key = given.secret("fernet_key")
    mend = _mend(given.secrets / "fernet_key", "fernet_key")
    try:
        is_key = len(base64.urlsafe_b64decode(key)) == 32
    except ValueError:
        is_key = False
    if key and not is_key:
        yield Refusal(
            "fernet_key_is_a_key", f"{SECRETS} fernet_key", "không phải khóa Fernet (32 byte base64)", mend
        )
    if key in EXAMPLE_FERNET_KEYS:
        yield Refusal(
            "fernet_key_is_own", f"{SECRETS} fernet_key", "là khóa mẫu trong tài liệu của Airflow", mend
        )


def _redis(given: Given) -> Iterator[Refusal]:
    """Redis asks for the password that the others use."""
    lines = [line.split() for line in given.secret("redis_conf").splitlines()]
    mend = f"rm {given.secrets / 'redis_conf'} && make secrets"
    passwords = [line[1] for line in lines if len(line) == 2 and line[0] == "requirepass"]
    if not passwords:
        yield Refusal(
            "redis_asks_password", f"{SECRETS} redis_conf", "thiếu requirepass: ai cũng vào được", mend
        )
    elif passwords != [given.secret("redis_password")]:
        yield Refusal(
            "redis_password_agrees", f"{SECRETS} redis_conf", "mật khẩu khác tệp redis_password", mend
        )


def _archive(given: Given) -> Iterator[Refusal]:
    """Workers on several machines share one archive, reached without listeners."""
    place, endpoint = given.value("TTHC_ARCHIVE"), given.value("TTHC_ARCHIVE_ENDPOINT")
    if "city" in given.profiles and not place.startswith("s3://"):
        yield Refusal(
            "archive_is_shared",
            "compose.env, TTHC_ARCHIVE",
            "là một thư mục: máy xử lý khác không thấy",
            "sửa thành TTHC_ARCHIVE=s3://TÊN-NGĂN và đặt TTHC_ARCHIVE_ENDPOINT",
        )
    parts = urlsplit(endpoint)
    if endpoint and parts.scheme != "https" and parts.hostname not in OWN_HOSTS:
        yield Refusal(
            "archive_is_reached_safely",
            "compose.env, TTHC_ARCHIVE_ENDPOINT",
            "không mã hóa đường truyền tới một máy khác",
            "sửa thành https://…",
        )
    credentials = given.secret("archive_credentials")
    if place.startswith("s3://") and not (
        "access_key_id" in credentials and "secret_access_key" in credentials
    ):
        yield Refusal(
            "archive_credentials_are_read",
            f"{SECRETS} archive_credentials",
            "không có aws_access_key_id và aws_secret_access_key",
            f"rm {given.secrets / 'archive_credentials'} && make secrets",
        )
    elif any(
        _is_guessable(line.partition("=")[2].strip()) for line in credentials.splitlines() if "secret" in line
    ):
        yield Refusal(
            "archive_credentials_are_own",
            f"{SECRETS} archive_credentials",
            "là giá trị mẫu, hoặc dễ đoán",
            f"rm {given.secrets / 'archive_credentials'} {given.secrets / 'archive_password'} && make secrets",
        )


def _city(given: Given) -> Iterator[Refusal]:
    """A real city over TLS, or the stand-in one in a demonstration; never one for the other."""
    url = given.value("TTHC_CITY_URL")
    host, where = urlsplit(url).hostname, "compose.env, TTHC_CITY_URL"
    if not host:
        yield Refusal(
            "city_is_named", where, "chưa nói hệ thống nào của thành phố", "sửa thành TTHC_CITY_URL=https://…"
        )
    elif host == "demo-city" and not given.is_demo:
        yield Refusal(
            "city_is_real", where, "là thành phố giả lập mà không có demo trong COMPOSE_PROFILES",
            "sửa thành địa chỉ thật, hoặc thêm demo vào COMPOSE_PROFILES",
        )  # fmt: skip
    elif host.endswith((".example.vn", ".example.com", ".example")):
        yield Refusal("city_is_no_example", where, "là địa chỉ mẫu", "sửa thành địa chỉ thật")
    elif not url.startswith("https://") and host not in OWN_HOSTS:
        yield Refusal("city_is_reached_safely", where, "không mã hóa đường truyền", "sửa thành https://…")


def _login(given: Given) -> Iterator[Refusal]:
    """Nothing from outside may open the door that we closed."""
    for name, effect in OPEN_LOGIN.items():
        if given.value(name):
            where = "môi trường" if given.values is os.environ else "compose.env hoặc môi trường"
            yield Refusal("login_is_closed", f"{where}, {name}", effect, f"bỏ dòng {name}; unset {name}")
    for path in given.files:
        text = path.read_text(encoding="utf-8")
        for name, effect in OPEN_LOGIN.items():
            if name in text:
                yield Refusal("login_is_closed", path.name, f"{name} {effect}", f"bỏ {name} khỏi {path.name}")


def _certificate(given: Given) -> Iterator[Refusal]:
    """The page has a name, and a certificate for that name which browsers may trust."""
    host = given.value("TTHC_HOST")
    where = "compose.env, TTHC_HOST"
    if not host or (
        not given.is_demo and (host == "localhost" or host.endswith((".example.vn", ".example.com")))
    ):
        yield Refusal("host_is_named", where, "chưa có tên máy thật của trang", "sửa thành TTHC_HOST=tên-máy")
        return
    certificate, key = given.secret("tls_certificate"), given.secret("tls_key")
    if certificate and key:
        mend = f"đặt chứng thư mới vào {given.secrets}/tls_certificate và khóa của nó vào {given.secrets}/tls_key"
        for name, problem in certificate_problems(certificate, key, host, may_be_example=given.is_demo):
            yield Refusal(name, f"{SECRETS} tls_certificate", problem, mend)


def _mail(given: Given) -> Iterator[Refusal]:
    """A password for the mail server does not travel in the open."""
    from urllib.parse import parse_qs

    parts = urlsplit(given.secret("mail_url"))
    if parts.password and parse_qs(parts.query).get("security") == ["none"]:
        yield Refusal(
            "mail_is_sent_safely",
            f"{SECRETS} mail_url",
            "gửi mật khẩu mà không mã hóa",
            f"sửa security=none thành security=starttls trong {given.secrets / 'mail_url'}",
        )


def _images(given: Given) -> Iterator[Refusal]:
    """The same images tomorrow as today."""
    for name, image in sorted(given.values.items()):
        if not (name.startswith("TTHC_") and name.endswith("_IMAGE") and image):
            continue
        tag = image.rpartition("/")[2].partition(":")[2]
        if "@sha256:" not in image and tag in ("", "latest"):
            yield Refusal(
                "image_is_pinned", f"compose.env, {name}", "không nói bản nào", f"sửa thành {name}=…:BẢN"
            )


def _ports(given: Given) -> Iterator[Refusal]:
    """Only the page in front is reached from the host."""
    import yaml

    for path in given.files:
        try:
            services = (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("services") or {}
        except yaml.YAMLError:
            yield Refusal("compose_file_is_read", path.name, "không phải YAML", "make compose-check")
            continue
        for name, service in services.items():
            opened = isinstance(service, dict) and (
                service.get("ports") or service.get("network_mode") == "host"
            )
            if opened and name != "proxy":
                yield Refusal(
                    "only_the_proxy_is_published",
                    f"{path.name}, {name}",
                    "mở cổng ra ngoài mạng riêng",
                    f"bỏ ports và network_mode của {name}",
                )


def _is_guessable(value: str) -> bool:
    """Whether somebody would try this first, or few different characters make it up."""
    plain = value.casefold()
    core = plain
    for word in EXAMPLES:
        core = core.replace(word, "")
    # A word of the list with a little around it is no better than the word.
    return len(set(plain)) < 6 or len(core) < 8


def _mend(path: Path, name: str) -> str:
    if name in secret_files.GIVEN:
        return f"đặt {secret_files.GIVEN[name]} vào {path} (chmod 600)"
    if name == "secret_key":
        return f"khôi phục {path} từ bản cất riêng; bản cài mới thì: rm -f {path} && make secrets"
    return f"rm -f {path} && make secrets"
