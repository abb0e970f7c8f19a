"""The only reader of the environment.

Where a value comes from, first found wins: ``using(...)`` in this process (Airflow's connections), the
environment, ``.env`` in the repository (``TTHC_ENV_FILE`` names another), ``var/run.env`` that ``make run``
wrote. An empty value counts as absent. Each function asks only for what it returns.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from tthc.errors import UsageError


@dataclass(frozen=True)
class Setting:
    """One variable: what it is for and how a value looks. ``secret`` values are never shown."""

    name: str
    purpose: str
    example: str
    secret: bool = False


SETTINGS: Mapping[str, Setting] = MappingProxyType(
    {
        setting.name: setting
        for setting in (
            Setting("TTHC_COMMUNE", "mã đơn vị hành chính của xã, 5 chữ số", "11674"),
            Setting(
                "TTHC_WAREHOUSE_URL",
                "địa chỉ kho dữ liệu (Postgres 15 trở lên)",
                "postgresql://tthc:mat-khau@127.0.0.1:5432/warehouse",
                secret=True,
            ),
            Setting("TTHC_CITY_URL", "địa chỉ hệ thống của thành phố", "https://mot-cua.example.vn"),
            Setting("TTHC_CITY_DIALECT", "cách nói của hệ thống thành phố (mặc định share)", "share"),
            Setting(
                "TTHC_CITY_DIALECT_FILE",
                "khai báo cách nói của riêng nơi này, thay cho sources/dialects/ (danh sách trạng thái, cỡ trang…)",
                "var/igate.yaml",
            ),
            Setting(
                "TTHC_CITY_GROUP_ID", "số của trang OpenCPS (groupId), chỉ cần với cách nói opencps", "20126"
            ),
            Setting("TTHC_CITY_CLIENT_ID", "tên do thành phố cấp để lấy hồ sơ", "xa-an-hung"),
            Setting(
                "TTHC_CITY_CLIENT_SECRET", "khóa do thành phố cấp để lấy hồ sơ", "chuoi-bi-mat", secret=True
            ),
            Setting("TTHC_ARCHIVE", "nơi cất nguyên văn những gì đã nhận (URL của fsspec)", "var/archive"),
            Setting("TTHC_INBOX", "nơi người dùng đặt tệp để nạp (URL của fsspec)", "var/inbox"),
            Setting(
                "TTHC_SECRET_KEY",
                "chuỗi bí mật từ 32 ký tự để băm định danh và mã hóa kho lưu",
                "kết quả của lệnh: openssl rand -base64 48",
                secret=True,
            ),
            Setting(
                "TTHC_BACKUP_KEY",
                "chuỗi bí mật từ 32 ký tự để mã hóa bản sao lưu; cất ở nơi khác bản sao lưu",
                "kết quả của lệnh: openssl rand -base64 48",
                secret=True,
            ),
            Setting("TTHC_BACKUP", "nơi cất bản sao lưu (URL của fsspec)", "var/backup"),
            Setting(
                "TTHC_MAIL_URL",
                "máy chủ thư để báo người duyệt (không bắt buộc)",
                "smtp://ten:mat-khau@thu.example.vn:587/?from=kho%40example.vn&to=duyet%40example.vn",
                secret=True,
            ),
            Setting(
                "TTHC_ALERT_URLS",
                "những nơi khác cũng được báo sự cố, mỗi nơi một URL của Apprise, cách nhau dấu cách (không bắt buộc)",
                "tgram://mã-bot/mã-nhóm",
                secret=True,
            ),
            Setting(
                "TTHC_OTEL_ENDPOINT",
                "nơi nhận số đo và vết theo OpenTelemetry, OTLP qua HTTP (không bắt buộc)",
                "http://thu-thap.example.vn:4318",
            ),
            Setting("TTHC_AIRFLOW_PORT", "cổng của trang Airflow (mặc định 8080)", "8080"),
            Setting("TTHC_PG_PORT", "cổng của Postgres do make run dựng (mặc định 5433)", "5433"),
            Setting("TTHC_CITY_PORT", "cổng của hệ thống thành phố giả lập (mặc định 8090)", "8090"),
            Setting("TTHC_PG_BIN", "thư mục chương trình Postgres muốn dùng", "/usr/lib/postgresql/15/bin"),
            Setting("TTHC_DEMO_SEED", "số gieo của hệ thống thành phố giả lập (mặc định 1)", "1"),
        )
    }
)


class SettingMissing(UsageError):
    """A needed variable is absent; the message names it, says what it is for and shows an example."""

    def __init__(self, name: str) -> None:
        setting = SETTINGS[name]
        super().__init__(
            f"Thiếu {name}: {setting.purpose}. Đặt trong môi trường hoặc trong tệp .env, "
            f"ví dụ {name}={setting.example} (hoặc chạy `make run`, lệnh này tự ghi các giá trị)."
        )


class SettingInvalid(UsageError):
    """A variable is there but cannot be used; the message never repeats its value when it is secret."""

    def __init__(self, name: str, problem: str) -> None:
        setting = SETTINGS[name]
        super().__init__(f"{name} ({setting.purpose}) {problem}. Ví dụ: {name}={setting.example}")


@dataclass(frozen=True)
class City:
    """How to reach the city system. ``url`` has no slash at its end."""

    url: str
    dialect: str
    client_id: str
    client_secret: str = field(repr=False)


_OVERRIDES: ContextVar[Mapping[str, str]] = ContextVar("tthc_settings", default=MappingProxyType({}))


def root() -> Path:
    """Return the repository: the folder that holds ``sources/``, ``sql/`` and ``plugins/``."""
    given = os.environ.get("TTHC_ROOT")
    return Path(given).resolve() if given else Path(__file__).resolve().parents[2]


def state() -> Path:
    """Return the folder of what this installation made (``var/``); ``TTHC_STATE`` names another."""
    given = os.environ.get("TTHC_STATE")
    return Path(given).resolve() if given else root() / "var"


def run_file() -> Path:
    """Return the file in which ``make run`` writes what ``tthc`` needs."""
    return state() / "run.env"


@contextmanager
def using(values: Mapping[str, str]) -> Iterator[None]:
    """Let ``values`` win over every other place until the block ends, in this thread or task only."""
    token = _OVERRIDES.set(MappingProxyType({**_OVERRIDES.get(), **values}))
    try:
        yield
    finally:
        _OVERRIDES.reset(token)


def read_env_file(path: Path) -> dict[str, str]:
    """Return the ``NAME=value`` lines of a file; ``{}`` when it does not exist.

    Comments, blank lines, a leading ``export`` and one pair of quotes around a value are understood; nothing
    is expanded, so a password may hold any character.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except PermissionError as error:
        raise UsageError(f"Không được phép đọc tệp cấu hình {path}; hãy kiểm tra quyền của tệp.") from error
    values = {}
    for line in text.splitlines():
        stripped = line.strip().removeprefix("export ").lstrip()
        if not stripped or stripped.startswith("#") or "=" not in stripped:
            continue
        name, value = (part.strip() for part in stripped.split("=", 1))
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        values[name] = value
    return values


