"""One file per backbone; a new file is a new backbone."""
