"""The pools of Airflow that a city's installation needs; ``make run`` and the compose installation make them."""

#: The slots that the steps of all readings of all communes share.
INGEST = "tthc_ingest"
DESCRIPTION = "Các bước đọc của mọi xã"
