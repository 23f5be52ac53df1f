"""Studies, instances and their headers; the audit, with the triggers that make it append-only."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
WORD = sa.String(256)


def upgrade() -> None:
    _create_study()
    _create_instance()
    _create_header()
    _create_audit()
    _make_audit_append_only(op.get_bind().dialect.name)


def downgrade() -> None:
    """Not offered: dropping the audit is not a step back, it is a loss."""
    raise NotImplementedError("restore a backup instead")


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def _make_audit_append_only(dialect: str) -> None:
    refusal = "the audit is append-only"
    if dialect == "sqlite":
        for action in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_no_{action.lower()} BEFORE {action} ON audit "
                f"BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{refusal}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()"
    )


def _create_study() -> None:
    op.create_table(
        "study",
        sa.Column("id", BIG, nullable=False),
        sa.Column("study_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("listed_date", WORD, nullable=False),
        sa.Column("patient_id", WORD, nullable=True),
        sa.Column("patient_name", WORD, nullable=True),
        sa.Column("accession_number", WORD, nullable=True),
        sa.Column("study_description", WORD, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study")),
        sa.UniqueConstraint("study_instance_uid", name=op.f("uq_study_study_instance_uid")),
    )
    op.create_index("ix_study_listed", "study", ["listed_date", "id"], unique=False)


def _create_instance() -> None:
    op.create_table(
        "instance",
        sa.Column("id", BIG, nullable=False),
        sa.Column("sop_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("study_id", BIG, nullable=False),
        sa.Column("series_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("sop_class_uid", sa.String(length=64), nullable=False),
        sa.Column("listed_date", WORD, nullable=False),
        sa.Column("modality", WORD, nullable=True),
        sa.Column("body_part_examined", WORD, nullable=True),
        sa.Column("view_position", WORD, nullable=True),
        sa.Column("image_laterality", WORD, nullable=True),
        sa.Column("patient_id", WORD, nullable=True),
        sa.Column("accession_number", WORD, nullable=True),
        sa.Column("instance_number", sa.BigInteger(), nullable=True),
        sa.Column("calling_ae_title", WORD, nullable=False),
        sa.Column("called_ae_title", WORD, nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("via", sa.String(length=16), nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column(
            "state",
            sa.Enum("received", "processing", "done", "failed", name="state", native_enum=False, length=16),
            nullable=False,
        ),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("token", sa.String(length=64), nullable=True),
        sa.Column("worker", sa.String(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("view", sa.String(length=64), nullable=True),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("margin", sa.Double(), nullable=True),
        sa.Column("model", sa.String(), nullable=True),
        sa.CheckConstraint(
            "(state = 'processing') = (token IS NOT NULL)", name=op.f("ck_instance_token_while_processing")
        ),
        sa.CheckConstraint(
            "(state IN ('received', 'processing')) = (due_at IS NOT NULL)",
            name=op.f("ck_instance_due_while_open"),
        ),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_instance_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instance")),
        sa.UniqueConstraint("sop_instance_uid", name=op.f("uq_instance_sop_instance_uid")),
    )
    op.create_index(
        "ix_instance_accession",
        "instance",
        ["accession_number", "listed_date", "study_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_instance_due", "instance", ["lane", "due_at", "id"], unique=False, **_where("due_at IS NOT NULL")
    )
    op.create_index("ix_instance_listed", "instance", ["listed_date", "study_id", "id"], unique=False)
    op.create_index(
        "ix_instance_modality", "instance", ["modality", "listed_date", "study_id", "id"], unique=False
    )
    op.create_index(
        "ix_instance_patient", "instance", ["patient_id", "listed_date", "study_id", "id"], unique=False
    )
    op.create_index("ix_instance_received", "instance", ["received_at"], unique=False)
    op.create_index("ix_instance_state", "instance", ["state", "listed_date", "study_id", "id"], unique=False)
    op.create_index("ix_instance_study", "instance", ["study_id"], unique=False)
    op.create_index("ix_instance_view", "instance", ["view", "listed_date", "study_id", "id"], unique=False)


def _create_header() -> None:
    op.create_table(
        "header",
        sa.Column("instance_id", BIG, nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["instance_id"], ["instance.id"], name=op.f("fk_header_instance_id")),
        sa.PrimaryKeyConstraint("instance_id", name=op.f("pk_header")),
    )


def _create_audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", BIG, nullable=False),
        sa.Column("instance_id", BIG, nullable=False),
        sa.Column(
            "event",
            sa.Enum(
                "received",
                "duplicate",
                "replaced",
                "kept_first",
                "claimed",
                "predicted",
                "routed",
                "analysed",
                "done",
                "retry",
                "failed",
                "requeued",
                name="event",
                native_enum=False,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["instance_id"], ["instance.id"], name=op.f("fk_audit_instance_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_instance", "audit", ["instance_id", "id"], unique=False)
    op.create_index(
        "ix_audit_other_bytes", "audit", ["id"], unique=False, **_where("event IN ('replaced', 'kept_first')")
    )
