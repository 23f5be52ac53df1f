"""The command line, one file per noun; whatever is heavy is imported when a command needs it."""
