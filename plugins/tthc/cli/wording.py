"""The words of typer itself, in Vietnamese: headings of the help, and what is wrong with a call."""

from __future__ import annotations

import typer
from typer.core import TyperCommand, TyperGroup

_HELP = "Xem hướng dẫn rồi thoát."


class Command(TyperCommand):
    """A command whose help option is described in Vietnamese."""

    def get_help_option(self, ctx):
        """Return the help option."""
        return _described(super().get_help_option(ctx))


class Group(TyperGroup):
    """A group of commands whose help option is described in Vietnamese."""

    def get_help_option(self, ctx):
        """Return the help option."""
        return _described(super().get_help_option(ctx))


def _described(option):
    if option is not None:
        option.help = _HELP
    return option


def put_in_vietnamese() -> None:
    """Give the help its Vietnamese headings."""
    from typer import rich_utils

    rich_utils.ARGUMENTS_PANEL_TITLE = "Đối số"
    rich_utils.OPTIONS_PANEL_TITLE = "Tùy chọn"
    rich_utils.COMMANDS_PANEL_TITLE = "Lệnh"
    rich_utils.ERRORS_PANEL_TITLE = "Lỗi"
    rich_utils.DEFAULT_STRING = "[mặc định: {}]"
    rich_utils.REQUIRED_LONG_STRING = "[bắt buộc]"


def explained(error: typer.TyperException) -> str:
    """Return what is wrong with a call, in Vietnamese, and where the help is.

    Typer tells its errors apart by class; those that are not known here keep their own words.
    """
    kind = type(error).__name__
    if kind == "NoArgsIsHelpError":
        return error.format_message()
    context = getattr(error, "ctx", None)
    help_at = f"{context.command_path} --help" if context else "tthc --help"
    return f"LỖI: {_what(kind, error)} Xem: {help_at}"


def _what(kind: str, error: typer.TyperException) -> str:
    parameter = getattr(error, "param", None)
    named = parameter.get_error_hint().strip("'") if parameter is not None else ""
    if kind == "MissingParameter":
        return f"thiếu {named}."
    if kind == "NoSuchOption":
        nearest = getattr(error, "possibilities", None) or ()
        hint = f" Có phải là {' hoặc '.join(sorted(nearest))}?" if nearest else ""
        return f"không có tùy chọn {error.option_name}.{hint}"
    if kind == "BadOptionUsage":
        return f"tùy chọn {error.option_name} chưa có giá trị."
    if kind == "BadParameter":
        choices = getattr(getattr(parameter, "type_descriptor", None), "choices", None)
        allowed = f" Chọn một trong: {', '.join(str(choice) for choice in choices)}." if choices else ""
        return f"giá trị của {named} không hợp lệ.{allowed}"
    message = error.format_message()
    for english, vietnamese in (
        ("No such command", "không có lệnh"),
        ("Missing command", "thiếu lệnh"),
        ("Got unexpected extra argument(s)", "thừa đối số"),
    ):
        if message.startswith(english):
            return message.replace(english, vietnamese, 1).rstrip(".") + "."
    return message
