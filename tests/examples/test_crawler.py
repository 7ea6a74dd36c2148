"""10_crawler.py, on its own site, on one of the web server's, and where there is none."""

import runpy
import socket

import pytest

from .conftest import EXAMPLES

PROGRAM = "10_crawler.py"


def crawled(output):
    """What was printed of each path, and the summary."""
    *lines, summary = output.splitlines()
    pages = {}
    for line in lines:
        answer, _, rest = line.partition("http://")
        path = rest.partition("/")[2]
        assert path not in pages, "a page was visited twice"
        pages[path] = " ".join(answer.split())
    return pages, summary


@pytest.fixture
def site(start, tmp_path):
    """The URL of a site of a few pages."""
    (tmp_path / "index.html").write_text(
        '<a href="a.html">a</a> <A HREF=\'b%20b.html?x=1&amp;y=2#part\'>b</A> <a href=c.html>c</a>'
        '<a href="http://[">no URL</a> <a href="http://127.0.0.1:1/">another site</a>'
        '<a href="mailto:ann@example.com">no page</a> <a href="gone.html">gone</a>'
    )
    (tmp_path / "a.html").write_text('<a href="/">back</a> <a class="x" href="./folder">folder</a>')
    (tmp_path / "b b.html").write_text("the end")
    (tmp_path / "c.html").write_text('<a href="notes.txt">notes</a>')
    (tmp_path / "notes.txt").write_text('<a href="not-a-link.html">only text</a>')
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "index.html").write_text('<a href="../a.html">up</a>')
    server = start("09_web_server.py", "--port", 0, "--root", tmp_path)
    return "http://{}:{}".format(*server.read_address())


def test_the_crawler_visits_its_own_site_when_it_is_given_none(output_of):
    pages, summary = crawled(output_of(PROGRAM))
    names = {"", *(f"page{number}.html" for number in range(2, 21))}
    assert set(pages) == names | {"missing.html"}
    assert all(pages[name].startswith("200 ") for name in names)
    assert pages["missing.html"].startswith("404 ")
    assert summary.startswith("20 pages, ") and summary.endswith(" bytes, dead links: 1")


@pytest.mark.parametrize("workers", [1, 3, 50])
def test_every_page_of_a_site_is_visited_once_by_however_many_workers(output_of, site, workers):
    pages, summary = crawled(output_of(PROGRAM, "--workers", workers, site))
    assert {path: answer.split()[0] for path, answer in pages.items()} == {
        "": "200", "a.html": "200", "b%20b.html?x=1&y=2": "200", "c.html": "200",
        "notes.txt": "200", "folder": "301", "folder/": "200", "gone.html": "404",
    }
    assert pages["b%20b.html?x=1&y=2"] == "200 7"
    assert summary.startswith("6 pages, ") and summary.endswith(" bytes, dead links: 1")


def test_a_site_that_is_down_is_an_error(start):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host, port = listener.getsockname()
    crawler = start(PROGRAM, f"http://{host}:{port}/")
    status, output = crawler.finish()
    assert status == 1
    assert f"failed         http://{host}:{port}/: [Errno" in output
    assert crawler.errors() == "not one page was found\n"


def test_a_server_that_does_not_speak_http_is_an_error(start):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        crawler = start(PROGRAM, "http://{}:{}/".format(*listener.getsockname()))
        client, _ = listener.accept()
        with client:
            client.recv(4096)
            client.sendall(b"220 smtp.example.com\r\n")
        status, output = crawler.finish()
    assert status == 1
    assert "the answer is no HTTP" in output


def test_a_server_that_never_answers_is_given_up(run, capsys):
    crawl = runpy.run_path(str(EXAMPLES / PROGRAM))["crawl"]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert run(crawl("http://{}:{}/".format(*listener.getsockname()), 2)) == 0
    assert "not complete after 10 seconds" in capsys.readouterr().out


def test_what_is_no_url_is_a_usage_error(start):
    for text in "foo", "http://[", "http:///", "https://example.com/":
        crawler = start(PROGRAM, text)
        assert crawler.finish() == (2, "")
        assert "Traceback" not in crawler.errors()


def test_ctrl_c_ends_the_crawler(start):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        crawler = start(PROGRAM, "http://{}:{}/".format(*listener.getsockname()))
        client, _ = listener.accept()
        with client:
            client.recv(4096)
            crawler.interrupt()
            assert crawler.finish() == (130, "interrupted\n")
    assert crawler.errors() == ""
