"""How a section looks in a terminal: its sentences and tables; charts and photos are left out."""

from collections.abc import Iterator

from zapcls.blocks import Block, Columns, Facts, Section, Table, Text


def write_section(section: Section) -> str:
    """Write a section as text: its title, then a paragraph a block."""
    lines = [line for block in section.blocks for line in _write_block(block)]
    return "\n\n".join([f"{section.title}\n{'-' * len(section.title)}", *lines]).replace("**", "")


def _write_block(block: Block) -> Iterator[str]:
    match block:
        case Text():
            yield block.text
        case Facts(rows):
            yield "\n".join(f"{name}: {text}" for name, text in rows)
        case Table():
            written = block.cells.to_string(index=False) if len(block.cells) else "None."
            yield f"{block.caption}\n{written}"
        case Columns(columns):
            for inner in (inner for column in columns for inner in column):
                yield from _write_block(inner)
