"""A small grammar of the report's English: rendered text in, claims out, each held to the Analysis.

It shares no code with the narrator: forms of sentences are written down here once more, and what they must say is
worked out from the raw fields of the Analysis.
"""
