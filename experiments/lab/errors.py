"""The one kind of error that is the user's to mend.

Whatever raises it says, one line per problem, what was expected, what arrived and what to do. The terminal prints the
lines and exits with 2; everything else is a fault of the program and keeps its traceback.
"""

from __future__ import annotations

from collections.abc import Iterable


class InputError(Exception):
    """A parameter, a name or a data file that cannot be used."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
        """One line per problem."""

    def __reduce__(self) -> tuple[type[InputError], tuple[str, ...]]:
        return type(self), self.problems


def meant(word: str, known: Iterable[str]) -> str:
    """What a mistyped word was probably meant to be.

    >>> meant("mnits", ["mnist", "digits"]), meant("x", ["mnist", "digits"])
    ('did you mean mnist?', 'expected one of digits, mnist')
    """
    from difflib import get_close_matches

    names = sorted(known)
    near = get_close_matches(word, names, n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else f"expected one of {', '.join(names)}"
