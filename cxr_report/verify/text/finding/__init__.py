"""Plain text and grids in, statements out: a table of patterns for each family of statistics."""
