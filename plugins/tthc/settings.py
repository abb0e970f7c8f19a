"""The only reader of the environment.

Where a value comes from, first found wins: ``using(...)`` in this process (Airflow's connections), the
environment, ``.env`` in the repository (``TTHC_ENV_FILE`` names another), ``var/run.env`` that ``make run``
wrote. An empty value counts as absent. Each function asks only for what it returns.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from tthc.errors import UsageError
from tthc.setting_names import SETTINGS as SETTINGS


class SettingMissing(UsageError):
    """A needed variable is absent; the message names it, says what it is for and shows an example."""

    def __init__(self, name: str) -> None:
        setting = SETTINGS[name]
        super().__init__(
            f"Thiếu {name}: {setting.purpose}. Đặt trong môi trường hoặc trong tệp .env, "
            f"ví dụ {name}={setting.example} (hoặc chạy `make run`, lệnh này tự ghi các giá trị)."
        )


class CommuneNotChosen(UsageError):
    """A city's installation was asked for something of one commune without being told which."""

    def __init__(self, codes: Sequence[str]) -> None:
        super().__init__(
            f"Bản cài này giữ {len(codes)} xã ({named(codes)}): hãy nêu xã, "
            f"ví dụ tthc --commune {codes[0]} … hoặc đặt TTHC_COMMUNE={codes[0]} trước lệnh."
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
    #: Which site of an OpenCPS installation; part of what tells one commune's client from another's.
    group_id: str = ""


#: The folder of the inbox whose files are read for every commune.
SHARED_FOLDER = "moi-xa"
#: The value of TTHC_COMMUNE that stands for every commune with a declaration of its own.
ALL_DECLARED = "all"
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


def find(name: str, *, overridden: bool = True) -> tuple[str, str] | None:
    """Return (value, where it was found), or ``None`` when no place has it.

    Without ``overridden`` what :func:`using` says is not looked at.
    """
    env_file = Path(os.environ.get("TTHC_ENV_FILE") or root() / ".env")
    places = (
        ("lệnh này, hoặc kết nối của Airflow", lambda: _OVERRIDES.get()),
        ("môi trường", lambda: os.environ),
        (str(env_file), lambda: read_env_file(env_file)),
        (str(run_file()), lambda: read_env_file(run_file())),
    )
    for place, values in places if overridden else places[1:]:
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


def communes() -> tuple[str, ...]:
    """Return the five digits of every commune of this installation, in order, whichever of them is in force."""
    found = find("TTHC_COMMUNE", overridden=False) or find("TTHC_COMMUNE")
    if found is None:
        raise SettingMissing("TTHC_COMMUNE")
    return _codes(found[0])


def has_several_communes() -> bool:
    """Whether this installation is a city's: each step must then be told for which commune it works."""
    return find("TTHC_COMMUNE") is not None and len(communes()) > 1


def commune_code() -> str:
    """Return the five digits of the commune in force: the only one, or that of :func:`for_commune`.

    Raises :class:`CommuneNotChosen` when there are several and none was chosen.
    """
    codes = _codes(required("TTHC_COMMUNE"))
    if len(codes) > 1:
        raise CommuneNotChosen(codes)
    return codes[0]


def in_force() -> tuple[str, ...]:
    """Return the communes that a step for all of them works on: the chosen one, else every one."""
    return _codes(required("TTHC_COMMUNE"))


def installation_name() -> str:
    """Return what files of the whole installation are named by: the code of the only commune, or ``city``."""
    return "city" if has_several_communes() else communes()[0]


@contextmanager
def for_commune(code: str) -> Iterator[None]:
    """Let one commune of this installation be in force until the block ends, in this thread or task only."""
    if code not in (*communes(), *in_force()):
        raise UsageError(f"Bản cài này không có xã {code}. Các xã: {named(communes())}.")
    with using({"TTHC_COMMUNE": code}):
        yield


def named(codes: Sequence[str], most: int = 8) -> str:
    """Return some codes in words, the rest as a count.

    >>> named(["11674", "11680", "11683"], most=2)
    '11674, 11680 và 1 xã nữa'
    """
    shown = ", ".join(codes[:most])
    return shown if len(codes) <= most else f"{shown} và {len(codes) - most} xã nữa"


def communes_folder() -> Path:
    """Return the folder with a declaration for each commune, ``<code>.yaml``."""
    return (root() / Path(optional("TTHC_COMMUNES_FOLDER", "sources/communes")).expanduser()).resolve()


def _codes(text: str) -> tuple[str, ...]:
    if text.casefold() == ALL_DECLARED:
        codes = sorted(path.stem for path in communes_folder().glob("[0-9]*.yaml"))
        if not codes:
            raise SettingInvalid(
                "TTHC_COMMUNE", f"là all mà {communes_folder()} chưa có khai báo MÃ.yaml nào"
            )
    else:
        codes = [code for code in re.split(r"[\s,]+", text) if code]
    for code in codes:
        if not (len(code) == 5 and code.isascii() and code.isdigit()):
            raise SettingInvalid("TTHC_COMMUNE", "phải là đúng 5 chữ số (nhiều xã thì cách nhau dấu phẩy)")
    if not codes:
        raise SettingMissing("TTHC_COMMUNE")
    return tuple(dict.fromkeys(codes))


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
    # A single commune that asks at its own address need not be named.
    code = commune_code() if find("TTHC_COMMUNE") else ""
    url, is_own_url = _of_commune("TTHC_CITY_URL", code)
    if not url.startswith(("http://", "https://")):
        raise SettingInvalid("TTHC_CITY_URL", "phải bắt đầu bằng http:// hoặc https://")
    client_id, is_own_client = _of_commune("TTHC_CITY_CLIENT_ID", code)
    dialect = optional("TTHC_CITY_DIALECT", "share")
    group_id, is_own_group = _of_commune("TTHC_CITY_GROUP_ID", code) if dialect == "opencps" else ("", False)
    if code and has_several_communes() and not (is_own_url or is_own_client or is_own_group):
        raise UsageError(
            f"Không rõ thành phố gửi hồ sơ của xã nào cho {code}: mọi xã đang hỏi cùng một địa chỉ bằng cùng một tên. "
            "Viết {commune} vào TTHC_CITY_URL hoặc TTHC_CITY_CLIENT_ID ở chỗ của mã xã, hoặc đặt riêng cho từng xã "
            f"(TTHC_CITY_CLIENT_ID_{code}, kết nối Airflow tthc_city_{code})."
        )
    return City(
        url=url.rstrip("/"),
        dialect=dialect,
        client_id=client_id,
        client_secret=_of_commune("TTHC_CITY_CLIENT_SECRET", code)[0],
        group_id=group_id,
    )


def city_group_id() -> str:
    """Return which site of an OpenCPS installation is ours."""
    return _of_commune("TTHC_CITY_GROUP_ID", commune_code() if find("TTHC_COMMUNE") else "")[0]


def _of_commune(name: str, code: str) -> tuple[str, bool]:
    """Return a value for one commune, and whether it is that commune's own: ``NAME_<code>``, or with its code in it."""
    own = find(f"{name}_{code}") if code else None
    if own is not None:
        return own[0], True
    text = required(name)
    return text.replace("{commune}", code), "{commune}" in text


def dialect_file(dialect: str) -> Path:
    """Return the declaration that says how a dialect is read: that of this installation, or the repository's."""
    given = optional("TTHC_CITY_DIALECT_FILE")
    return (root() / Path(given).expanduser()).resolve() if given else own_dialect_file(dialect)


def own_dialect_file(dialect: str) -> Path:
    """Return the repository's declaration of a dialect."""
    return root() / "sources" / "dialects" / f"{dialect}.yaml"


def ingest_slots() -> int:
    """Return how many steps of readings a city's installation runs at once, over all streams."""
    return _count("TTHC_INGEST_SLOTS", 3)


def long_readings() -> int:
    """Return of how many communes one scheduled run of a city's installation reads the whole year."""
    return _count("TTHC_LONG_READINGS", 4)


def _count(name: str, default: int) -> int:
    text = optional(name, str(default))
    if not text.isdecimal() or not 1 <= int(text) <= 1000:
        raise SettingInvalid(name, "phải là một số từ 1 đến 1000")
    return int(text)


def archive_url() -> str:
    """Return where received bytes are kept: an fsspec URL, or an absolute path."""
    return _place("TTHC_ARCHIVE", "archive")


def inbox_url() -> str:
    """Return where people put files: an fsspec URL, or an absolute path."""
    return _place("TTHC_INBOX", "inbox")


def inbox_folders() -> tuple[str, str | None]:
    """Return where the files of the commune in force wait, and where those that are every commune's (one has none)."""
    if not has_several_communes():
        return inbox_url(), None
    place = inbox_url().rstrip("/")
    return f"{place}/{commune_code()}", f"{place}/{SHARED_FOLDER}"


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
