"""A verification in; text, JSON, a page and the annotations of a continuous integration out."""
