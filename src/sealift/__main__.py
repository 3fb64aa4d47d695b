"""`python -m sealift`."""

from sealift.cli import main

main()
