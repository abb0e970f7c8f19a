"""The variables that an installation may set: what each is for, and how a value looks."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


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
            Setting(
                "TTHC_COMMUNE",
                "mã đơn vị hành chính của xã, 5 chữ số; nhiều xã thì cách nhau dấu phẩy, hoặc all: mọi xã có khai báo",
                "11674",
            ),
            Setting(
                "TTHC_COMMUNES_FOLDER",
                "thư mục khai báo của từng xã, mỗi xã một tệp MÃ.yaml (mặc định sources/communes)",
                "sources/communes",
            ),
            Setting(
                "TTHC_INGEST_SLOTS",
                "khi có nhiều xã: số bước đọc chạy cùng lúc, mọi luồng cộng lại (mặc định 3)",
                "3",
            ),
            Setting(
                "TTHC_LONG_READINGS",
                "khi có nhiều xã: một lần chạy theo lịch đọc cả năm cho nhiều nhất mấy xã (mặc định 4)",
                "4",
            ),
            Setting(
                "TTHC_WAREHOUSE_URL",
                "địa chỉ kho dữ liệu (Postgres 15 trở lên)",
                "postgresql://tthc:mat-khau@127.0.0.1:5432/warehouse",
                secret=True,
            ),
            Setting(
                "TTHC_CITY_URL",
                "địa chỉ hệ thống của thành phố; {commune} là chỗ của mã xã khi mỗi xã một địa chỉ",
                "https://mot-cua.example.vn",
            ),
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
            Setting(
                "TTHC_HEARTBEAT_TIMEOUT",
                "một bước im lặng bao nhiêu giây thì coi là máy xử lý đã chết, và được làm lại (mặc định 120)",
                "120",
            ),
            Setting(
                "TTHC_BROKER_URL",
                "Redis chia việc cho các máy xử lý (không đặt thì bộ lập lịch tự làm)",
                "redis://:mat-khau@127.0.0.1:6379/0",
                secret=True,
            ),
            Setting("TTHC_WORKER_CONCURRENCY", "số việc một máy xử lý làm cùng lúc (mặc định 4)", "4"),
            Setting("TTHC_AIRFLOW_PORT", "cổng của trang Airflow (mặc định 8080)", "8080"),
            Setting("TTHC_PG_PORT", "cổng của Postgres do make run dựng (mặc định 5433)", "5433"),
            Setting("TTHC_CITY_PORT", "cổng của hệ thống thành phố giả lập (mặc định 8090)", "8090"),
            Setting("TTHC_PG_BIN", "thư mục chương trình Postgres muốn dùng", "/usr/lib/postgresql/15/bin"),
            Setting("TTHC_DEMO_SEED", "số gieo của hệ thống thành phố giả lập (mặc định 1)", "1"),
        )
    }
)
