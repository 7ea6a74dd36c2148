"""Code of 2008 to 2015, run unmodified on the minios kernel.

`pyos` is the operating system of "A Curious Course on Coroutines and Concurrency". Nothing is
imported until it is asked for by name.
"""
