"""``radrouter orders``: what would become of an HL7 message, and which procedures the map does not know."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from service.commands.shell import invocation, out

if TYPE_CHECKING:
    from hl7_mllp.receiving import Read
    from router.orders import Expectation, ExpectedView, Order
    from router.procedures import ProcedureMap

app = typer.Typer(
    no_args_is_help=True, help="Try an HL7 message; list procedures that the map does not know."
)


@app.command()
def test(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(help="HL7 messages, in MLLP blocks or plain", exists=True, dir_okay=False)
    ],
) -> None:
    """Say what order a message would make and what would be expected of its films. Changes nothing.

    Refused messages are kept in the data folder, below [cyan]hl7/refused[/cyan]: try one of those.
    Exit code 1: a message would be refused.

    Example:  radrouter orders test var/hl7/refused/20260102T101112.131415-0a1b2c3d.hl7
    """
    from hl7_mllp.framing import messages_in
    from hl7_mllp.receiving import read
    from service.hl7_door import reading
    from service.procedures_watch import procedures_watch

    settings = invocation(context).settings()
    procedures = procedures_watch(settings.orders.procedures).current
    how = reading(settings.hl7)
    messages = messages_in(file.read_bytes())
    found = [read(raw, how, otherwise=settings.hl7.character_set) for raw in messages]
    for each in found:
        _print_message(each, procedures)
    if not found:
        out.print("no message is in this file")
    raise typer.Exit(1 if not found or any(each.complaint for each in found) else 0)


@app.command()
def unmapped(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="how many at most")] = 100,
) -> None:
    """List the procedures of orders that the procedure map does not know, those of most studies first.

    Each with a line for the map to begin with; nothing is guessed silently.
    """
    from router.suggestions import suggest
    from service.database import open_database
    from service.procedures_watch import procedures_watch

    settings = invocation(context).settings()
    procedures = procedures_watch(settings.orders.procedures).current
    with open_database(settings) as database:
        counts = database.orders.unmapped(limit)
    if not counts:
        out.print("the map knows every procedure that was ordered")
        return
    table = Table("code", "scheme", "description", "orders", "studies", "last")
    for each in counts:
        code = each.procedure.code
        table.add_row(
            escape(code.value if code else "-"),
            escape(code.scheme if code else "-"),
            escape(each.procedure.description or "-"),
            str(each.orders),
            str(each.studies),
            f"{each.last_at:%Y-%m-%d}",
        )
    out.print(table)
    out.print("\nto begin with, for the file of orders.procedures (docs/orders.md):\n")
    for each in counts:
        out.print(suggest(each.procedure, procedures), markup=False, highlight=False, soft_wrap=True)


def _print_message(found: Read, procedures: ProcedureMap) -> None:
    header = found.header
    kind = f"{header.message_type}^{header.event}".strip("^") or "no message"
    if found.complaint is not None:
        condition = found.complaint.condition
        fate = "AR" if condition.rejects else "AE"
        said = f"{condition.number} {condition.text}: {found.complaint}"
        words = f"[red]{fate}[/red] {escape(kind)} {escape(header.control_id)}: {escape(said)}"
        out.print(words, soft_wrap=True, highlight=False)
        return
    out.print(f"[green]AA[/green] {escape(kind)} {escape(header.control_id)} from {' '.join(header.sending)}")
    if not found.orders:
        out.print("  changes no order")
    for order in found.orders:
        _print_order(order, procedures)


def _print_order(order: Order, procedures: ProcedureMap) -> None:
    from router.procedures import expect

    facts = {
        "accession number": order.accession_number,
        "Study Instance UID": order.study_instance_uid,
        "patient ID": order.patient_id,
        "side": order.side,
        "planned": order.scheduled_at and order.scheduled_at.isoformat(),
    }
    out.print(f"  [bold]{order.control} order {escape(order.order_number)}[/bold]", highlight=False)
    for name, value in facts.items():
        out.print(f"    {name}: {escape(str(value)) if value else '-'}", highlight=False)
    for procedure in order.procedures:
        codes = [procedure.code, *procedure.alternatives] if procedure.code else []
        said = ", ".join(f"{code.value} ({code.scheme or 'no scheme'})" for code in codes)
        out.print(f"    procedure: {escape(' '.join(filter(None, (procedure.description, said))))}")
    if order.accession_number is None and order.study_instance_uid is None:
        out.print("    [yellow]belongs to no study[/yellow]: it names neither accession number nor UID")
    expectations, strange = expect(procedures, [order], []) if order.procedures else ((), ())
    for expectation in expectations:
        out.print(f"    expects {escape(_worded(expectation))}", highlight=False, soft_wrap=True)
    for each in strange:
        out.print(f"    [yellow]not mapped[/yellow]: {escape(each.reason)}", soft_wrap=True)


def _worded(expectation: Expectation) -> str:
    views = ", ".join(map(_view, expectation.views)) or f"any view of {expectation.regions[0]}"
    side = f", side {expectation.side}" if expectation.side else ""
    return f"{expectation.procedure}: {views}{side} ({expectation.evidence})"


def _view(view: ExpectedView) -> str:
    times = f"{view.count} × " if view.count > 1 else ""
    return f"{times}{' or '.join(view.views)}{' (if made)' if view.optional else ''}"
