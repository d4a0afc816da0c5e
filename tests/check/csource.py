"""C sources as this tree writes them, taken apart far enough for the checks: functions and their nesting.

Not a compiler: macros are not expanded, and the one thing it knows of them is that NAME_FOREACH(…) is a loop.
"""
import re
from pathlib import Path

TOKEN = re.compile(
    r"""(?P<skip>\s+|//[^\n]*|/\*.*?\*/|\#(?:\\\n|[^\n])*)
      | (?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
      | (?P<word>\w+)
      | (?P<sign>.)""",
    re.S | re.X,
)
LOOPS = {"for", "while", "switch"}


class Function:
    def __init__(self, name, line, lines, nesting):
        self.name, self.line, self.lines, self.nesting = name, line, lines, nesting


class Broken(Exception):
    """The text does not read as C."""


def tokens(text):
    """[(token, line)] without comments, white space and preprocessor lines; texts are '""'."""
    found, line, at_start = [], 1, True
    at = 0
    while at < len(text):
        m = TOKEN.match(text, at)
        # '#' is a directive only where a line begins.
        if m.lastgroup == "skip" and m[0].startswith("#") and not at_start:
            found.append(("#", line))
            at += 1
            continue
        if m.lastgroup == "skip":
            at_start = at_start and not m[0].startswith("/*") or "\n" in m[0]
            at_start = at_start or m[0].startswith("#")
        else:
            found.append(('""' if m.lastgroup == "text" else m[0], line))
            at_start = False
        line += m[0].count("\n")
        at = m.end()
    return found


def closing(toks, at):
    """The index of what closes the bracket at `at`."""
    depth = 0
    for i in range(at, len(toks)):
        if toks[i][0] in "([{" and toks[i][0] != "":
            depth += 1
        elif toks[i][0] in (")", "]", "}"):
            depth -= 1
            if depth == 0:
                return i
    raise Broken(f"line {toks[at][1]}: {toks[at][0]} is not closed")


def statement(toks, at, depth):
    """Reads one statement; (index behind it, deepest nesting in it). `depth` is its own."""
    word = toks[at][0]
    if word == "{":
        end, deepest, at = closing(toks, at), depth, at + 1
        while at < end:
            at, d = statement(toks, at, depth)
            deepest = max(deepest, d)
        return end + 1, deepest
    if word in LOOPS or word == "if" or word.endswith("_FOREACH"):
        at, deepest = statement(toks, closing(toks, at + 1) + 1, depth + 1)
        while word == "if" and at < len(toks) and toks[at][0] == "else":
            # "else if" is one more row, not one level deeper.
            again = toks[at + 1][0] == "if"
            at, d = statement(toks, at + 1, depth if again else depth + 1)
            deepest = max(deepest, d)
        return at, deepest
    if word == "do":
        at, deepest = statement(toks, at + 1, depth + 1)
        while toks[at][0] != ";":
            at += 1
        return at + 1, deepest
    if word in ("case", "default") or (toks[at + 1][0] == ":" and word != "?"):
        while toks[at][0] != ":":
            at += 1
        return at + 1, depth
    while toks[at][0] != ";":
        at = closing(toks, at) + 1 if toks[at][0] in ("(", "[", "{") else at + 1
    return at + 1, depth


def function_name(toks, start, brace):
    """The name of the function whose body opens at `brace`, or None where that is no function."""
    at = brace - 1
    while at > start and toks[at][0] == ")":
        depth, close = 0, at
        while True:
            depth += (toks[at][0] == ")") - (toks[at][0] == "(")
            if depth == 0:
                break
            at -= 1
            if at < start:
                raise Broken(f"line {toks[close][1]}: ) without (")
        name = toks[at - 1][0] if at > start else ""
        if name != "__attribute__":
            return name if re.fullmatch(r"[A-Za-z_]\w*", name) else None
        at -= 2
    return None


def functions(text):
    """All function definitions of a file, in order."""
    toks, found, at, start = tokens(text), [], 0, 0
    while at < len(toks):
        word = toks[at][0]
        if word == "{":
            end, name = closing(toks, at), function_name(toks, start, at)
            if name:
                found.append(
                    Function(
                        name,
                        toks[start][1],
                        toks[end][1] - toks[start][1] + 1,
                        statement(toks, at, 0)[1],
                    )
                )
                start = end + 1
            at = end + 1
            continue
        if word in ("(", "["):
            at = closing(toks, at)
        elif word == ";":
            start = at + 1
        at += 1
    return found


def files(top, *suffixes):
    """The C files of the tree, below src, shutdown and tests."""
    for directory in ("src", "shutdown", "tests"):
        for path in sorted((Path(top) / directory).rglob("*")):
            if path.suffix in (suffixes or (".c", ".h")) and path.is_file():
                yield path
