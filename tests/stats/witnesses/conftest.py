"""The scripts here write the stored reference values and need programs that the tests do not: none is collected."""

collect_ignore_glob = ["*.py"]
