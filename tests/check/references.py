"""references: tests that a page names, as `FILE::TEST`, and whether they are there."""
import ast
import re


def test_is_there(top, reference):
    """A test that the main() of a C file registers, a function of a Python file, or a row of tests/vm/cases.py."""
    name, _, test = reference.partition("::")
    path = top / name
    if not path.is_file() or not test or not name.startswith("tests/"):
        return False
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".c":
        # Registered in the table of main(); that it is defined the compiler sees.
        return re.search(rf"\b{re.escape(test)}\b", text.rpartition("\nint main(")[2]) is not None
    if path.suffix == ".py":
        tree = ast.parse(text)
        if any(isinstance(n, ast.FunctionDef) and n.name == test for n in ast.walk(tree)):
            return test.startswith("test_")
        return any(isinstance(n, ast.Constant) and n.value == test for n in ast.walk(tree))
    return False


def references(cell):
    return re.findall(r"`([^`]+)`", cell)
