"""grep: lines that match, with the habits of basic and extended patterns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shell.programs_harness import run, run_bytes

from .real import assert_same, compared, needs

LINES = st.lists(st.text("abAB._ ", max_size=6)).map(lambda lines: "\n".join(lines).encode())


@needs("grep")
@compared
@given(LINES, st.text("abAB._ ", max_size=3),
       st.lists(st.sampled_from("-i -v -n -c -x -w -o -H -q -l -m2".split()), unique=True,
                max_size=3))
def test_fixed_texts_are_found_as_the_real_one_finds_them(data, pattern, flags):
    # An empty word and the words of -o -w are found by other rules: where a first try is none, the
    # real one tries shorter ones at the same place.
    if "-w" in flags and not pattern.strip(" ."):
        return
    if "-v" in flags and not pattern:
        return      # it counts nothing, where 0 would be a number too
    assert_same("grep", "-F", *flags, "-e", pattern, stdin=data)


@needs("grep")
@compared
@given(LINES.filter(lambda data: b"_" not in data),
       st.lists(st.sampled_from("-A1 -B1 -C1 -A2 -B3 -n -v -m1 -m2 -c".split()), unique=True,
                max_size=3))
def test_context_is_shown_as_the_real_one_shows_it(data, flags):
    assert_same("grep", *flags, "a", stdin=data)


@needs("grep")
@pytest.mark.parametrize("pattern", [
    "a*b", "^a", "b$", "a.b", "[ab]*", "[^a]", "a+", r"a\+", r"a\?b", "(a)", r"\(a\)\1", "a|b",
    r"a\|b", "*a", "^*a", r"\(*a\)", "a{2}", r"a\{2\}", r"a\{1,\}b", "a^b", "a$b", "[]a]", "[a-]",
    r"\.", "[.]", "[[:upper:]]", r"\<a", r"a\>", r"\ba", r"\w\W", "", "^$", "x*", r"\(^a\)", "a**",
    r"\(a\|b\)*_", "[[:space:]]$", r"[\.]", r"\$", r"a\{,2\}$",
])
@pytest.mark.parametrize("dialect", ["-G", "-E"])
def test_patterns_mean_what_they_mean_to_the_real_one(pattern, dialect):
    data = (b"a\nb\nab\naab\naaab\na+b\na|b\n(a)\n*a\n^*a\n\na.b\na^b\na$b\nA B\n]\n-\nba\nx aa x\n"
            b"a{2}\n_ab_\nab_\n \n$\n\\\n")
    assert_same("grep", dialect, "-n", "-e", pattern, stdin=data)


@needs("grep")
@compared
@given(LINES, st.lists(st.sampled_from(
    ["a", "b", "A", ".", "*", "^", "$", r"\(a\)", r"\(b*\)", r"\1", "[ab]", r"\{2\}", r"\+", r"\|"]
), max_size=5))
def test_any_basic_pattern_selects_the_lines_that_the_real_one_selects(data, parts):
    pattern = "".join(parts)
    # What repeats nothing, or repeats a repetition, is not defined.
    if pattern.startswith((r"\{", r"\+", r"^\{", r"^\+")) or r"\1" in pattern:
        return
    if any(pair in pattern for pair in (r"*\{", r"\}\{", r"+\{", r"^*", r"$*", r"^\+", r"$\+",
                                        r"^\{", r"$\{")):
        return
    assert_same("grep", "-e", pattern, stdin=data)


@pytest.mark.parametrize(("pattern", "words"), [
    ("[a", "Unmatched ["), (r"\(a", r"Unmatched ("), (r"a\)", r"Unmatched )"),
    ("a\\", "Trailing backslash"), (r"\1", "Invalid back reference"),
    ("[b-a]", "Invalid range end"), ("[[:nope:]]", "Invalid character class"),
    (r"a\{2,1\}", "min repeat greater"), (r"a\{x\}", "Invalid content"),
    (r"\(" * 5000 + r"\)" * 5000, "too big"),
])
def test_a_pattern_that_is_none_says_why(pattern, words):
    status, out, err = run("grep", pattern, stdin=b"a\n")
    assert (status, out) == (2, "")
    assert err.startswith("grep: ") and words in err


def test_the_status_tells_whether_a_line_was_selected(tmp_path):
    (tmp_path / "a").write_bytes(b"x\n")
    assert run("grep", "x", "a", folder=tmp_path)[0] == 0
    assert run("grep", "y", "a", folder=tmp_path)[0] == 1
    assert run("grep", "x", "a", "nope", folder=tmp_path) == (
        2, "a:x\n", "grep: nope: No such file or directory\n")
    assert run("grep", "-q", "x", "nope", "a", folder=tmp_path)[0] == 0
    assert run("grep", "-s", "x", "nope", folder=tmp_path) == (2, "", "")
    assert run("grep")[0] == 2


@needs("grep")
def test_names_counts_and_context_of_several_files_are_shown_as_the_real_one_shows_them(tmp_path):
    (tmp_path / "a").write_bytes(b"x\ny\nz\nx\n")
    (tmp_path / "b").write_bytes(b"y\n")
    (tmp_path / "c").write_bytes(b"z\nx")
    for flags in ((), ("-n",), ("-c",), ("-l",), ("-L",), ("-h",), ("-o",), ("-A1",), ("-B1", "-n"),
                  ("-m1",), ("-m", "0"), ("-v", "-c"), ("-1",), ("-cq",)):
        assert_same("grep", *flags, "x", "a", "b", "c", folder=tmp_path)
    assert_same("grep", "-H", "x", stdin=b"x\n")
    assert_same("grep", "-e", "x", "-e", "y", "a", "-n", folder=tmp_path)
    assert_same("grep", "x\ny", "a", folder=tmp_path)


def test_folders_are_looked_through_and_links_are_not_followed(tmp_path):
    (tmp_path / "sub" / "deep").mkdir(parents=True)
    (tmp_path / "sub" / "one").write_bytes(b"x\n")
    (tmp_path / "sub" / "deep" / "two").write_bytes(b"x\n")
    (tmp_path / "sub" / "loop").symlink_to(tmp_path)
    expected = ["sub/deep/two:x", "sub/one:x"]
    assert sorted(run("grep", "-r", "x", folder=tmp_path)[1].split()) == expected
    assert sorted(run("grep", "-r", "x", "sub", folder=tmp_path)[1].split()) == expected
    assert run("grep", "-r", "x", "sub/one", folder=tmp_path)[1] == "x\n"
    assert run("grep", "x", "sub", folder=tmp_path) == (2, "", "grep: sub: Is a directory\n")


def test_a_character_is_matched_whole_and_any_byte_passes():
    data = "hällo\n".encode() + b"\xff\x00\xe4\n"
    assert run_bytes("grep", "^h.llo$", stdin=data)[1] == "hällo\n".encode()
    assert run_bytes("grep", "-i", "HÄLLO", stdin=data)[1] == "hällo\n".encode()
    assert run_bytes("grep", "", stdin=data)[1] == data
    assert run_bytes("grep", "-o", "[^h]*$", stdin=b"h\xff\xfe\n")[1] == b"\xff\xfe\n"


def test_groups_of_several_patterns_are_counted_for_each():
    found = run("grep", "-e", r"\(x\)y", "-e", r"\(a\)\1", stdin=b"aa\nax\nxy\n")[1]
    assert found == "aa\nxy\n"
