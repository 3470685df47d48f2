"""``python -m occbench``."""

from occbench.cli.main import main

main()
