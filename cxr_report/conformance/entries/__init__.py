"""The entries of the catalogue, one module per kind of question: each gives COMPARISONS."""
