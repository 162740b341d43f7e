"""Every secret of a test, made at random and remembered, so that all output can be searched for them."""
import base64
import secrets as random
import urllib.parse


def forms_of(secret: str) -> set[str]:
    """As it is, in base64, hex and URL-encoded."""
    data = secret.encode()
    base64_text = base64.b64encode(data).decode().rstrip("=")
    return {secret, base64_text, base64.urlsafe_b64encode(data).decode().rstrip("="), data.hex(), data.hex().upper(),
            urllib.parse.quote(secret), urllib.parse.quote(secret, safe=""), urllib.parse.quote_plus(secret)}


class Secrets:
    def __init__(self):
        self._values = []

    def new(self) -> str:
        return self.add(random.token_hex(10))

    def add(self, value: str) -> str:
        self._values.append(value)
        return value

    def found_in(self, text: str) -> list[str]:
        """The secrets that stand in the text in any form."""
        return [v for v in self._values if any(form in text for form in forms_of(v))]
