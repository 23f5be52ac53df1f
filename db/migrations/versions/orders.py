"""Orders and what is said of studies and films: verdicts, reviews, the judge's queue."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
WORD = sa.String(256)
APPEND_ONLY = ("order_message", "verdict")


def upgrade() -> None:
    _create_index_of_study()
    _create_study_order()
    _create_order_message()
    _create_unmapped()
    _create_judgement()
    _create_verdict()
    _create_verdict_kind()
    _create_review()
    _create_truth()
    for table in APPEND_ONLY:
        _make_append_only(table, op.get_bind().dialect.name)


def downgrade() -> None:
    """Not offered: dropping what people said is not a step back, it is a loss."""
    raise NotImplementedError("restore a backup instead")


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def _make_append_only(table: str, dialect: str) -> None:
    refusal = f"{table} is append-only"
    if dialect == "sqlite":
        for action in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION refuse_{table}_change() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{refusal}'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION refuse_{table}_change()"
    )


def _create_index_of_study() -> None:
    op.create_index("ix_study_accession", "study", ["accession_number"])


def _create_study_order() -> None:
    op.create_table(
        "study_order",
        sa.Column("id", BIG, nullable=False),
        sa.Column(
            "source",
            sa.Enum("hl7", "worklist", "rest", "header", name="ordersource", native_enum=False, length=16),
            nullable=False,
        ),
        sa.Column("origin", WORD, nullable=False),
        sa.Column("order_number", WORD, nullable=False),
        sa.Column("accession_number", WORD, nullable=True),
        sa.Column("study_instance_uid", WORD, nullable=True),
        sa.Column("patient_id", WORD, nullable=True),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study_order")),
        sa.UniqueConstraint(
            "source", "origin", "order_number", name=op.f("uq_study_order_source_origin_order_number")
        ),
    )
    op.create_index("ix_study_order_accession", "study_order", ["accession_number", "id"])
    op.create_index("ix_study_order_patient", "study_order", ["patient_id", "id"])
    op.create_index("ix_study_order_study", "study_order", ["study_instance_uid", "id"])


def _create_order_message() -> None:
    op.create_table(
        "order_message",
        sa.Column("id", BIG, nullable=False),
        sa.Column("order_id", BIG, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column(
            "control",
            sa.Enum("new", "change", "cancel", name="ordercontrol", native_enum=False, length=16),
            nullable=False,
        ),
        sa.Column(
            "outcome",
            sa.Enum(
                "new",
                "changed",
                "cancelled",
                "duplicate",
                "unknown",
                name="orderoutcome",
                native_enum=False,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("message", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(["order_id"], ["study_order.id"], name=op.f("fk_order_message_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_message")),
    )
    op.create_index("ix_order_message_order", "order_message", ["order_id", "id"])


def _create_unmapped() -> None:
    op.create_table(
        "unmapped",
        sa.Column("study_id", BIG, autoincrement=False, nullable=False),
        sa.Column("procedure_key", sa.String(length=64), nullable=False),
        sa.Column("order_number", WORD, nullable=False),
        sa.Column("procedure", sa.JSON(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("study_id", "procedure_key", "order_number", name=op.f("pk_unmapped")),
    )
    op.create_index("ix_unmapped_procedure", "unmapped", ["procedure_key", "study_id"])


def _create_judgement() -> None:
    op.create_table(
        "judgement",
        sa.Column("study_id", BIG, autoincrement=False, nullable=False),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("token", sa.String(length=64), nullable=True),
        sa.Column("verdict_id", BIG, nullable=True),
        sa.Column("judged_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("study_id", name=op.f("pk_judgement")),
    )
    op.create_index("ix_judgement_due", "judgement", ["due_at", "study_id"], **_where("due_at IS NOT NULL"))


def _create_verdict() -> None:
    op.create_table(
        "verdict",
        sa.Column("id", BIG, nullable=False),
        sa.Column("study_id", BIG, nullable=False),
        sa.Column("judged_at", MOMENT, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdict")),
    )
    op.create_index("ix_verdict_study", "verdict", ["study_id", "id"])


def _create_verdict_kind() -> None:
    op.create_table(
        "verdict_kind",
        sa.Column("study_id", BIG, autoincrement=False, nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "complete",
                "unsure",
                "missing_view",
                "unexpected_view",
                "wrong_region",
                "wrong_projection",
                "side_conflict",
                "header_contradicts",
                "rotated",
                "inverted",
                "duplicate",
                "no_order",
                "unmapped",
                name="kind",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("listed_date", WORD, nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("study_id", "kind", name=op.f("pk_verdict_kind")),
    )
    op.create_index("ix_verdict_kind_listed", "verdict_kind", ["kind", "listed_date", "study_id"])
    op.create_index(
        "ix_verdict_kind_worst",
        "verdict_kind",
        ["kind", "severity", "listed_date", "study_id"],
        **_where("settled_at IS NULL"),
    )
    op.create_index(
        "ix_verdict_kind_open",
        "verdict_kind",
        ["kind", "listed_date", "study_id"],
        **_where("settled_at IS NULL"),
    )


def _create_review() -> None:
    op.create_table(
        "review",
        sa.Column("id", BIG, nullable=False),
        sa.Column("instance_id", BIG, nullable=False),
        sa.Column("reviewer", WORD, nullable=False),
        sa.Column(
            "action",
            sa.Enum("confirm", "correct", "dismiss", name="reviewaction", native_enum=False, length=16),
            nullable=False,
        ),
        sa.Column("about", WORD, nullable=True),
        sa.Column("view", sa.String(length=64), nullable=True),
        sa.Column("side", sa.String(length=1), nullable=True),
        sa.Column("reason", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("view_shown", sa.String(length=64), nullable=True),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("undone_at", MOMENT, nullable=True),
        sa.Column("undone_by", WORD, nullable=True),
        sa.ForeignKeyConstraint(["instance_id"], ["instance.id"], name=op.f("fk_review_instance_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
    )
    op.create_index("ix_review_at", "review", ["at"])
    op.create_index("ix_review_instance", "review", ["instance_id", "id"])


def _create_truth() -> None:
    op.create_table(
        "truth",
        sa.Column("instance_id", BIG, nullable=False),
        sa.Column("view", sa.String(length=64), nullable=False),
        sa.Column("side", sa.String(length=1), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["instance_id"], ["instance.id"], name=op.f("fk_truth_instance_id")),
        sa.PrimaryKeyConstraint("instance_id", name=op.f("pk_truth")),
    )
