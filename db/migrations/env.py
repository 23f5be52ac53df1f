"""What Alembic runs: the steps on the connection that ``db.engine`` hands over, inside its transaction."""

from __future__ import annotations

from alembic import context

from db import schema_callers, schema_orders, schema_people, schema_verdicts, schema_webhooks
from db.schema import SchemaRow

# imported so that their tables are known
_ALL = schema_callers, schema_orders, schema_people, schema_verdicts, schema_webhooks

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SchemaRow.metadata,
    transactional_ddl=True,  # SQLite can, too: we begin the transaction ourselves
    render_as_batch=True,
)
context.run_migrations()
