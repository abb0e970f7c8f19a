"""Alembic's entry: runs on the connection that ``tthc.warehouse.migrate`` hands over."""

from alembic import context

connection = context.config.attributes["connection"]
connection.exec_driver_sql("CREATE SCHEMA IF NOT EXISTS ops")
context.configure(connection=connection, version_table="migrations", version_table_schema="ops")
with context.begin_transaction():
    context.run_migrations()
