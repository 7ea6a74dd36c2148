"""A very small Elasticsearch: an index of words, by the streams of minios and h11.

It knows the few requests that elasticsearch_search.py makes, and takes them seriously: what was not
put in is not found, and nothing is found before the index is refreshed. Prints its address.

With --name NAME it says that it is the product NAME, and with --silent it never answers a search.
"""

import argparse
import json
import math
import re
from collections import Counter
from urllib.parse import parse_qs, urlsplit

import h11

import minios
from minios import start_server
from syscalls import Sleep

JSON = "application/vnd.elasticsearch+json;compatible-with="


class Index:
    """Documents; those in `fresh` cannot be found yet."""

    def __init__(self):
        self.fresh, self.documents = {}, {}

    def refresh(self):
        self.documents.update(self.fresh)
        self.fresh.clear()

    def search(self, field, words, size):
        """The documents with any of the words, the best first: tf-idf."""
        texts = {name: Counter(tokens(source[field])) for name, source in self.documents.items()}
        scores = Counter()
        for word in set(tokens(words)):
            found = {name: counts[word] for name, counts in texts.items() if counts[word]}
            for name, count in found.items():
                scores[name] += math.sqrt(count) * math.log(1 + len(texts) / len(found))
        hits = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
        return {
            "total": {"value": len(hits), "relation": "eq"},
            "max_score": hits[0][1] if hits else None,
            "hits": [{"_id": name, "_score": score, "_source": self.documents[name]}
                     for name, score in hits[:size]],
        }


def tokens(text):
    return re.findall(r"\w+", text.lower())


class Elastic:
    def __init__(self, silent):
        self.silent = silent
        self.indices = {}

    def answer(self, method, target, body):
        """A routine: the status and the object to answer with."""
        url = urlsplit(target)
        match method, url.path.strip("/").split("/"):
            case "DELETE", [name]:
                if self.indices.pop(name, None) is None:
                    return 404, error(404, "index_not_found_exception", f"no such index [{name}]")
                return 200, {"acknowledged": True}
            case "POST" | "PUT", ["_bulk"]:
                return 200, self.bulk(body, parse_qs(url.query).get("refresh"))
            case "POST", [name, "_search"]:
                if self.silent:
                    print("a question waits", flush=True)
                    yield Sleep(3600)
                if name not in self.indices:
                    return 404, error(404, "index_not_found_exception", f"no such index [{name}]")
                query = json.loads(body)
                (field, words), = query["query"]["match"].items()
                hits = self.indices[name].search(field, words, query["size"])
                return 200, {"took": 0, "timed_out": False, "hits": hits}
        return 400, error(400, "illegal_argument_exception", f"{method} {target}: not known here")

    def bulk(self, body, refresh):
        lines, items = [json.loads(line) for line in body.splitlines()], []
        for action, source in zip(lines[::2], lines[1::2], strict=True):
            where = action["index"]
            index = self.indices.setdefault(where["_index"], Index())
            index.fresh[where["_id"]] = source
            items.append({"index": where | {"status": 201, "result": "created"}})
        if refresh in (["true"], ["wait_for"]):
            for index in self.indices.values():
                index.refresh()
        return {"took": 0, "errors": False, "items": items}


def error(status, kind, reason):
    cause = {"type": kind, "reason": reason}
    return {"error": cause | {"root_cause": [cause]}, "status": status}


def connection(elastic, name, stream):
    """Answer one client, request after request."""
    http = h11.Connection(h11.SERVER)
    while (request := (yield from next_event(http, stream))) and type(request) is h11.Request:
        body = b""
        while type(data := (yield from next_event(http, stream))) is h11.Data:
            body += data.data
        status, answer = yield from elastic.answer(
            request.method.decode(), request.target.decode(), body
        )
        text = json.dumps(answer).encode()
        asked = re.search(rb"compatible-with=(\d+)", dict(request.headers).get(b"accept", b""))
        headers = [("Content-Type", JSON + asked[1].decode() if asked else "application/json"),
                   ("Content-Length", str(len(text))), ("X-Elastic-Product", name)]
        for event in (h11.Response(status_code=status, headers=headers), h11.Data(data=text),
                      h11.EndOfMessage()):
            yield from stream.write(http.send(event))
        http.start_next_cycle()


def next_event(http, stream):
    while (event := http.next_event()) is h11.NEED_DATA:
        http.receive_data((yield from stream.read(65536)))
    return event


def main(name, silent):
    elastic = Elastic(silent)
    server = yield from start_server(
        lambda stream: connection(elastic, name, stream), "127.0.0.1", 0
    )
    print("http://{}:{}".format(*server.addresses[0]), flush=True)
    yield from server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--name", default="Elasticsearch")
    parser.add_argument("--silent", action="store_true")
    options = parser.parse_args()
    minios.run(main(options.name, options.silent))
