"""elasticsearch_search.py, with a stand-in for the server: see elastic_stand_in.py."""

import re
from pathlib import Path

import pytest

pytest.importorskip("elasticsearch", reason="NOT TESTED: elasticsearch[async] is not installed")
pytest.importorskip("aiohttp", reason="NOT TESTED: elasticsearch[async] is not installed")
pytest.importorskip("h11", reason="NOT TESTED: h11 is not installed")

PROGRAM = "ecosystem/elasticsearch_search.py"
STAND_IN = Path(__file__).with_name("elastic_stand_in.py")


@pytest.fixture
def elastic(start):
    """Start the server; its URL."""
    return lambda *options: start(STAND_IN, *options).read_line()


@pytest.fixture
def folder(tmp_path):
    """Twelve texts; apples are the subject of one of them, and are mentioned in another."""
    texts = {f"filler{number}.txt": f"nothing in particular {number}" for number in range(9)}
    texts |= {"apples.md": "Apples! All about apples: an apple, two apples.",
              "sub/fruit.rst": "Pears, plums, apples and so on", "sub/pears.txt": "a PEAR, pears"}
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "picture.png").write_bytes(b"apples\xff")
    return tmp_path


def answers(output):
    """What the program has printed: how many documents; question -> (in how many, the best)."""
    first, *lines = output.splitlines()
    found, best = {}, []
    for line in lines:
        if hit := re.fullmatch(r" +[\d.]+  (.+)", line):
            best.append(hit[1])
        else:
            words, total = re.fullmatch(r"(.*): in (\d+)", line).groups()
            best = []
            found[words] = int(total), best
    return int(first.removesuffix(" documents")), found


def test_every_question_gets_its_best_answers_first(output_of, elastic, folder):
    output = output_of(PROGRAM, "--url", elastic(), folder, "apples", "Pears", "nothing", "kiwi")
    count, found = answers(output)
    assert count == 12
    assert found["apples"] == (2, ["apples.md", "sub/fruit.rst"])
    assert set(found["Pears"][1]) == {"sub/fruit.rst", "sub/pears.txt"}
    assert found["nothing"][0] == 9 and len(found["nothing"][1]) == 3
    assert found["kiwi"] == (0, [])


def test_a_second_run_finds_nothing_of_the_first(output_of, elastic, folder):
    url = elastic()
    output_of(PROGRAM, "--url", url, folder, "apples")
    (folder / "apples.md").unlink()
    count, found = answers(output_of(PROGRAM, "--url", url, folder, "apples"))
    assert (count, found["apples"]) == (11, (1, ["sub/fruit.rst"]))


def test_a_thousand_documents_and_fifty_questions_at_once(output_of, elastic, tmp_path):
    for number in range(1000):
        (tmp_path / f"{number}.txt").write_text(f"number n{number} of kind k{number % 50}")
    questions = [f"k{kind}" for kind in range(50)]
    count, found = answers(output_of(PROGRAM, "--url", elastic(), tmp_path, *questions))
    assert count == 1000
    assert {words: total for words, (total, _) in found.items()} == dict.fromkeys(questions, 20)


def test_the_client_looks_whether_it_is_talking_to_elasticsearch(start, elastic, folder):
    program = start(PROGRAM, "--url", elastic("--name", "Elastic Band"), folder, "apples")
    assert program.finish() == (1, "")
    assert "the server is not Elasticsearch" in program.errors()
    assert program.errors().count("\n") == 1


def test_an_empty_folder_is_an_error_in_one_line(start, elastic, tmp_path):
    program = start(PROGRAM, "--url", elastic(), tmp_path, "apples")
    assert program.finish() == (1, "0 documents\n")
    assert "index_not_found_exception" in program.errors()
    assert program.errors().count("\n") == 1


def test_ctrl_c_ends_all_the_questions_that_get_no_answer(start, folder):
    elastic = start(STAND_IN, "--silent")
    program = start(PROGRAM, "--url", elastic.read_line(), folder, *["apples"] * 5)
    assert [elastic.read_line() for _ in range(5)] == ["a question waits"] * 5
    program.interrupt()
    assert program.finish() == (130, "12 documents\ninterrupted\n")
    assert program.errors() == ""