def find(name: str) -> tuple[str, str] | None:
    """Return (value, where it was found), or ``None`` when no place has it."""
    env_file = Path(os.environ.get("TTHC_ENV_FILE") or root() / ".env")
    places = (
        ("kết nối của Airflow", lambda: _OVERRIDES.get()),
        ("môi trường", lambda: os.environ),
        (str(env_file), lambda: read_env_file(env_file)),
        (str(run_file()), lambda: read_env_file(run_file())),
    )
    for place, values in places:
        value = values().get(name, "").strip()
        if value:
            return value, place
    return None


def optional(name: str, default: str = "") -> str:
    """Return the value of a variable, or ``default`` when no place has it."""
    found = find(name)
    return found[0] if found else default


def required(name: str) -> str:
    """Return the value of a variable, or raise :class:`SettingMissing`."""
    found = find(name)
    if found is None:
        raise SettingMissing(name)
    return found[0]


def commune_code() -> str:
    """Return the five digits of the commune this installation works for."""
    code = required("TTHC_COMMUNE")
    if not (len(code) == 5 and code.isascii() and code.isdigit()):
        raise SettingInvalid("TTHC_COMMUNE", "phải là đúng 5 chữ số")
    return code


def warehouse_url() -> str:
    """Return the libpq URL of the warehouse, ``postgresql://…``."""
    url = required("TTHC_WAREHOUSE_URL")
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.split("+")[0] not in ("postgresql", "postgres"):
        raise SettingInvalid("TTHC_WAREHOUSE_URL", "phải bắt đầu bằng postgresql://")
    return f"postgresql://{rest}"


