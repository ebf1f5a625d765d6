"""Members of cuts and their numbers: the same dimensions have the same number, whichever file names them first.

The number is worked out from the dimensions themselves (PostgreSQL's hash of 64 bits), so that figures need no look-up
by text: an index over half a million long keys costs more than all else in loading a large day. Two members of one
number, for which the odds are one in 400,000 at ten million members, are refused and never added together. Figures are
compared by the dimensions, never by the number, so a PostgreSQL that hashes otherwise would add members and no errors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from psycopg.types.json import Jsonb

from reports.sql import execute, fetch

Dims = dict[str, str]

#: Between the parts of what is hashed; a name or value that held it would be found out as a clash.
SEPARATOR = "chr(31)"


def _number(text: str) -> str:
    return f"hashtextextended({text}, 0)"


def member_id(dims: Mapping[str, str]) -> str:
    """The SQL expression for a member's number: `dims` maps each dimension to the expression for its value."""
    parts = [part for name in sorted(dims) for part in (f"'{name}'", dims[name])]
    return _number(f"concat_ws({SEPARATOR}, {', '.join(parts)})")


def member_dims(dims: Mapping[str, str]) -> str:
    """The SQL expression (jsonb) for a member's dimensions."""
    pairs = (f"'{name}', {value}" for name, value in dims.items())
    return f"jsonb_build_object({', '.join(pairs)})"


# The same number for dimensions that come as jsonb.
OF_JSON = _number(
    f"""(SELECT coalesce(string_agg(concat_ws({SEPARATOR}, d.key, d.value), {SEPARATOR} ORDER BY d.key COLLATE "C"), '')
    FROM jsonb_each_text(dims) d)"""  # noqa: S608 - constants only
)

# In the order of their numbers: half a million of them go into the index twice as fast, and two loads that add the same
# ones wait for each other instead of locking each other out.
MET = """
CREATE TEMPORARY TABLE met ON COMMIT DROP AS
SELECT DISTINCT w.member_id, {dims} AS dims FROM {wanted} w
WHERE NOT EXISTS (SELECT FROM reports_member m WHERE m.id = w.member_id)
ORDER BY w.member_id
"""
ADD = "INSERT INTO reports_member (id, dims) SELECT member_id, dims FROM met ON CONFLICT (id) DO NOTHING"
CLASH = """
SELECT {dims}::text, m.dims::text FROM {wanted} w JOIN reports_member m ON m.id = w.member_id AND m.dims <> {dims}
LIMIT 1
"""


def add_members(wanted: str, dims: str) -> None:
    """Make sure that every member of the table `wanted` is known: its `member_id`, and `dims`, a jsonb expression.

    Raises ArithmeticError for two members of one number.
    """
    _refuse_clash(wanted, dims)
    execute("DROP TABLE IF EXISTS met")
    met = execute(MET.format(wanted=wanted, dims=dims))
    # Fewer are added than were met: another load added them meanwhile, or two of these have one number.
    if execute(ADD) < met:
        _refuse_clash(wanted, dims)


def _refuse_clash(wanted: str, dims: str) -> None:
    for new, known in fetch(CLASH.format(wanted=wanted, dims=dims)):
        raise ArithmeticError(f"two members of one number: {new} and {known}")


WANTED = f"""
CREATE TEMPORARY TABLE wanted_member ON COMMIT DROP AS
SELECT {OF_JSON} AS member_id, dims, n FROM unnest(%s::jsonb[]) WITH ORDINALITY AS w(dims, n)
"""  # noqa: S608 - constants only


def members_of(dims: Sequence[Dims]) -> list[int]:
    """The numbers of a few members, in their order; unknown ones are added. Needs a transaction."""
    execute("DROP TABLE IF EXISTS wanted_member")
    execute(WANTED, [[Jsonb(each) for each in dims]])
    add_members("wanted_member", "w.dims")
    return [number for (number,) in fetch("SELECT member_id FROM wanted_member ORDER BY n")]
