"""Crawler: three workers follow the links of a website.

The site is served by the same program. A request is a
path, the answer a page; each ends where its direction is
closed. When main ends, the tasks it leaves are shut down.
asyncio's streams read to the end by themselves.
"""

import asyncio
import socket
from asyncio import Queue

SITE = {"/": "Welcome to /news and /about",
        "/news": "It is /old by now",
        "/about": "We have /gone / are not at /home"}


async def answer(reader, writer):
    path = (await reader.read()).decode()
    page = SITE.get(path, "404, no such page")
    writer.write(page.encode())
    writer.close()


async def serve(listener):
    server = await asyncio.start_server(
        answer, sock=listener)
    async with server:
        await server.serve_forever()


async def fetch(address, path):
    reader, writer = await asyncio.open_connection(
        *address)
    writer.write(path.encode())
    writer.write_eof()
    page = (await reader.read()).decode()
    writer.close()
    return page


async def worker(address, todo, done):
    while True:
        path = await todo.get()
        page = await fetch(address, path)
        await done.put((path, page))


async def main():
    listener = socket.create_server(("127.0.0.1", 0))
    address = listener.getsockname()
    todo, done, tasks = Queue(), Queue(), []
    tasks.append(asyncio.create_task(serve(listener)))
    for _ in range(3):
        job = worker(address, todo, done)
        tasks.append(asyncio.create_task(job))
    pages, found = {}, {"/"}
    await todo.put("/")
    while len(pages) < len(found):
        path, page = await done.get()
        pages[path] = page
        links = {w for w in page.split() if w[0] == "/"}
        for link in links - found:
            found.add(link)
            await todo.put(link)
    for path in sorted(pages):
        print(f"{path:8} {pages[path]}")


if __name__ == "__main__":
    asyncio.run(main())
