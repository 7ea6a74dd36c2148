"""A guest book in Flask, to be served by 12_wsgi_server.py or by any other WSGI server.

It knows nothing of minios, and blocks wherever that is the simplest thing to do.
"""

import time
from threading import Lock

from flask import Flask, Response, redirect, render_template_string, request

app = Flask(__name__)
entries, lock = [], Lock()      # a WSGI application is called in many threads at once

PAGE = """<!doctype html>
<title>Guest book</title>
<h1>Guest book</h1>
{% for name, text in entries %}<p><b>{{ name }}</b>: {{ text }}</p>
{% else %}<p>Nobody has written anything yet.</p>
{% endfor %}
<form method="post">
<input name="name" placeholder="name" required> <input name="text" placeholder="text" required>
<button>Sign</button>
</form>
<p>See also: <a href="/slow">a page that sleeps</a>, <a href="/stream">one that comes in pieces</a>,
<a href="/broken">one that fails</a>.</p>
"""


@app.get("/")
def show():
    with lock:
        return render_template_string(PAGE, entries=list(entries))


@app.post("/")
def sign():
    with lock:
        entries.append((request.form["name"], request.form["text"]))
        del entries[:-100]
    return redirect("/", 303)


@app.get("/slow")
def sleep():
    """Block, as a query to a database would."""
    time.sleep(min(request.args.get("seconds", 1.0, float), 60.0))
    return "Good morning!\n", {"Content-Type": "text/plain"}


@app.get("/stream")
def stream():
    """Give out one line after the other, with a pause between two."""
    lines = request.args.get("lines", 10, int)

    def count():
        for number in range(1, 1 + lines):
            yield f"line {number}\n"
            time.sleep(0.2)

    return Response(count(), mimetype="text/plain")


@app.get("/broken")
def fail():
    raise RuntimeError("this page is meant to fail")
