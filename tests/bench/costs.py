"""What runs cost, and what many of them come to."""
import statistics
from dataclasses import asdict, dataclass, fields


@dataclass
class Cost:
    wall: float = 0.0  # seconds
    cpu: float = 0.0  # seconds, user and system, of the client
    memory: int = 0  # KiB, the peak
    server_cpu: float = 0.0  # seconds, user and system
    requests: int = 0
    # Counted by the relay; 0 without it.
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
COLUMNS = [("wall", "wall ms", 1e3, 1), ("cpu", "CPU ms", 1e3, 1), ("memory", "memory MiB", 1 / 1024, 1),
           ("server_cpu", "server CPU ms", 1e3, 1), ("requests", "requests", 1, 0),
           ("connections", "connections", 1, 0), ("round_trips", "round trips", 1, 0), ("sent", "sent kB", 1e-3, 0),
           ("received", "received kB", 1e-3, 0)]


class Runs:
    """The costs of jobs by client, in the order of the rounds."""

    def __init__(self):
        self._costs: dict[tuple[str, str], list[Cost]] = {}

    def add(self, job: str, client: str, cost: Cost):
        self._costs.setdefault((job, client), []).append(cost)

    def values(self, job: str, client: str, attribute: str) -> list[float]:
        return [getattr(cost, attribute) for cost in self._costs[job, client]]

    def as_json(self) -> list[dict]:
        return [{"job": job, "client": client, "runs": [asdict(cost) for cost in costs]}
                for (job, client), costs in self._costs.items()]

    def table(self) -> str:
        """Medians; columns in which nothing was counted are left out."""
        columns = [column for column in COLUMNS
                   if any(getattr(cost, column[0]) for costs in self._costs.values() for cost in costs)]
        lines = [["", *(heading for _, heading, *_ in columns)]]
        for (job, client), costs in self._costs.items():
            cells = [statistics.median(getattr(cost, attribute) for cost in costs) * unit
                     for attribute, _, unit, _ in columns]
            lines.append([f"{job}: {client}", *(f"{cell:.{decimals}f}" if cell else "-"
                                                for cell, (*_, decimals) in zip(cells, columns))])
        widths = [max(map(len, column)) for column in zip(*lines)]
        return "\n".join("  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]) for line in lines)
