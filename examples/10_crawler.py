"""Adds work that is shared: workers take from one queue, and add to it what they find.

A crawler, which follows the links of one site with a few tasks at once. Without a URL it makes
a small site, and serves it on the same kernel with the web server of step 9.

    python examples/10_crawler.py
    python examples/10_crawler.py --workers 8 http://127.0.0.1:8000/
"""

import argparse
import html
import re
import runpy
import socket
import sys
import tempfile
from collections import deque
from pathlib import Path
from urllib.parse import quote, urljoin, urlsplit

import minios
from syscalls import Close, Connect, Kill, Park, Recv, SendAll, Sleep, Spawn, Wait, Wake

TIMEOUT = 10.0              # seconds that a page may take
MAX_SIZE = 1024 * 1024      # bytes that are read of it
LINK = re.compile(r"""<a\s[^<>]*?href\s*=\s*["']?([^"'\s<>]+)""", re.IGNORECASE)


class Frontier:
    """The pages that are still to be visited; also the channel that idle workers park on."""

    def __init__(self, start):
        self.site, self.queue, self.seen, self.busy = urlsplit(start)[:2], deque(), set(), 0
        self.add(start)

    def add(self, link, page=""):
        """Queue where a link on `page` leads to, if that is on this site and new."""
        try:
            parts = urlsplit(urljoin(page, html.unescape(link)))
        except ValueError:
            return              # people write what they like
        url = parts._replace(path=parts.path or "/", fragment="").geturl()
        if parts[:2] == self.site and url not in self.seen:
            self.seen.add(url)
            self.queue.append(url)

    def take(self):
        """Wait for a page; return None when the queue is empty and nobody is left to fill it."""
        while not self.queue:
            if not self.busy:
                return None
            yield Park(self)
        self.busy += 1
        return self.queue.popleft()

    def done(self):
        """A page has been visited: the idle workers look for new ones, or find the end."""
        self.busy -= 1
        yield Wake(self, n=None)


def hang_up_later(sock):
    """A task: a timeout. Whoever waits for `sock` by then wakes up with an OSError."""
    yield Sleep(TIMEOUT)
    yield Close(sock)


def get(url):
    """Return the head of the answer, a str, and its body, bytes. Raises OSError."""
    parts = urlsplit(url)
    target = quote(parts._replace(scheme="", netloc="").geturl(), safe="/?%:@!$&'()*+,;=~")
    answer = bytearray()
    with socket.socket() as sock:
        timer = yield Spawn(hang_up_later(sock))
        try:
            yield Connect(sock, (parts.hostname, parts.port or 80))
            # HTTP/1.0, where the end of the connection is the end of the page.
            yield SendAll(sock, f"GET {target} HTTP/1.0\r\nHost: {parts.netloc}\r\n\r\n".encode())
            while len(answer) < MAX_SIZE and (data := (yield Recv(sock, 65536))):
                answer += data
        except OSError:
            if sock.fileno() < 0:       # we have closed it ourselves
                raise TimeoutError(f"not complete after {TIMEOUT:g} seconds") from None
            raise
        finally:
            timer.kill()
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.decode("latin-1"), body


def visit(url, frontier):
    """Fetch a page and queue what it links to; return its status and its size in bytes."""
    head, body = yield from get(url)
    status = re.match(r"HTTP/1\.[01] (\d{3})\b", head)
    if not status:
        raise OSError("the answer is no HTTP")
    links = re.findall(r"(?im)^Location:\s*(\S+)", head)
    if re.search(r"(?im)^Content-Type:\s*text/html", head):
        links += LINK.findall(body.decode("utf-8", "replace"))
    for link in links:
        frontier.add(link, url)
    return int(status[1]), len(body)


def work(frontier, pages):
    """A task: visit one page after the other, and note the status and size of each."""
    while (url := (yield from frontier.take())) is not None:
        try:
            pages[url] = status, size = yield from visit(url, frontier)
            print(f"{status} {size:9,}  {url}", flush=True)
        except (OSError, ValueError) as error:      # ValueError: a host's name
            pages[url] = 0, 0
            print(f"failed         {url}: {error}", flush=True)
        yield from frontier.done()


def crawl(start, workers):
    """Visit everything that can be reached from `start`; return how many pages there are."""
    frontier, pages = Frontier(start), {}
    tasks = []
    for number in range(workers):
        tasks.append((yield Spawn(work(frontier, pages), name=f"worker {number}")))
    for task in tasks:
        yield Wait(task)
    sizes = [size for status, size in pages.values() if status == 200]
    dead = sum(not 200 <= status < 400 for status, _ in pages.values())
    print(f"{len(sizes)} pages, {sum(sizes):,} bytes, dead links: {dead}")
    return len(sizes)


def crawl_own_site(workers):
    """Serve a folder of pages, and crawl it, on one kernel."""
    # A name that begins with a digit cannot be imported.
    web_server = runpy.run_path(str(Path(__file__).with_name("09_web_server.py")))
    address = "127.0.0.1", 0
    with tempfile.TemporaryDirectory() as folder, socket.create_server(address) as listener:
        make_site(Path(folder))
        server = yield Spawn(web_server["serve"](listener, Path(folder).resolve()))
        good = yield crawl("http://{}:{}/".format(*listener.getsockname()), workers)
        yield Kill(server)
        return good


def make_site(folder, n=20):
    """Write `n` pages, a tree of links, and two links that do not count."""
    for number in range(1, n + 1):
        links = [f"page{child}.html" for child in (2 * number, 2 * number + 1) if child <= n]
        links += ["/", "missing.html", "http://example.com/"]
        text = "".join(f'<p><a href="{link}">{link}</a>\n' for link in links)
        name = "index.html" if number == 1 else f"page{number}.html"
        (folder / name).write_text(f"<!doctype html>\n<title>{name}</title>\n{text}")


def http_url(text):
    """The type of an argument. Raises ValueError, of which argparse makes a message."""
    parts = urlsplit(text)
    if parts.scheme != "http" or not parts.hostname or parts.port == 0:
        raise ValueError(text)
    return text


def main():
    parser = argparse.ArgumentParser(description="Visit all the pages of a site.")
    parser.add_argument("url", nargs="?", type=http_url, help="default: a site of its own")
    parser.add_argument("--workers", type=int, default=4)
    options = parser.parse_args()
    workers = max(1, options.workers)
    try:
        good = minios.run(crawl(options.url, workers) if options.url else crawl_own_site(workers))
    except KeyboardInterrupt:
        print("interrupted")
        return 130
    return 0 if good else "not one page was found"


if __name__ == "__main__":
    sys.exit(main())
