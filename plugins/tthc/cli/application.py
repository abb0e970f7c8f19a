"""The commands put together, and what becomes of an error: one Vietnamese line and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from tthc import settings
from tthc.cli import (
    changes,
    checking,
    deadlines,
    evidence,
    exporting,
    figures,
    index_766,
    inspection,
    key,
    lineage,
    output,
    quarantine,
    reconciling,
    reporting,
    rights,
    safekeeping,
    score_papers,
    scoring,
    sources,
    steps,
    subject,
    templates,
)
from tthc.cli.wording import Command, Group, explained, put_in_vietnamese
from tthc.errors import TthcError

_OPENING = """Kho báo cáo hồ sơ thủ tục hành chính của xã: từ hệ thống thành phố đến chỉ tiêu đã công bố.

Ví dụ, một tháng từ đầu đến cuối:

tthc init

tthc load danh-muc-tthc.xlsx

tthc ingest city__progress_events city__dossiers --from 2025-07-01 --to 2025-07-31

tthc refresh 2025-07

tthc publish 2025-07 --by "Trần Văn Duyệt" --reason "Số liệu tháng 7"

tthc indicators 2025-07

Mã trả về: 0 xong; 1 hỏng; 2 gọi sai; 3 bị luật của cả lần đọc dừng lại; 4 không tới được kho dữ liệu hoặc thành phố.
"""


def build() -> typer.Typer:
    """Return the application with every command."""
    app = typer.Typer(
        name="tthc",
        help=_OPENING,
        cls=Group,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        pretty_exceptions_show_locals=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    # Without it a help text on the application would be lost when it has one command only.
    @app.callback()
    def opening(
        context: typer.Context,
        commune: Annotated[
            str | None,
            typer.Option(
                "--commune",
                metavar="MÃ",
                help="Xã mà lệnh này làm việc, khi bản cài giữ nhiều xã (viết trước tên lệnh).",
                show_default=False,
            ),
        ] = None,
    ) -> None:
        if commune is not None:
            context.with_resource(settings.for_commune(commune))

    for command in (
        steps.init, steps.ingest, checking.check, steps.load, steps.unload, steps.refresh, steps.publish,
    ):  # fmt: skip
        app.command(cls=Command)(command)
    for command in (
        figures.indicators, reporting.report, changes.changes, reconciling.reconcile, evidence.explain, evidence.trace,
    ):  # fmt: skip
        app.command(cls=Command)(command)
    for command in (index_766.index_766, deadlines.clock, deadlines.warnings):
        app.command(cls=Command)(command)
    app.add_typer(scoring.build())
    app.add_typer(score_papers.build())
    app.add_typer(quarantine.build())
    app.add_typer(sources.build())
    app.add_typer(subject.build())
    app.add_typer(rights.build())
    app.add_typer(key.build())
    for command in (
        lineage.lineage,
        exporting.export,
        safekeeping.backup,
        safekeeping.restore,
        safekeeping.retention,
    ):
        app.command(cls=Command)(command)
    for command in (templates.template, inspection.status, inspection.doctor, inspection.env):
        app.command(cls=Command)(command)
    return app


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        # Vietnamese must come out whole, whatever the locale of the machine says.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8")
    put_in_vietnamese()
    try:
        code = build()(
            args=None if arguments is None else list(arguments), prog_name="tthc", standalone_mode=False
        )
        return code if isinstance(code, int) else 0
    except TthcError as error:
        output.note(f"LỖI: {error}")
        return error.exit_code
    except typer.Abort:
        output.note("Đã dừng theo yêu cầu; bước đang dở không để lại gì, chạy lại được.")
        return 130
    except typer.TyperException as error:
        output.note(explained(error))
        return error.exit_code
    except BrokenPipeError:
        # The reader of our output has seen enough; nothing may complain at exit either.
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
        return 0
    except Exception as error:
        if os.environ.get("TTHC_DEBUG") == "1":
            raise
        # Its text may quote a value, so only its kind is said.
        place = _last_own_frame(error)
        output.note(
            f"LỖI ngoài dự kiến: {type(error).__name__} ở {place}. Đặt TTHC_DEBUG=1 rồi chạy lại để xem chi tiết."
        )
        return 1


def _last_own_frame(error: BaseException) -> str:
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if f"{os.sep}tthc{os.sep}" in frame.filename] or list(frames)
    return f"{os.path.basename(own[-1].filename)}:{own[-1].lineno}" if own else "?"
