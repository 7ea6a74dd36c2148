"""Style: colours and the like, where the output shows them (ECMA-48, SGR).

Nothing is added for an output that has no colours, so that what stands in a file or goes through
a pipe is plain text.
"""

__all__ = ["CODES", "styled"]

CODES = {
    "bold": "1", "dim": "2", "italic": "3", "underline": "4", "reverse": "7",
    "red": "31", "green": "32", "yellow": "33", "blue": "34", "magenta": "35", "cyan": "36",
    "grey": "90",
}


def styled(output, text, *names):
    """`text` in the styles of `names`, a few of CODES, if `output` shows colours."""
    if not names or not text or not output.colors:
        return text
    return f"\x1b[{';'.join(CODES[name] for name in names)}m{text}\x1b[0m"
