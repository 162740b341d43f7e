"""What runs cost, and what a row of them comes to."""
import statistics
from dataclasses import asdict, dataclass, fields


@dataclass
class Cost:
    wall: float = 0.0  # seconds
    cpu: float = 0.0  # seconds, user and system, of the client
    memory: int = 0  # KiB, the peak
    requests: int = 0
    connections: int = 0
    round_trips: int = 0  # summed over connections, with TCP's and TLS's handshakes
    sent: int = 0  # bytes on the wire
    received: int = 0

    def add(self, other: "Cost"):
        """Another command that is needed for the same job."""
        for field in fields(self):
            mine, theirs = getattr(self, field.name), getattr(other, field.name)
            setattr(self, field.name, max(mine, theirs) if field.name == "memory" else mine + theirs)


# Attribute, heading, unit, decimals.
COLUMNS = [("wall", "wall ms", 1e3, 0), ("cpu", "CPU ms", 1e3, 0), ("memory", "memory MiB", 1 / 1024, 1),
           ("requests", "requests", 1, 0), ("connections", "connections", 1, 0),
           ("round_trips", "round trips", 1, 0), ("sent", "sent kB", 1e-3, 0), ("received", "received kB", 1e-3, 0)]


@dataclass
class Row:
    job: str
    client: str
    costs: list[Cost]

    def median(self, attribute: str) -> float:
        return statistics.median(getattr(cost, attribute) for cost in self.costs)

    def ratios_to(self, reference: "Row") -> dict[str, float]:
        return {a: self.median(a) / reference.median(a) for a, *_ in COLUMNS if reference.median(a)}

    def cells(self) -> list[str]:
        """Median, and the range where it is one."""
        cells = []
        for attribute, _, unit, decimals in COLUMNS:
            values = [getattr(cost, attribute) * unit for cost in self.costs]
            low, high = (f"{value:.{decimals}f}" for value in (min(values), max(values)))
            text = f"{self.median(attribute) * unit:.{decimals}f}"
            cells.append(text if low == high else f"{text} ({low}-{high})")
        return cells

    def as_json(self) -> dict:
        return {"job": self.job, "client": self.client, "median": {a: self.median(a) for a, *_ in COLUMNS},
                "runs": [asdict(cost) for cost in self.costs]}


def table(rows: list[Row]) -> str:
    """The first row of each job is what the others are held against."""
    lines = [["", *(heading for _, heading, *_ in COLUMNS)]]
    reference = None
    for row in rows:
        if reference is None or row.job != reference.job:
            reference = row
            lines.append([f"{row.job}:"])
        lines.append([f"  {row.client}", *row.cells()])
        if row is not reference:
            ratios = row.ratios_to(reference)
            lines.append(["    ratio", *(f"{ratios[a]:.2f}" if a in ratios else "" for a, *_ in COLUMNS)])
    widths = [max(len(line[n]) for line in lines if n < len(line)) for n in range(len(COLUMNS) + 1)]
    # A job's name may reach over the empty cells next to it.
    widths[0] = max(len(line[0]) for line in lines if len(line) > 1)
    return "\n".join("  ".join([line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in
                                                            zip(line[1:], widths[1:]))]).rstrip() for line in lines)
