"""Pixels to films, films to answers: decoding, model packs, runtimes."""
