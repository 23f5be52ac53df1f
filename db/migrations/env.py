"""What Alembic runs: the steps on the connection that ``db.engine`` hands over, inside its transaction."""

from __future__ import annotations

from alembic import context

from db.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,  # SQLite can, too: we begin the transaction ourselves
    render_as_batch=True,
)
context.run_migrations()