def sqlalchemy_url() -> str:
    """Return the same warehouse for SQLAlchemy, ``postgresql+psycopg://…``."""
    return warehouse_url().replace("postgresql://", "postgresql+psycopg://", 1)


def city() -> City:
    """Return how to reach the city system."""
    url = required("TTHC_CITY_URL").rstrip("/")
    if not url.startswith(("http://", "https://")):
        raise SettingInvalid("TTHC_CITY_URL", "phải bắt đầu bằng http:// hoặc https://")
    return City(
        url=url,
        dialect=optional("TTHC_CITY_DIALECT", "share"),
        client_id=required("TTHC_CITY_CLIENT_ID"),
        client_secret=required("TTHC_CITY_CLIENT_SECRET"),
    )


def city_group_id() -> str:
    """Return which site of an OpenCPS installation is ours."""
    return required("TTHC_CITY_GROUP_ID")


def dialect_file(dialect: str) -> Path:
    """Return the declaration that says how a dialect is read: that of this installation, or the repository's."""
    given = optional("TTHC_CITY_DIALECT_FILE")
    return (root() / Path(given).expanduser()).resolve() if given else own_dialect_file(dialect)


def own_dialect_file(dialect: str) -> Path:
    """Return the repository's declaration of a dialect."""
    return root() / "sources" / "dialects" / f"{dialect}.yaml"


def archive_url() -> str:
    """Return where received bytes are kept: an fsspec URL, or an absolute path."""
    return _place("TTHC_ARCHIVE", "archive")


def inbox_url() -> str:
    """Return where people put files: an fsspec URL, or an absolute path."""
    return _place("TTHC_INBOX", "inbox")


def secret_key() -> str:
    """Return the text from which the keys for hashing and archiving are derived; at least 32 characters."""
    key = required("TTHC_SECRET_KEY")
    if len(key) < 32:
        raise SettingInvalid("TTHC_SECRET_KEY", "phải có từ 32 ký tự trở lên")
    return key


def backup_key() -> str:
    """Return the text from which the key of backups is derived; another one than that of the archive."""
    key = required("TTHC_BACKUP_KEY")
    if len(key) < 32:
        raise SettingInvalid("TTHC_BACKUP_KEY", "phải có từ 32 ký tự trở lên")
    if key == optional("TTHC_SECRET_KEY"):
        raise SettingInvalid("TTHC_BACKUP_KEY", "phải khác TTHC_SECRET_KEY: lộ một là lộ cả hai")
    return key


def backup_url() -> str:
    """Return where backups are kept: an fsspec URL, or an absolute path."""
    return _place("TTHC_BACKUP", "backup")


def port(name: str, default: int) -> tuple[int, bool]:
    """Return (port, whether someone asked for exactly this one)."""
    found = find(name)
    if found is None:
        return default, False
    if not found[0].isdecimal() or not 1 <= int(found[0]) <= 65535:
        raise SettingInvalid(name, "phải là một số từ 1 đến 65535")
    return int(found[0]), True


def _place(name: str, folder: str) -> str:
    given = optional(name)
    if not given:
        return str(state() / folder)
    if "://" in given or "::" in given:
        return given
    return str((root() / Path(given).expanduser()).resolve())
