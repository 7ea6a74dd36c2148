"""Redis from plain generators: redis-py does the talking, and each task waits for its own answer.

A cache that programs share. What takes long to find out is found out once, however many tasks ask
at the same time; then it is in Redis, where every program finds it, and in the memory of each.
When it changes, a channel brings the news to all. Ann and Bob stand for two of these programs.

    pip install "minios[ecosystem]"                 (redis)
    python examples/ecosystem/redis_cache.py redis://127.0.0.1:6379
"""

import argparse
import sys

import minios.aio
from minios import TaskGroup, gather, timeout
from syscalls import Await, Sleep, Wait

try:
    from redis.asyncio import Redis
    from redis.exceptions import RedisError
except ImportError:
    sys.exit('redis_cache needs redis: pip install "minios[ecosystem]"')

KEY = "minios:weather:{}"       # what it is called in Redis
CHANNEL = "minios:news"         # where is said what has changed
SECONDS_TO_LIVE = 60


class Cache:
    """What this program remembers is a dict of tasks; one that has ended holds its answer."""

    def __init__(self, name, redis):
        self.name, self.redis, self.pubsub, self.near = name, redis, redis.pubsub(), {}

    def get(self, place):
        """The weather there: of the task that knows it, or is about to."""
        if place not in self.near:
            # Not `yield Spawn`: nobody else shall have a turn before it is written down.
            self.near[place] = minios.current_kernel().spawn(self.look_up(place))
        return (yield Wait(self.near[place]))

    def look_up(self, place):
        """A task: ask Redis, and then look for ourselves."""
        try:
            weather = yield Await(self.redis.get(KEY.format(place)))
            print(f"{self.name} asks Redis about {place}: {weather}", flush=True)
            if weather is None:
                weather = yield from look_out_of_the_window(place)
                yield Await(self.redis.set(KEY.format(place), weather, ex=SECONDS_TO_LIVE))
            return weather
        except BaseException:
            self.near.pop(place, None)      # the next one tries again
            raise

    def forget(self, *places):
        """It has changed: out of Redis with it, and tell everybody, all in one transaction."""
        pipe = self.redis.pipeline()
        for place in places:
            pipe.delete(KEY.format(place)).publish(CHANNEL, place)
        yield Await(pipe.execute())

    def subscribe(self):
        yield Await(self.pubsub.subscribe(CHANNEL))
        yield Await(self.pubsub.get_message(timeout=None))      # Redis confirms it

    def listen(self):
        """A task: forget what has changed."""
        while True:
            message = yield Await(self.pubsub.get_message(timeout=None))
            if message:
                self.near.pop(message["data"], None)


def look_out_of_the_window(place):
    yield Sleep(0.1)        # it takes as long as it takes
    return f"sunny in {place}"


def main(url):
    redis = Redis.from_url(url, decode_responses=True)
    ann, bob = Cache("Ann", redis), Cache("Bob", redis)
    try:
        with TaskGroup() as group:
            for cache in ann, bob:
                yield from cache.subscribe()
                group.spawn(cache.listen(), daemon=True)        # which ends when all else has
            yield from ann.forget("Oslo", "Paris")
            print(set((yield from gather(*[ann.get("Paris") for _ in range(1000)]))))
            print((yield from bob.get("Paris")))
            yield from ann.forget("Paris")
            while "Paris" in bob.near:
                yield Sleep(0.01)           # until the news has come
            print((yield from bob.get("Paris")))
            try:
                with timeout(0.1):
                    yield Await(redis.blpop("minios:letters", 0))       # which nobody writes
            except TimeoutError:
                print("no letter has come", flush=True)
            yield from group.join()
    finally:
        for closing in ann.pubsub, bob.pubsub, redis:
            yield Await(closing.aclose())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Keep the weather in Redis.")
    parser.add_argument("url", nargs="?", default="redis://127.0.0.1:6379")
    try:
        minios.aio.run(main(parser.parse_args().url))
    except KeyboardInterrupt:
        print("interrupted")
        sys.exit(130)
    except (OSError, RedisError, ValueError) as error:
        sys.exit(f"cannot use Redis: {error}")
