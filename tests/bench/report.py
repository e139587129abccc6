"""Figures with their spread, and tables of them as markdown that is readable as it is."""

import statistics


class Figures(list):
    """The same figure of every round."""

    def median(self):
        return statistics.median(self)

    def text(self, digits=1, scale=1.0):
        """Median (smallest..largest)."""
        return "{1:.{0}f} ({2:.{0}f}..{3:.{0}f})".format(digits, scale * self.median(), scale * min(self),
                                                         scale * max(self))

    def over(self, other):
        """Ratio round by round: both sides of one saw the same state of the machine."""
        return Figures(a / b for a, b in zip(self, other))

    def __add__(self, other):
        return Figures(a + b for a, b in zip(self, other))


def verdict(value, at_least=None, at_most=None):
    """What is asked for, and whether it is met."""
    if at_least is not None:
        return f"at least {at_least:g}: {'met' if value >= at_least else 'MISSED'}"
    if at_most is not None:
        return f"at most {at_most:g}: {'met' if value <= at_most else 'MISSED'}"
    return ""


class Table:
    def __init__(self, title, *columns):
        self.title, self.rows, self.notes = title, [columns], []

    def add(self, *cells):
        self.rows.append(cells)

    def note(self, text):
        self.notes.append(text)

    def text(self):
        widths = [max(len(row[i]) for row in self.rows) for i in range(len(self.rows[0]))]
        lines = ["| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths)) + " |" for row in self.rows]
        lines.insert(1, "|" + "|".join("-" * (w + 2) for w in widths) + "|")
        notes = [""] + ["- " + n for n in self.notes] if self.notes else []
        return "\n".join([f"## {self.title}", "", *lines, *notes])
