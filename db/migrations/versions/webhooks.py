"""Who is told of what happens."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
WORD = sa.String(256)


def upgrade() -> None:
    _create_webhook_cursor()
    _create_delivery()


def downgrade() -> None:
    """Not offered: dropping what people said is not a step back, it is a loss."""
    raise NotImplementedError("restore a backup instead")


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def _create_webhook_cursor() -> None:
    op.create_table(
        "webhook_cursor",
        sa.Column("webhook", WORD, nullable=False),
        sa.Column("audit_id", BIG, nullable=False),
        sa.PrimaryKeyConstraint("webhook", name=op.f("pk_webhook_cursor")),
    )


def _create_delivery() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", BIG, nullable=False),
        sa.Column("webhook", WORD, nullable=False),
        sa.Column("event_id", sa.String(length=64), nullable=False),
        sa.Column("event", sa.String(length=32), nullable=False),
        sa.Column("sop_instance_uid", sa.String(length=64), nullable=True),
        sa.Column("study_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("pending", "delivered", "given_up", name="deliverystate", native_enum=False, length=16),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("last_error", WORD, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("webhook", "event_id", name=op.f("uq_delivery_webhook_event_id")),
    )
    pending = _where("state = 'pending'")
    op.create_index("ix_delivery_due", "delivery", ["webhook", "next_at", "id"], **pending)
    op.create_index("ix_delivery_film", "delivery", ["webhook", "sop_instance_uid", "id"], **pending)
    op.create_index("ix_delivery_ended", "delivery", ["ended_at"], **_where("ended_at IS NOT NULL"))
    op.create_index("ix_delivery_listed", "delivery", ["webhook", "id"])
    op.create_index("ix_delivery_state", "delivery", ["state", "id"])
