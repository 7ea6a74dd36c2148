"""The suite of `minios bench`: not what it measures is asserted, but that it does, and tells."""

from minios.beside import benchmarks_package

benchmarks_package()        # from here on, `minios.benchmarks` can be imported
