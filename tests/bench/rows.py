"""One number that is held against a bar."""
import statistics
from dataclasses import dataclass

# Factor from what was measured, decimals.
UNITS = {"ms": (1e3, 1), "s": (1, 2), "MiB": (1 / 1024, 1), "MB": (1e-6, 2), "RTT": (1, 2), "": (1, 0),
         "M instructions": (1e-6, 1)}
RATIO, EXTRA, VALUE = "ratio", "extra", "value"


@dataclass
class Row:
    """`kind`: RATIO, our median by that of `other`; EXTRA, the median of what ours is above `other` in the same
    round; VALUE, our median itself. Without a bar it is only to be looked at."""

    goal: str
    what: str
    unit: str
    kind: str
    ours: list[float]
    other: list[float] | None = None
    bar: float | None = None
    against: str = "official client"

    @property
    def value(self) -> float:
        factor, _ = UNITS[self.unit]
        if self.kind == RATIO:
            return statistics.median(self.ours) / statistics.median(self.other)
        if self.kind == EXTRA:
            return statistics.median(mine - other for mine, other in zip(self.ours, self.other)) * factor
        return statistics.median(self.ours) * factor

    @property
    def met(self) -> bool | None:
        return None if self.bar is None else self.value <= self.bar

    def cells(self) -> list[str]:
        """As HEADINGS."""
        _, decimals = UNITS[self.unit]
        shown = f"{self.value:.2f}" if self.kind == RATIO else f"{self.value:.{decimals}f} {self.unit}".rstrip()
        bar = "" if self.bar is None else f"{self.bar:g} {'' if self.kind == RATIO else self.unit}".rstrip()
        other = f"{self._spread(self.other)} ({self.against})" if self.other is not None else ""
        return [self.goal, self.what, self._spread(self.ours), other, shown, bar,
                {True: "yes", False: "NO", None: ""}[self.met]]

    def as_json(self) -> dict:
        return {"goal": self.goal, "what": self.what, "unit": self.unit, "kind": self.kind, "against": self.against,
                "value": self.value, "bar": self.bar, "met": self.met, "ours": self.ours, "other": self.other}

    def _spread(self, values: list[float]) -> str:
        """Median, and the range where it is one."""
        factor, decimals = UNITS[self.unit]
        low, middle, high = (f"{value * factor:.{decimals}f}"
                             for value in (min(values), statistics.median(values), max(values)))
        return f"{middle} {self.unit}".rstrip() + ("" if low == high else f" [{low}-{high}]")


HEADINGS = ["goal", "what", "countersign", "held against", "comes to", "bar", "met"]
WIDTHS = [12, 46, 26, 44, 10, 9, 3]


def line(cells: list[str]) -> str:
    return " ".join(cell.ljust(width) for cell, width in zip(cells, WIDTHS)).rstrip()
