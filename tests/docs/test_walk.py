"""A page that says something else than what happens fails: the walk itself is tried on small pages."""
import pytest

from support import walk as walks
from support.pages import Values, blocks, typed

RIGHT = """
```console ada
$ greeting=hello
$ echo "$greeting world"
hello world
$ printf '3c85bce81f36a0b7%048d\\n' 0
3c85bce8…
$ echo 'of 3c85bce8…'
of 3c85bce8…
$ false
$ echo $?
1
```

```sh ada
test "$greeting" = hello
```
"""


def walked(page, tmp_path, binary, monkeypatch, text):
    page.write_text(text)
    monkeypatch.setattr(walks, "name_of", lambda path: path.name)
    walks.walk(page, tmp_path / "walk", binary)


@pytest.mark.parametrize("right, wrong", [
    ("hello world\n", "hello, world\n"), ("$ echo $?\n1", "$ echo $?\n0"), ("$ false\n", "$ false\nand more\n"),
    ("\nof 3c85bce8…", "\nof 4c85bce8…"), ("'of 3c85bce8…'", "'of 9c85bce8…'"), ("= hello", "= hallo"), ("$ echo $?\n1\n", ""),
    ('$ echo "$greeting world"\nhello world\n', '$ echo "$SECRET"\n…\n')])
def test_a_page_that_says_something_else_fails(right, wrong, tmp_path, binary, monkeypatch):
    assert right in RIGHT
    with pytest.raises(AssertionError):
        walked(tmp_path / "page.md", tmp_path, binary, monkeypatch, RIGHT.replace(right, wrong))


def test_a_page_that_says_what_happens_does_not(tmp_path, binary, monkeypatch):
    walked(tmp_path / "page.md", tmp_path, binary, monkeypatch, RIGHT)


def test_what_is_printed_is_compared_word_by_word():
    values = Values()
    assert not values.difference(["NAME  SIZE", "a     1"], "NAME   SIZE\na      1\n")
    assert not values.difference(["first", "…", "last"], "first\nsecond\nthird\nlast\n")
    assert not values.difference(["it ends 2036-11-27T22:42:18Z, … days"], "it ends 2030-01-02T03:04:05Z, 12 days\n")
    assert values.difference(["first"], "first\nsecond\n")
    assert values.difference(["first", "second"], "first\n")
    assert values.difference([], "something\n")
    assert not values.difference(["key 639830a"], "key 1234abc\n")
    assert values.difference(["key 639830a"], "key 7654abc\n")
    assert values.put_in("remove 639830a") == "remove 1234abc"
    with pytest.raises(AssertionError):
        values.put_in("pin 77777aaa…")


def test_a_command_goes_on_after_a_backslash(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("```console ada\n$ echo a \\\n    b\na b\n```\n")
    (command,) = typed(blocks(page)[0])
    assert (command.command, command.printed) == ("echo a \\\n    b", ["a b"])
