"""What Alembic runs: the steps on the connection that ``db.engine`` hands over, inside its transaction."""

from __future__ import annotations

from alembic import context

import db.schema_callers
from db.schema import SchemaRow

_ALL = db.schema_callers  # imported so that its tables are known

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SchemaRow.metadata,
    transactional_ddl=True,  # SQLite can, too: we begin the transaction ourselves
    render_as_batch=True,
)
context.run_migrations()
