"""`python -m minios` is the same as `minios`."""

import sys

from .cli import main

sys.exit(main())
