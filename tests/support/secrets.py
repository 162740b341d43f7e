"""Every secret of a test, made at random and remembered, so that all output can be searched for them."""
import base64
import secrets as random


class Secrets:
    def __init__(self):
        self._values = []

    def new(self) -> str:
        return self.add(random.token_hex(10))

    def add(self, value: str) -> str:
        self._values.append(value)
        return value

    def found_in(self, text: str) -> list[str]:
        """The secrets that stand in the text, as they are or in base64."""
        return [v for v in self._values
                if v in text or base64.b64encode(v.encode()).decode().rstrip("=") in text]
