"""Radiographs rendered from one open human anatomy: people, poses, beams, films, each with its truth."""
