"""Why a model that was asked stated nothing about a film, where it had a reason to say."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("decision", sa.Column("models_silent", sa.JSON(), nullable=True))
    op.execute("UPDATE decision SET models_silent = '[]'")
    with op.batch_alter_table("decision") as table:
        table.alter_column("models_silent", existing_type=sa.JSON(), nullable=False)


def downgrade() -> None:
    """Not offered: dropping what was said is not a step back, it is a loss."""
    raise NotImplementedError("restore a backup instead")
