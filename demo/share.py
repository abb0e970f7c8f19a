"""The city as a sharing API answers: pages numbered from 1, an envelope that names its end."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from .dossier import Record
from .native import Asked
from .refusals import Problem

PATHS = {"/api/ho-so": "ho-so", "/api/tien-do": "tien-do"}
PAGE_CAP, CODE_CAP = 500, 100


def body(kind: str, record: bytes) -> bytes:
    """Return one record as the sharing API writes it: as the city itself does."""
    return record


def asked(kind: str, query: Mapping[str, str]) -> Asked:
    """Return what is asked; raise Problem for what the city would refuse."""
    page = _number(query, "pageNumber", 1)
    size = min(_number(query, "pageSize", 10), PAGE_CAP)
    codes = None
    first = last = None
    if query.get("maHoSo"):
        codes = tuple(code.strip() for code in query["maHoSo"].split(",") if code.strip())
        if len(codes) > CODE_CAP:
            raise Problem(400, f"tối đa {CODE_CAP} mã hồ sơ một lần")
    else:
        first, last = _day(query, "tuNgay"), _day(query, "denNgay")
    return Asked(kind, codes, first, last, (page - 1) * size, size)


def envelope(question: Asked, items: list[Any], row_count: int, total: int) -> Record:
    """Return one page."""
    size = question.size or 1
    page, pages = question.start // size + 1, -(-row_count // size)
    return {
        "data": items,
        "currentPage": page,
        "totalPages": pages,
        "totalCount": total,
        "pageSize": size,
        "hasPreviousPage": page > 1,
        "hasNextPage": page < pages,
    }


def silent() -> Record:
    """Return an answer that holds nothing and says nothing."""
    return {"data": []}


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and int(text) >= 1):
        raise Problem(400, f"{name} phải là số nguyên từ 1")
    return int(text)


def _day(query: Mapping[str, str], name: str) -> date:
    try:
        return datetime.strptime(query.get(name, ""), "%Y%m%d").date()
    except ValueError as error:
        raise Problem(400, f"{name} phải có dạng yyyyMMdd (hoặc cho maHoSo)") from error
