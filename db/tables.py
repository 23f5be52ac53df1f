"""All tables, wherever their rows are described: who goes over all of them asks here and forgets none."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Table

from db import schema_callers, schema_orders, schema_people, schema_verdicts, schema_webhooks
from db.schema import SchemaRow

_DESCRIBED = schema_callers, schema_orders, schema_people, schema_verdicts, schema_webhooks

METADATA: Final = SchemaRow.metadata
TABLES: Final[tuple[Table, ...]] = tuple(METADATA.sorted_tables)  # what others refer to comes first
