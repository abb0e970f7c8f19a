"""Alembic's entry: runs on the connection that ``tthc.warehouse.migrate`` hands over, each step in its own transaction."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    version_table="migrations",
    version_table_schema="ops",
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
