"""One letter to the people in charge, by the connection ``tthc_mail``; without it only a line in the log.

The connection is an Airflow SMTP one: host, port, login, password; extra ``from`` and ``to`` (several with
commas), and ``security``: ``starttls`` (default), ``tls`` or ``none``.
"""

import json
import logging
import smtplib
import ssl
from email.message import EmailMessage

from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException

log = logging.getLogger("tthc.dags")
PATIENCE_SECONDS = 20


def send(subject: str, body: str) -> bool:
    """Return whether the letter was handed over. A mail server in trouble never fails the step that tells."""
    log.info("Báo: %s", subject)
    try:
        connection = Connection.get("tthc_mail")
    except AirflowNotFoundException:
        log.info("Chưa khai báo kết nối tthc_mail (TTHC_MAIL_URL) nên không gửi thư.")
        return False
    extra = json.loads(connection.extra) if connection.extra else {}
    letter = EmailMessage()
    letter["Subject"] = subject
    letter["From"] = extra.get("from") or connection.login
    letter["To"] = extra.get("to", "")
    letter.set_content(body)
    try:
        _deliver(connection, extra.get("security", "starttls"), letter)
    except (OSError, smtplib.SMTPException) as error:
        log.warning("Không gửi được thư (%s); việc vẫn nằm ở mục Required Actions.", type(error).__name__)
        return False
    return True


def _deliver(connection: Connection, security: str, letter: EmailMessage) -> None:
    trusted = ssl.create_default_context()
    port = connection.port or {"tls": 465, "starttls": 587, "none": 25}[security]
    if security == "tls":
        server = smtplib.SMTP_SSL(connection.host, port, timeout=PATIENCE_SECONDS, context=trusted)
    else:
        server = smtplib.SMTP(connection.host, port, timeout=PATIENCE_SECONDS)
    with server:
        if security == "starttls":
            server.starttls(context=trusted)
        if connection.login and connection.password:
            server.login(connection.login, connection.password)
        server.send_message(letter)
