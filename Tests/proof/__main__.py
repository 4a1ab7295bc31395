"""Runs all checks, or with arguments those of some rows, and writes docs/proof."""

import sys

from .run import main

sys.exit(main(sys.argv[1:]))
