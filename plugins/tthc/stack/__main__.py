"""``python -m tthc.stack run | stop | reset | status``, called by the Makefile."""

import argparse
import sys

from tthc.errors import TthcError
from tthc.stack.screen import say


def main(arguments: list[str]) -> int:
    """Return the exit code of one command; results on stdout, progress on stderr."""
    parser = argparse.ArgumentParser(
        prog="tthc.stack", description="Dựng, dừng, xem và xóa bộ máy trên một máy."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    running = commands.add_parser("run", help="dựng tất cả và chạy tới bảng chỉ tiêu")
    running.add_argument("--only-up", action="store_true", help="chỉ dựng, không chạy dữ liệu giả lập")
    running.add_argument("--through", metavar="THÁNG", default="2026-10", help="tháng giả lập cuối cùng")
    commands.add_parser("stop", help="dừng tất cả")
    forgetting = commands.add_parser("reset", help="dừng và xóa mọi dữ liệu")
    forgetting.add_argument("--yes", action="store_true", help="không hỏi lại")
    commands.add_parser("status", help="cái gì đang chạy")
    chosen = parser.parse_args(arguments)
    try:
        return {"run": run, "stop": stop, "reset": reset, "status": status}[chosen.command](chosen)
    except TthcError as error:
        say(f"LỖI: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        say("Đã ngắt. Những gì đang chạy vẫn chạy; `make stop` để dừng, `make run` để làm tiếp.")
        return 130


def run(chosen: argparse.Namespace) -> int:
    """Bring everything up and carry the demo through."""
    from tthc.stack import up

    with up.alone():
        here = up.bring_up()
        if not chosen.only_up:
            from tthc.stack import story

            story.tell(here, chosen.through)
        up.wait_for_all(here)
    return 0


def stop(_: argparse.Namespace) -> int:
    """End everything."""
    from tthc.stack import up

    with up.alone():
        say("Đã dừng tất cả." if up.take_down() else "Không có gì đang chạy.")
    return 0


def reset(chosen: argparse.Namespace) -> int:
    """Forget everything, after asking."""
    from tthc import settings
    from tthc.stack import up

    if not chosen.yes:
        print(
            f"Xóa mọi dữ liệu, khóa và kho lưu trong {settings.state()}? Không lấy lại được.", file=sys.stderr
        )
        print("Gõ «xóa» (hoặc xoa) để đồng ý: ", end="", file=sys.stderr, flush=True)
        if sys.stdin.readline().strip().lower() not in ("xóa", "xoá", "xoa"):
            say("Không xóa gì.")
            return 1
    with up.alone():
        up.take_down()
        up.forget()
        say("Đã xóa mọi dữ liệu.")
    return 0


def status(_: argparse.Namespace) -> int:
    """Print what runs and where."""
    from tthc.stack import up

    rows = up.report()
    if not rows:
        print("Chưa dựng gì: chạy make run.")
    for title, state, address in rows:
        print(f"{title:20} {state:32} {address}".rstrip())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
