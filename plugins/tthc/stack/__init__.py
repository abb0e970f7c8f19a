"""One machine, no Docker: Postgres, Airflow and a demo city, started and stopped by ``make``."""
