"""What a report is held against from outside: its PDF's structure, and the numbers of its page."""
