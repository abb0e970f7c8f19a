"""A city that gives tokens (OAuth client credentials) and ends them when it likes.

A new token may end the older one: one client per process, shared by its streams.
"""

import random
import threading
import time
from collections.abc import Callable

import msgspec

from tthc import settings
from tthc.errors import TthcError, UsageError
from tthc.sources import patient_http
from tthc.sources.patient_http import Answer, PatientHttp, Read, Trouble, Unauthorized

RENEWALS = 2
TOKEN_PATH = "/oauth/token"


class _Token(msgspec.Struct):
    access_token: str


_read_token = msgspec.json.Decoder(_Token).decode


class BearerHttp(PatientHttp):
    """Asks with a token, and renews it at most twice a request."""

    def __init__(self, city: settings.City, *, sleep: Callable[[float], None] = time.sleep) -> None:
        super().__init__(city, sleep=sleep)
        self._token: str | None = None
        self._renewing = threading.Lock()

    def _attempt(self, path: str, params: dict[str, str], read: Callable[[Answer], Read]) -> Read:
        for renewal in range(RENEWALS + 1):
            token = self._token or self._renewed(None)
            try:
                return read(
                    self._send("GET", path, headers={"Authorization": f"Bearer {token}"}, params=params)
                )
            except Unauthorized:
                if renewal == RENEWALS:
                    break
                if renewal:
                    # Another reader with the same name renews too, and each new token ends the other's.
                    self._sleep(random.uniform(patient_http.FIRST_WAIT, 1.0))
                self._renewed(token)
        raise TthcError(
            f"Hệ thống thành phố ({self.host}) từ chối cả mã truy cập vừa cấp: kiểm tra quyền của "
            "TTHC_CITY_CLIENT_ID, và có nơi nào khác đang dùng cùng tên này không."
        )

    def _renewed(self, ended: str | None) -> str:
        """Return a token other than ``ended``; of several threads that ask at once, one gets it for all."""
        with self._renewing:
            if self._token is None or self._token == ended:
                form = {
                    "grant_type": "client_credentials",
                    "client_id": self._city.client_id,
                    "client_secret": self._city.client_secret,
                }
                try:
                    answer = self._send("POST", TOKEN_PATH, headers={}, data=form)
                except UsageError:
                    raise
                except (Unauthorized, TthcError):
                    raise TthcError(
                        f"Hệ thống thành phố ({self.host}) không cấp mã truy cập: kiểm tra TTHC_CITY_URL, "
                        "TTHC_CITY_CLIENT_ID và TTHC_CITY_CLIENT_SECRET."
                    ) from None
                try:
                    self._token = _read_token(answer.json).access_token
                except msgspec.DecodeError:
                    raise Trouble("câu trả lời cấp mã truy cập không đọc được") from None
            return self._token
