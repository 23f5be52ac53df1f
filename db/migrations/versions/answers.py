"""What was found out about an instance, and who may send."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
WORD = sa.String(256)


def upgrade() -> None:
    _create_prediction()
    _create_finding()
    _create_decision()
    _create_knock()
    _create_allowed_caller()


def downgrade() -> None:
    """Not offered: dropping answers is not a step back, it is a loss."""
    raise NotImplementedError("restore a backup instead")


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def _create_prediction() -> None:
    op.create_table(
        "prediction",
        sa.Column("id", BIG, nullable=False),
        sa.Column("instance_id", BIG, nullable=False),
        sa.Column("view", sa.String(length=64), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("margin", sa.Double(), nullable=False),
        sa.Column("candidates", sa.JSON(), nullable=False),
        sa.Column("further", sa.JSON(), nullable=False),
        sa.Column("model", sa.JSON(), nullable=False),
        sa.Column(
            "mode", sa.Enum("active", "shadow", name="mode", native_enum=False, length=16), nullable=False
        ),
        sa.ForeignKeyConstraint(["instance_id"], ["instance.id"], name=op.f("fk_prediction_instance_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prediction")),
    )
    op.create_index("ix_prediction_instance", "prediction", ["instance_id"], unique=False)


def _create_finding() -> None:
    op.create_table(
        "finding",
        sa.Column("id", BIG, nullable=False),
        sa.Column("instance_id", BIG, nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("threshold", sa.Double(), nullable=False),
        sa.Column("model", sa.JSON(), nullable=False),
        sa.Column("box", sa.JSON(), nullable=True),
        sa.Column(
            "mode", sa.Enum("active", "shadow", name="mode", native_enum=False, length=16), nullable=False
        ),
        sa.ForeignKeyConstraint(["instance_id"], ["instance.id"], name=op.f("fk_finding_instance_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding")),
    )
    op.create_index("ix_finding_instance", "finding", ["instance_id"], unique=False)


def _create_decision() -> None:
    op.create_table(
        "decision",
        sa.Column("instance_id", BIG, nullable=False),
        sa.Column("decided_at", MOMENT, nullable=False),
        sa.Column("rules_version", sa.String(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("analyse", sa.JSON(), nullable=False),
        sa.Column("destinations", sa.JSON(), nullable=False),
        sa.Column("outcomes", sa.JSON(), nullable=False),
        sa.Column("models_run", sa.JSON(), nullable=False),
        sa.Column("models_absent", sa.JSON(), nullable=False),
        sa.Column("no_view_reason", sa.String(), nullable=True),
        sa.Column("duration_ms", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["instance_id"], ["instance.id"], name=op.f("fk_decision_instance_id")),
        sa.PrimaryKeyConstraint("instance_id", name=op.f("pk_decision")),
    )
    op.create_index("ix_decision_decided", "decision", ["decided_at", "instance_id"], unique=False)


def _create_knock() -> None:
    op.create_table(
        "knock",
        sa.Column("id", BIG, nullable=False),
        sa.Column("calling_ae_title", WORD, nullable=False),
        sa.Column("called_ae_title", WORD, nullable=False),
        sa.Column("address", WORD, nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("first_at", MOMENT, nullable=False),
        sa.Column("last_at", MOMENT, nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knock")),
    )
    op.create_index(
        "ix_knock_caller",
        "knock",
        ["calling_ae_title", "address", "called_ae_title", "last_at"],
        unique=False,
    )
    op.create_index("ix_knock_last", "knock", ["last_at"], unique=False)


def _create_allowed_caller() -> None:
    op.create_table(
        "allowed_caller",
        sa.Column("id", BIG, nullable=False),
        sa.Column("calling_ae_title", WORD, nullable=False),
        sa.Column("network", sa.String(length=64), nullable=False),
        sa.Column("allowed_by", sa.String(), nullable=False),
        sa.Column("allowed_at", MOMENT, nullable=False),
        sa.Column("revoked_by", sa.String(), nullable=True),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allowed_caller")),
    )
    op.create_index(
        "uq_allowed_caller_active",
        "allowed_caller",
        ["calling_ae_title", "network"],
        unique=True,
        **_where("revoked_at IS NULL"),
    )
