"""Files in S3: the client is aiobotocore's, made for asyncio; the tasks that use it are generators.

Backs a folder up into a bucket, and restores it from there. Only what differs is sent, several
files at a time, and each file is a task that says `yield from aio(...)` where a coroutine would
say `await`.

    pip install "minios[ecosystem]"                     (aiobotocore; moto[server] to try it with)
    moto_server -p 5000 &
    export AWS_ACCESS_KEY_ID=me AWS_SECRET_ACCESS_KEY=secret AWS_ENDPOINT_URL=http://127.0.0.1:5000
    python examples/ecosystem/s3.py backup examples my-bucket
    python examples/ecosystem/s3.py restore /tmp/examples my-bucket
"""

import argparse
import hashlib
import sys
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import minios
from minios import Semaphore, TaskGroup, to_thread
from minios.aio import aio

try:
    from aiobotocore.session import get_session
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:
    sys.exit('s3 needs aiobotocore: pip install "minios[ecosystem]"')

AT_ONCE = 5         # files that are on their way at the same time


def back_up(s3, bucket, folder):
    """Put each file below `folder` into the bucket, unless it is there already."""
    there = yield from etags_of(s3, bucket)
    places = Semaphore(AT_ONCE)
    with TaskGroup() as group:
        for path in sorted(each for each in folder.rglob("*") if each.is_file()):
            group.spawn(put(s3, bucket, path, path.relative_to(folder).as_posix(), there, places))
        yield from group.join()


def put(s3, bucket, path, key, there, places):
    """A task: put one file into the bucket."""
    with (yield from places):
        data = yield from to_thread(path.read_bytes)
        if there.get(key) != md5_of(data):
            yield from aio(s3.put_object(Bucket=bucket, Key=key, Body=data))
            print(f"{len(data):8}  {key}")


def restore(s3, bucket, folder):
    """Get each object of the bucket, unless `folder` has it already."""
    there = yield from etags_of(s3, bucket)
    places = Semaphore(AT_ONCE)
    with TaskGroup() as group:
        for key in sorted(there):
            path = (folder / key).resolve()
            if path.is_relative_to(folder.resolve()):       # a key may be "../anything"
                group.spawn(get(s3, bucket, path, key, there[key], places))
        yield from group.join()


def get(s3, bucket, path, key, etag, places):
    """A task: get one object."""
    with (yield from places):
        if path.exists() and md5_of((yield from to_thread(path.read_bytes))) == etag:
            return
        found = yield from aio(s3.get_object(Bucket=bucket, Key=key))
        data = yield from aio(found["Body"].read())
        path.parent.mkdir(parents=True, exist_ok=True)
        yield from to_thread(path.write_bytes, data)
        print(f"{len(data):8}  {key}")


def etags_of(s3, bucket):
    """What is in the bucket: the ETag of each key, an MD5 where it was put in one piece."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    listing = yield from aio(pages.build_full_result())
    return {each["Key"]: each["ETag"].strip('"') for each in listing.get("Contents", ())}


def md5_of(data):
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def main(command, folder, bucket):
    stack = AsyncExitStack()            # what `async with` would do
    s3 = yield from aio(stack.enter_async_context(get_session().create_client("s3")))
    try:
        if command == "backup":
            with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
                yield from aio(s3.create_bucket(Bucket=bucket))
            yield from back_up(s3, bucket, folder)
        else:
            yield from restore(s3, bucket, folder)
    finally:
        yield from aio(stack.aclose())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Keep a folder in a bucket of S3.")
    parser.add_argument("command", choices=["backup", "restore"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("bucket")
    try:
        minios.run(main(**vars(parser.parse_args())))
    except KeyboardInterrupt:
        print("interrupted")
        sys.exit(130)
    except (BotoCoreError, ClientError, OSError) as error:
        sys.exit(f"s3: {error}")
