"""`python -m govern`."""

from govern.cli.app import main

main()
