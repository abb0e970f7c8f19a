"""Tells people of incidents: by mail when ``tthc_mail`` is declared, and by whatever ``TTHC_ALERT_URLS`` names.

Apprise knows how to reach each place by its URL (mailtos://, tgram://, json:// for a Zalo gateway…); without any
the news stays in the log and is told as soon as there is one.
"""

import logging
from typing import Any
from urllib.parse import quote, urlencode

from airflow.sdk import BaseNotifier, Connection
from airflow.sdk.exceptions import AirflowNotFoundException

from tthc_dags.steps import connection_settings, extra_of

log = logging.getLogger("tthc.dags")
_MODES = {"none": ("mailto", "insecure"), "starttls": ("mailtos", "starttls"), "tls": ("mailtos", "ssl")}


def tell(subject: str, body: str) -> bool:
    """Return whether every place took the message. Nothing of a place's address or password reaches the log."""
    import apprise

    from tthc import settings

    places = [url.strip() for url in settings.optional("TTHC_ALERT_URLS").split() if url.strip()]
    mail = mail_place()
    if mail is not None:
        places.append(mail)
    if not places:
        log.info("Chưa khai báo nơi báo (TTHC_MAIL_URL, TTHC_ALERT_URLS): %s", subject)
        return False
    logging.getLogger("apprise").setLevel(logging.CRITICAL)
    sender = apprise.Apprise()
    unknown = [place for place in places if not sender.add(place)]
    if unknown:
        log.warning("Có %s nơi báo không đọc được trong TTHC_ALERT_URLS.", len(unknown))
    delivered = bool(sender.notify(title=subject, body=body, body_format=apprise.NotifyFormat.TEXT))
    log.log(
        logging.INFO if delivered else logging.WARNING,
        "Báo %s: %s",
        "xong" if delivered else "không được",
        subject,
    )
    return delivered and not unknown


def mail_place() -> str | None:
    """Return the connection ``tthc_mail`` as Apprise writes it, None without one."""
    try:
        connection = Connection.get("tthc_mail")
    except AirflowNotFoundException:
        return None
    extra = extra_of(connection)
    scheme, mode = _MODES[extra.get("security", "starttls")]
    who = ":".join(quote(part, safe="") for part in (connection.login, connection.password) if part)
    port = f":{connection.port}" if connection.port else ""
    query = urlencode(
        {
            "smtp": connection.host,
            "from": extra.get("from") or connection.login or "",
            "to": extra.get("to", ""),
            "mode": mode,
            "format": "text",
        }
    )
    return f"{scheme}://{f'{who}@' if who else ''}{connection.host}{port}/?{query}"


class Alert(BaseNotifier):
    """Looks for news at once instead of at the next watch: put on what must not wait."""

    def notify(self, context: Any) -> None:
        """Tell what nobody was told yet."""
        from tthc import settings
        from tthc.flows import watching

        with settings.using(connection_settings()):
            watching.watch(tell)
