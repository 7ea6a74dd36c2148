"""A generator is a function that can pause: it stops at a `yield`, and goes on from there.

This is where everything starts. There is no kernel yet: we drive each generator by hand.

    python examples/01_generators_as_tasks.py
"""


def countdown(n):
    """Give out n, n - 1, ... 1, and pause after each."""
    while n > 0:
        yield n
        n -= 1


def grep(word):
    """Be sent lines, and print those that contain `word`."""
    print(f"  (looking for {word!r})")
    while True:
        line = yield        # pauses here, and wakes up with what was sent
        if word in line:
            print(f"  {line}")


def adder():
    """Be sent numbers until one is None; give out the sum so far, and return it at the end."""
    total = 0
    while (number := (yield total)) is not None:
        total += number
    return total


def careful():
    """Clean up, however it ends."""
    try:
        yield "working"
        yield "still working"
    finally:
        print("  (cleaned up)")


def show_next():
    print("next() runs a generator up to its next yield:")
    numbers = countdown(2)
    print(f"  {next(numbers)}")
    print(f"  {next(numbers)}")
    try:
        next(numbers)
    except StopIteration:
        print("  StopIteration: it has returned")


def show_send():
    print("send() also hands it a value, which its yield returns:")
    search = grep("python")
    next(search)            # up to the first yield: before that nobody is there to take a value
    search.send("a snake in the grass")
    search.send("a python in the grass")


def show_return():
    print("what it returns comes with the StopIteration:")
    total = adder()
    next(total)
    print(f"  so far {total.send(20)}")
    print(f"  so far {total.send(22)}")
    try:
        total.send(None)
    except StopIteration as end:
        print(f"  in the end {end.value}")


def show_throw_and_close():
    print("throw() raises an exception at its yield, close() ends it there:")
    worker = careful()
    print(f"  {next(worker)}")
    try:
        worker.throw(ValueError("not like this"))
    except ValueError as error:
        print(f"  it did not catch: {error}")
    worker = careful()
    print(f"  {next(worker)}")
    worker.close()


def show_turns():
    print("whoever calls next() decides which one goes on, so two can run side by side:")
    left, right = countdown(3), countdown(3)
    for _ in range(3):
        print(f"  left {next(left)}")
        print(f"  right {next(right)}")


def main():
    show_next()
    show_send()
    show_return()
    show_throw_and_close()
    show_turns()


if __name__ == "__main__":
    main()
