"""`python -m bot` is `helpdesk`."""

from bot.cli import main

main()
