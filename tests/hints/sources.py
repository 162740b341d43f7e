"""Reads out of the sources what stands in hints: the words of every expression that becomes one."""
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("tuf", "hsm", "agent")
LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"(?:\s*"((?:[^"\\]|\\.)*)")*')
PIECE = re.compile(r'"((?:[^"\\]|\\.)*)"')
CONSTANT = re.compile(r"\bk[A-Z]\w*\b")
ERROR = re.compile(r"\b(?:Error|TransportError)\s*(?:\w+\s*)?(?=[({])|(?=[({]\s*(?:tuf::)?ErrorCode::k\w+\s*,)")
WITH_HINT = re.compile(r"\bwith_hint\s*(?=\()")
ASSIGNED = re.compile(r"\b\w*(?:hint|mend)\w*\s*(?:\+?=|\{)\s*(?=[^=])")
MEMBER = re.compile(r"\.(?:failure|redirect|log_in|hint)\s*=\s*")
TAKES_HINT = re.compile(r"^(?!.*;$)[^\n]*?\b(\w+)\(((?:[^()]|\([^()]*\))*\b(?:hint|mend)\b(?:[^()]|\([^()]*\))*)\)[^;{]*\{", re.MULTILINE)
ROW = re.compile(r"return\s*(?=\{\s*\"[A-Z_]+\",)")
REASON = re.compile(r"\breasons\.push_back\s*\(\s*(?=\{)")  # of a verdict
MAKES_HINT = re.compile(r"^(?:[\w:]+ )*(?:[\w:]*(?:hint|mend|way|who_could|command_to_sign)\w*)\([^;{]*\{.*?^\}", re.MULTILINE | re.DOTALL)


def without_comments(text: str) -> str:
    return re.sub(r'("(?:[^"\\\n]|\\.)*")|//[^\n]*', lambda m: m[1] or "", text)


def arguments(text: str, start: int) -> list[str]:
    """What stands between the bracket at `start` and its end, split at the commas of the first level."""
    found, current, depth, i = [], "", 0, start
    while i < len(text):
        if text[i] == '"':
            literal = PIECE.match(text, i)
            current += literal[0]
            i = literal.end()
            continue
        if text[i] == "'" and not text[i - 1].isalnum():
            end = text.index("'", i + 2 if text[i + 1] == "\\" else i + 1)
            current += text[i:end + 1]
            i = end + 1
            continue
        if text[i] in "([{":
            depth += 1
        elif text[i] in ")]}":
            depth -= 1
            if depth == 0:
                return [*found, current[1:].strip() if not found else current.strip()]
        elif text[i] == "," and depth == 1:
            found.append(current[1:].strip() if not found else current.strip())
            current = ""
            i += 1
            continue
        current += text[i]
        i += 1
    return found


def to_end(text: str, start: int) -> str:
    """From `start` to the semicolon, or to the end of the row of a table."""
    i, depth = start, 0
    while i < len(text):
        if text[i] == '"':
            i = PIECE.match(text, i).end()
            continue
        depth += (text[i] in "([{") - (text[i] in ")]}")
        if text[i] == ";" or depth < 0:
            break
        i += 1
    return text[start:i]


def expressions(text: str):
    for found in ERROR.finditer(text):
        yield from arguments(text, found.end())[2:3]
    for found in WITH_HINT.finditer(text):
        yield from arguments(text, found.end())[:1]
    for pattern in (ASSIGNED, MEMBER):
        for found in pattern.finditer(text):
            yield to_end(text, found.end())
    for pattern in (ROW, REASON):
        for found in pattern.finditer(text):
            yield from arguments(text, found.end())[2:3]
    for found in MAKES_HINT.finditer(text):
        for result in re.finditer(r"\breturn\b", found[0]):
            yield to_end(found[0], result.end())
    for function in TAKES_HINT.finditer(text):
        names = [parameter.split("=")[0].split()[-1].strip("&") for parameter in arguments(f"({function[2]})", 0)]
        for name in {"hint", "mend"} & set(names):
            for call in re.finditer(rf"\b{function[1]}\s*(?=\()", text):
                yield from arguments(text, call.end())[names.index(name):][:1]


def words_of_hints() -> dict[str, set[str]]:
    """Every literal of every expression that becomes a hint: the files in which it stands."""
    texts = {path.relative_to(ROOT): without_comments(path.read_text())
             for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*")) if path.suffix in (".h", ".cpp")}
    constants = {name: literal for text in texts.values()
                 for name, literal in re.findall(r'\b(k[A-Z]\w*)(?:\[\])?\s*(?:=|\{)\s*("(?:[^"\\]|\\.|"\s*")*")', text)}
    found = {}
    for path, text in texts.items():
        for expression in expressions(text):
            whole = CONSTANT.sub(lambda name: constants.get(name[0], name[0]), expression)
            for literal in LITERAL.finditer(whole):
                words = "".join(PIECE.findall(literal[0])).replace('\\"', '"').replace("\\\\", "\\")
                found.setdefault(words, set()).add(str(path))
    return found


if __name__ == "__main__":
    for words, files in sorted(words_of_hints().items(), key=lambda item: sorted(item[1])):
        print(f"{' '.join(sorted(files))}\t{words}")
