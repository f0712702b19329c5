"""Bugs of a narrator, to be planted one at a time: the grammar must find each."""
