"""Who signs in and what they did; the published texts of the rules."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
WORD = sa.String(256)
APPEND_ONLY = ("action", "rule_version")


def upgrade() -> None:
    _create_app_user()
    _create_web_session()
    _create_failed_sign_in()
    _create_action()
    _create_rule_version()
    for table in APPEND_ONLY:
        _make_append_only(table, op.get_bind().dialect.name)


def downgrade() -> None:
    """Not offered: dropping what people said is not a step back, it is a loss."""
    raise NotImplementedError("restore a backup instead")


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


def _create_app_user() -> None:
    op.create_table(
        "app_user",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", WORD, nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("issuer", WORD, nullable=True),
        sa.Column("subject", WORD, nullable=True),
        sa.Column("added_by", WORD, nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.Column("disabled_at", MOMENT, nullable=True),
        sa.Column("signed_in_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_app_user")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_app_user_issuer_subject")),
        sa.UniqueConstraint("name", name=op.f("uq_app_user_name")),
    )


def _create_web_session() -> None:
    op.create_table(
        "web_session",
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("user_id", BIG, nullable=False),
        sa.Column("csrf", sa.String(length=128), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_web_session_user_id")),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_web_session")),
    )
    op.create_index("ix_web_session_expires", "web_session", ["expires_at"])
    op.create_index("ix_web_session_user", "web_session", ["user_id"])


def _create_failed_sign_in() -> None:
    op.create_table(
        "failed_sign_in",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", WORD, nullable=False),
        sa.Column("address", WORD, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_failed_sign_in")),
    )
    op.create_index("ix_failed_sign_in_address", "failed_sign_in", ["address", "at"])
    op.create_index("ix_failed_sign_in_name", "failed_sign_in", ["name", "at"])


def _create_action() -> None:
    op.create_table(
        "action",
        sa.Column("id", BIG, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor", WORD, nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action")),
    )


def _create_rule_version() -> None:
    op.create_table(
        "rule_version",
        sa.Column("id", BIG, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("published_by", WORD, nullable=False),
        sa.Column("published_at", MOMENT, nullable=False),
        sa.Column("comment", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_version")),
    )
    op.create_index("ix_rule_version_digest", "rule_version", ["digest", "id"])
