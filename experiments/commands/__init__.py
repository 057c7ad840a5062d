"""What does each command of `lirap` take and print? One module a group of commands; nothing heavy on import."""
