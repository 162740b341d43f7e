"""JSON in every spelling. A value is made of Python's own types and of the two below; `Spelling` writes it as text in
some way, `meaning` gives its canonical form as the official client computes it (section 3.1): it reads numbers as
64-bit floats, of two members with one name the last counts, and what is no UTF-8 becomes U+FFFD."""
import json
import random
import struct
from dataclasses import dataclass

from support.forged_keys import canonical


@dataclass
class Literal:
    """A value with its text given: `text` may be bytes that are no UTF-8, `value` is what it means."""
    text: bytes
    value: object


@dataclass
class Members:
    """An object as it stands in the file, members repeated and in this order."""
    pairs: list


def number(text: str) -> Literal:
    """A number as Go reads it, converted to an integer as its processor does."""
    value = float(text)
    if value != int(value):
        return Literal(text.encode(), value)
    value = int(value)
    return Literal(text.encode(), value if -(1 << 63) <= value < 1 << 63 else -(1 << 63))


def meaning(value) -> bytes:
    """Canonical form; control characters raw, as they are signed."""
    return canonical(plain(value))


def plain(value):
    """Of Python's own types only, whatever its spelling."""
    if isinstance(value, Literal):
        return plain(value.value)
    if isinstance(value, Members):
        return {text_of(name): plain(member) for name, member in value.pairs}
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items()}
    return [plain(element) for element in value] if isinstance(value, list) else value


def text_of(name) -> str:
    return name.value if isinstance(name, Literal) else name


@dataclass
class Spelling:
    """How values are written. Everything off: the exact form."""
    rng: random.Random
    spaces: float = 0.0   # chance of white space where it may stand
    shuffle: bool = False
    escapes: float = 0.0  # chance of an escape where none is needed
    html: bool = True     # Go's five escapes

    def write(self, value) -> bytes:
        out = bytearray()
        self._write(out, value)
        return bytes(out)

    def space(self) -> bytes:
        if self.rng.random() >= self.spaces:
            return b""
        return self.rng.choice([b" ", b"\n", b"\t", b"\r", b"  ", b"\r\n\t "])

    def _write(self, out: bytearray, value):
        out += self.space()
        if isinstance(value, Literal):
            out += value.text
        elif isinstance(value, str):
            out += self.string(value)
        elif isinstance(value, list):
            out += b"["
            for i, element in enumerate(value):
                out += b"," if i else b""
                self._write(out, element)
            out += self.space() + b"]"
        elif isinstance(value, (dict, Members)):
            pairs = list(value.items()) if isinstance(value, dict) else value.pairs
            if self.shuffle and isinstance(value, dict):
                self.rng.shuffle(pairs)
            elif isinstance(value, dict):
                pairs.sort(key=lambda pair: text_of(pair[0]).encode(errors="surrogatepass"))
            out += b"{"
            for i, (name, member) in enumerate(pairs):
                out += b"," if i else b""
                out += self.space() + (name.text if isinstance(name, Literal) else self.string(name)) + self.space() + b":"
                self._write(out, member)
            out += self.space() + b"}"
        else:
            out += json.dumps(value).encode()
        out += self.space()

    SHORT = {"\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\", "/": "\\/"}

    def string(self, value: str) -> bytes:
        out = []
        for c in value:
            if c in '"\\' or c < " ":
                out.append(self.SHORT[c] if c in self.SHORT and self.rng.random() < 0.7 else self._hex(c))
            elif self.html and c in "<>&\u2028\u2029":
                out.append("\\u%04x" % ord(c))
            elif self.rng.random() < self.escapes:
                out.append(self.SHORT[c] if c == "/" else self._hex(c))
            else:
                out.append(c)
        return b'"' + "".join(out).encode() + b'"'

    def _hex(self, c: str) -> str:
        units = struct.unpack(f">{len(c.encode('utf-16-be')) // 2}H", c.encode("utf-16-be"))
        return "".join(self.rng.choice(["\\u%04x", "\\u%04X"]) % unit for unit in units)


SPECIAL = "<>&\"\\/'%`\x7f\x80\x85\xa0\xad\u2028\u2029\u2027\u202e\u200b\u200d\ufeff\ufffd\uffff\ud7ff\ue000\U0010ffff\U0001f600\u017f\u212a"


def random_text(rng: random.Random, longest=10) -> str:
    """No control characters."""
    def character():
        kind = rng.randrange(8)
        if kind < 3:
            return chr(rng.randrange(0x20, 0x7f))
        if kind < 5:
            return rng.choice(SPECIAL)
        if kind == 5:
            return chr(rng.randrange(0xa1, 0x800))
        if kind == 6:
            return chr(rng.choice([rng.randrange(0x800, 0xd800), rng.randrange(0xe000, 0x10000)]))
        return chr(rng.randrange(0x10000, 0x110000))
    return "".join(character() for _ in range(rng.randint(1, longest)))


def random_value(rng: random.Random, depth=0):
    """Custom data without anything odd but its text."""
    kind = rng.randrange(4 if depth > 3 else 8)
    if kind == 0:
        return rng.choice([None, True, False])
    if kind == 1:
        limit = rng.choice([9, 1000, 1 << 31, 1 << 53])
        return rng.randint(-limit, limit)
    if kind <= 3:
        return random_text(rng) if rng.random() < 0.9 else ""
    if kind == 4:
        return [random_value(rng, depth + 1) for _ in range(rng.randrange(4))]
    return {random_text(rng): random_value(rng, depth + 1) for _ in range(rng.randrange(5))}


def find_dicts(value, found=None) -> list[dict]:
    """Every object inside, the value itself included."""
    found = [] if found is None else found
    if isinstance(value, dict):
        found.append(value)
        for member in value.values():
            find_dicts(member, found)
    elif isinstance(value, list):
        for member in value:
            find_dicts(member, found)
    return found
