"""`make proof`: every requirement shown at work on the release binary, written to docs/proof."""
