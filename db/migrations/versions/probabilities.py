"""A finding's calibrated probability beside the network's own score.

Until now the score held what a pack's calibration made of it, so that is the probability of older findings.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("finding", sa.Column("probability", sa.Double(), nullable=True))
    op.execute("UPDATE finding SET probability = score")
    with op.batch_alter_table("finding") as table:
        table.alter_column("probability", existing_type=sa.Double(), nullable=False)


def downgrade() -> None:
    """Not offered: dropping what people said is not a step back, it is a loss."""
    raise NotImplementedError("restore a backup instead")
