"""The campaign around the models: campaign file, tracking and the `lirap` command."""
