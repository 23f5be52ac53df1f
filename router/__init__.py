"""The pure core: words and decisions; standard library only, no I/O."""
