"""Full-text search: AsyncElasticsearch, the official client, used from plain generators.

Puts the text files below a folder into an index, and then asks all questions at once, each by a
task of its own, which gives up after a while. The client's helpers for many documents, which feed
on any iterable, work just as well as its single requests.

    pip install "minios[ecosystem]"                 (elasticsearch[async])
    python examples/ecosystem/elasticsearch_search.py . "a lock" generator
    python examples/ecosystem/elasticsearch_search.py --url http://elastic:password@host:9200 ...
"""

import argparse
import sys
from pathlib import Path

import minios
from minios import gather, timeout
from minios.aio import aio

try:
    from elasticsearch import ApiError, AsyncElasticsearch, TransportError
    from elasticsearch.helpers import async_bulk
except ImportError:
    sys.exit('elasticsearch_search needs elasticsearch: pip install "minios[ecosystem]"')

INDEX = "minios-example"
KINDS = {".md", ".py", ".rst", ".txt"}
PATIENCE = 10.0     # seconds for one question
HITS = 3            # how many answers to it are shown


def documents(folder):
    """An action of the bulk API for each text file."""
    for path in sorted(each for each in folder.rglob("*") if each.suffix in KINDS):
        name = path.relative_to(folder).as_posix()
        text = path.read_text(errors="replace")
        yield {"_index": INDEX, "_id": name, "name": name, "text": text}


def search(client, words):
    """A task: the best answers to one question, and how many there are in all."""
    with timeout(PATIENCE):
        answer = yield from aio(client.search(
            index=INDEX, query={"match": {"text": words}}, size=HITS, source=["name"],
        ))
    hits = answer["hits"]
    return hits["total"]["value"], [(hit["_score"], hit["_source"]["name"]) for hit in hits["hits"]]


def main(url, folder, questions):
    client = AsyncElasticsearch(url)
    try:
        yield from aio(client.options(ignore_status=404).indices.delete(index=INDEX))
        # A document is found when the index has been refreshed: we wait for it.
        count, _ = yield from aio(async_bulk(client, documents(folder), refresh="wait_for"))
        print(f"{count} documents")
        answers = yield from gather(*(search(client, words) for words in questions))
        for words, (total, hits) in zip(questions, answers, strict=True):
            print(f"{words}: in {total}")
            for score, name in hits:
                print(f"  {score:6.2f}  {name}")
    finally:
        yield from aio(client.close())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Search the text files below a folder.")
    parser.add_argument("--url", default="http://127.0.0.1:9200")
    parser.add_argument("folder", type=Path)
    parser.add_argument("questions", nargs="+", metavar="WORDS")
    options = parser.parse_args()
    try:
        minios.run(main(options.url, options.folder, options.questions))
    except KeyboardInterrupt:
        print("interrupted")
        sys.exit(130)
    except TimeoutError:
        sys.exit("elasticsearch_search: no answer in time")
    except (ApiError, TransportError) as error:
        sys.exit(f"elasticsearch_search: {error}")
