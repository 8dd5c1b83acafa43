"""`python -m sseproxy`: the command line, where its script is not on PATH."""

from sseproxy.cli import main

if __name__ == "__main__":
    main()
