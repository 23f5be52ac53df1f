"""The tables of judging: which studies are due, what was said of each, and what people say of its films.

None of these rows has a foreign key on ``study``. Inserting one would lock the study's row, and recording an
object locks the study first and its instances next: a worker that holds an instance and asked for its study
would meet it. Whoever needs several locks takes them in this order: study, instance, judgement, and then what
belongs to the judgement (verdict, verdict_kind, unmapped), which nobody touches without holding it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from db.columns import Word
from db.schema import BIG, Json, SchemaRow, Words, index_where, words_of
from router.verdicts import Kind, ReviewAction


class JudgementRow(SchemaRow):
    """One study's place in the queue of the judge, and its current verdict."""

    __tablename__ = "judgement"
    __table_args__ = (index_where("due_at IS NOT NULL", "ix_judgement_due", "due_at", "study_id"),)

    study_id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    due_at: Mapped[datetime | None]  # not before; while a token is set the lease's end; None: nothing is due
    token: Mapped[str | None] = mapped_column(String(64))  # taken away by everything that changes the study
    verdict_id: Mapped[int | None] = mapped_column(BIG)  # the current one
    judged_at: Mapped[datetime | None]  # when it was last arrived at


class VerdictRow(SchemaRow):
    """One verdict on a study. Triggers refuse UPDATE and DELETE: the next one supersedes it."""

    __tablename__ = "verdict"
    __table_args__ = (Index("ix_verdict_study", "study_id", "id"),)

    id: Mapped[int] = mapped_column(BIG, primary_key=True)
    study_id: Mapped[int] = mapped_column(BIG)
    judged_at: Mapped[datetime]
    document: Mapped[Json]


class VerdictKindRow(SchemaRow):
    """One kind of remark of a study's current verdict: what the worklist is read from."""

    __tablename__ = "verdict_kind"
    __table_args__ = (
        Index("ix_verdict_kind_listed", "kind", "listed_date", "study_id"),
        index_where("settled_at IS NULL", "ix_verdict_kind_open", "kind", "listed_date", "study_id"),
        index_where(
            "settled_at IS NULL", "ix_verdict_kind_worst", "kind", "severity", "listed_date", "study_id"
        ),
    )

    study_id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    kind: Mapped[Kind] = mapped_column(words_of(Kind, length=32), primary_key=True)
    listed_date: Mapped[str] = mapped_column(Word)  # the study's
    severity: Mapped[int]  # the verdict's, as ``router.settling`` has it
    settled_at: Mapped[datetime | None]  # no fault, or looked at; None: somebody has still to look


class ReviewRow(SchemaRow):
    """One reviewer's word on one film."""

    __tablename__ = "review"
    __table_args__ = (Index("ix_review_instance", "instance_id", "id"), Index("ix_review_at", "at"))

    id: Mapped[int] = mapped_column(BIG, primary_key=True)
    instance_id: Mapped[int] = mapped_column(ForeignKey("instance.id"))
    reviewer: Mapped[str] = mapped_column(Word)
    action: Mapped[ReviewAction] = mapped_column(words_of(ReviewAction))
    about: Mapped[str | None] = mapped_column(Word)  # a remark's key; None: the film
    view: Mapped[str | None] = mapped_column(String(64))
    side: Mapped[str | None] = mapped_column(String(1))
    reason: Mapped[str | None] = mapped_column(JSON(none_as_null=True))  # any text a human may write
    at: Mapped[datetime]
    sha256: Mapped[str] = mapped_column(String(64))  # of the bytes the reviewer saw
    view_shown: Mapped[str | None] = mapped_column(String(64))  # the model's answer at that time
    kinds: Mapped[Words]  # the faults that the current verdict found with the film or its study then
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str | None] = mapped_column(Word)


class TruthRow(SchemaRow):
    """What the reviewers of a film agree on; no row: nobody has said, or they do not agree."""

    __tablename__ = "truth"

    instance_id: Mapped[int] = mapped_column(ForeignKey("instance.id"), primary_key=True)
    view: Mapped[str] = mapped_column(String(64))
    side: Mapped[str | None] = mapped_column(String(1))
    at: Mapped[datetime]
