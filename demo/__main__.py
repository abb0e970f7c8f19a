"""The command line of the demo city: ``python -m demo --help``."""

import argparse
import os
import sys
from pathlib import Path

EXAMPLES = r"""
ví dụ:
  python -m demo serve --port 8090 --seed 1 --clock 2025-07-31T18:00:00+07:00 \
      --client-id tthc --client-secret BI-MAT
  python -m demo answer-key --seed 1 --pulls pulls.json --out key.csv --form form.csv
  python -m demo registers DIR
  python -m demo files --out DIR --seed 1 --clock 2025-07-31T18:00:00+07:00
  python -m demo edges --seed 1
  python -m demo serve --communes 114 --share 0.1 …    # mỗi xã ở http://127.0.0.1:8090/xa/MÃ
  python -m demo communes --out sources/communes        # khai báo của 114 xã

điều khiển khi máy chủ đang chạy (tiêu đề X-Demo-Key = client secret):
  PUT /_demo/clock     {"now": "2025-08-31T18:00:00+07:00"}
  PUT /_demo/troubles  {"seed": 1, "rates": {"http_429": 0.02, "empty_data": 0.05}}
                       {"rates": {"all": 0.03}}
Xem thêm demo/README.md.
"""


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="python -m demo",
        description="Thành phố mẫu: máy chủ nói ba phương ngữ share, igate, opencps, và đáp án của những gì nó gửi.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="LỆNH")
    serve = commands.add_parser("serve", help="chạy máy chủ HTTP của thành phố")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8090)
    serve.add_argument("--seed", type=int, default=1)
    serve.add_argument("--clock", default="2025-07-31T18:00:00+07:00", help="giờ của thành phố, ISO 8601")
    serve.add_argument("--client-id", default=os.environ.get("TTHC_CITY_CLIENT_ID"))
    serve.add_argument("--client-secret", default=os.environ.get("TTHC_CITY_CLIENT_SECRET"))
    serve.add_argument(
        "--communes",
        help="nhiều xã, mỗi xã ở /xa/MÃ: số xã (114: cả Hải Phòng) hoặc các mã cách nhau dấu phẩy",
    )
    serve.add_argument("--share", type=float, default=1.0, help="mỗi xã bao nhiêu lần 1.500 hồ sơ một tháng")
    serve.add_argument(
        "--heavy", action="append", default=[], metavar="MÃ=LẦN", help="một xã nhiều hồ sơ gấp bao nhiêu lần"
    )
    serve.add_argument("--kept", type=int, default=16, help="số xã giữ trong bộ nhớ cùng lúc")
    serve.add_argument("--token-seconds", type=int, default=3600, help="token sống bao lâu (giây)")
    key = commands.add_parser("answer-key", help="tính đáp án bằng Python thuần, từng hồ sơ một")
    key.add_argument("--seed", type=int, required=True)
    key.add_argument(
        "--pulls", type=Path, required=True, help='JSON: [{"at": ..., "from": ..., "to": ...}, ...]'
    )
    key.add_argument("--out", type=Path, required=True)
    key.add_argument("--form", type=Path, help="biểu II.06a, cột 3 đến 13")
    key.add_argument(
        "--exports", type=Path, help='JSON: các lúc xuất tệp của cổng, ["2025-07-31T18:00:00+07:00", ...]'
    )
    registers = commands.add_parser("registers", help="ghi danh mục TTHC ra tệp xlsx")
    registers.add_argument("directory", type=Path)
    files = commands.add_parser(
        "files", help="ghi tệp của cổng, PAKN, thanh toán, đánh giá, văn bản, và các sổ"
    )
    files.add_argument("--out", type=Path, required=True, help="thư mục nhận tệp")
    files.add_argument("--seed", type=int, default=1)
    files.add_argument("--clock", default="2025-07-31T18:00:00+07:00", help="lúc xuất tệp, ISO 8601")
    files.add_argument("--broken", action="store_true", help="bản có lỗi gài sẵn, kèm đáp án loi.json")
    declared = commands.add_parser("communes", help="ghi khai báo đơn vị của từng xã (MÃ.yaml)")
    declared.add_argument("--out", type=Path, required=True, help="thư mục nhận tệp")
    declared.add_argument("--communes", default="114", help="số xã, hoặc các mã cách nhau dấu phẩy")
    declared.add_argument("--like", type=Path, default=Path("sources/units.yaml"), help="khai báo làm mẫu")
    edges = commands.add_parser("edges", help="đếm các trường hợp khó đã gài trong dữ liệu")
    edges.add_argument("--seed", type=int, default=1)
    return top


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    if options.command == "serve":
        return serve(options)
    if options.command == "answer-key":
        from .answer_key import write

        write(options.seed, options.pulls, options.out, options.form, options.exports)
        return 0
    if options.command == "registers":
        from .registers import write_registers

        for path in write_registers(options.directory):
            print(path)
        return 0
    if options.command == "files":
        return write_files(options)
    if options.command == "communes":
        from .communes import write_declarations
        from .hai_phong import chosen

        for path in write_declarations(options.out, chosen(options.communes), options.like):
            print(path)
        return 0
    from .edges import count_edges, whole_city

    for name, count in sorted(count_edges(whole_city(options.seed)).items()):
        print(f"{count:7} {name}")
    return 0


def write_files(options: argparse.Namespace) -> int:
    from .dates import parse_moment
    from .files import write_all
    from .stream_file import Context

    try:
        moment = parse_moment(options.clock)
    except ValueError:
        print("--clock phải là thời điểm ISO 8601, ví dụ 2025-07-31T18:00:00+07:00.", file=sys.stderr)
        return 2
    for path in write_all(options.out, Context.at(options.seed, moment), broken=options.broken):
        print(path)
    return 0


def serve(options: argparse.Namespace) -> int:
    if not options.client_id or not options.client_secret:
        print("Thiếu --client-id/--client-secret (hoặc TTHC_CITY_CLIENT_ID/_SECRET).", file=sys.stderr)
        return 2
    import logging

    import uvicorn

    from .city import City
    from .dates import parse_moment
    from .server import create

    try:
        moment = parse_moment(options.clock)
    except ValueError:
        print("--clock phải là thời điểm ISO 8601, ví dụ 2025-07-31T18:00:00+07:00.", file=sys.stderr)
        return 2
    client = (options.client_id, options.client_secret)
    if options.communes:
        from .communes import Communes
        from .hai_phong import chosen

        try:
            codes, heavy = chosen(options.communes), dict(_times(text) for text in options.heavy)
        except ValueError as error:
            print(f"--communes, --heavy: {error}.", file=sys.stderr)
            return 2
        app = Communes(
            options.seed, moment, client, options.token_seconds, codes, options.share, heavy, options.kept
        )
    else:
        app = create(City(options.seed, options.share), moment, *client, options.token_seconds)
    # Bodies that end too early are this server's trade; uvicorn would report each of them as an error.
    logging.getLogger("uvicorn.error").addFilter(
        lambda record: "without completing" not in record.getMessage()
    )
    uvicorn.run(
        app,
        host=options.host,
        port=options.port,
        date_header=False,
        server_header=False,
        access_log=False,
        log_level="warning",
    )
    return 0


def _times(text: str) -> tuple[str, float]:
    code, _, times = text.partition("=")
    return code, float(times)


if __name__ == "__main__":
    sys.exit(main())
