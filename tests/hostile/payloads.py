"""Text that would do harm wherever a page, a mail or a spreadsheet took it for more than text.

Each text carries the name of the field that it stands in, so that a page which lets it out says which field that was.
"""

from __future__ import annotations

#: A script that runs leaves the field's name here.
RAN = "__ran"


def hostile(field: str) -> str:
    """Breaks out of an element, an attribute, a title, a text area, an address and a template."""
    run = f"{RAN}='{field}'"
    return (
        f"javascript:{run}//\"'></title></textarea><img src=x onerror={run}><script>{run}</script>"
        "{{7*7}}{%now 'Y'%}"
    )


def hostile_name(field: str, suffix: str = "") -> str:
    """The same as a file may be called: without a slash, and without the quotation mark that ends a form's field."""
    run = f"{RAN}='{field}'"
    return f"javascript:{run};'><img src=x onerror={run}><svg onload={run}>{{{{7*7}}}}{suffix}"


def hostile_short(field: str) -> str:
    """For fields of 60 characters."""
    return f"\"'><img src=x onerror={RAN}='{field}'>"


def hostile_address(field: str) -> str:
    """An e-mail address by the rules: its quoted part may hold nearly everything (RFC 5321, 4.1.2)."""
    return f"\"<script>{RAN}='{field}'</script>\"@example.com"


def quoted(text: str) -> str:
    """The text as a cell of a CSV file."""
    return '"{}"'.format(text.replace('"', '""'))
