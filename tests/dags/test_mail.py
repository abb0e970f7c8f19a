"""The approver is told by a real mail server on loopback; one in trouble stops nothing."""

import asyncio
import email
import email.policy
import threading

import pytest
from tthc_dags import mail

from tthc.stack.postgres import free_port


class PostOffice(threading.Thread):
    """A mail server that takes every letter and keeps it."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.letters: list[bytes] = []
        self.port = free_port()
        self.open = threading.Event()

    def run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._talk, "127.0.0.1", self.port)
        self.open.set()
        async with server:
            await server.serve_forever()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            word = line.split()[0].upper() if line.split() else b""
            if word == b"DATA":
                writer.write(b"354 go on\r\n")
                self.letters.append(await reader.readuntil(b"\r\n.\r\n"))
            writer.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")
            await writer.drain()


@pytest.fixture
def post_office():
    office = PostOffice()
    office.start()
    assert office.open.wait(10)
    return office


def test_a_letter_arrives_with_its_accents(post_office, monkeypatch):
    address = (
        f"smtp://127.0.0.1:{post_office.port}/?from=kho%40example.vn&to=duyet%40example.vn&security=none"
    )
    monkeypatch.setenv("AIRFLOW_CONN_TTHC_MAIL", address)
    assert mail.send("Cần duyệt: Công bố 2025-07", "Có 3 giá trị khác.")
    letter = email.message_from_bytes(post_office.letters[0], policy=email.policy.default)
    assert letter["Subject"] == "Cần duyệt: Công bố 2025-07"
    assert letter["To"] == "duyet@example.vn"
    assert "Có 3 giá trị khác." in letter.get_content()


def test_a_mail_server_in_trouble_stops_nothing(monkeypatch, caplog):
    address = f"smtp://127.0.0.1:{free_port()}/?from=a%40example.vn&to=b%40example.vn&security=none"
    monkeypatch.setenv("AIRFLOW_CONN_TTHC_MAIL", address)
    assert not mail.send("Cần duyệt", "…")
    assert "Không gửi được thư" in caplog.text
